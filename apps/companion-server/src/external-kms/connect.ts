import type { Egress } from '../platform/http/egress.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { aws } from './aws.ts'
import { azure } from './azure.ts'
import { gcp } from './gcp.ts'
import type { Fields, Given, Provider, ProviderKind, ProviderName } from './provider.ts'
import { vault } from './vault.ts'

export type ProviderSettings = {
  readonly provider: ProviderName
  readonly settings: Given
  readonly credentials: Given
}

export const kinds: { readonly [name in ProviderName]: ProviderKind } = { aws, vault, gcp, azure }

/** Refuses PROVIDER-SETTINGS, naming the field and never what it holds. */
export function connectProvider(
  egress: Egress,
  { provider, settings, credentials }: ProviderSettings,
  now: () => Date,
): Outcome<Provider> {
  const kind = kinds[provider]
  for (const [where, fields, given] of [
    ['settings', kind.settings, settings],
    ['credentials', kind.credentials, credentials],
  ] as const) {
    const wrong = misfitOf(fields, given)
    if (wrong !== null) return refuse('PROVIDER-SETTINGS', `${where}: ${wrong}`)
  }
  return accept(kind.open(egress, settings, credentials, now))
}

function misfitOf(fields: Fields, given: Given): string | null {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name))
  if (unknown !== undefined) return `expected ${Object.keys(fields).join(', ')}`
  for (const [name, { shape, optional }] of Object.entries(fields)) {
    const text = given[name]
    if (text === undefined && optional) continue
    if (text === undefined || !shape.test(text)) return `${name} is missing or has not its form`
  }
  return null
}
