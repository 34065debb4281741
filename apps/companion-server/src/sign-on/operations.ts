import type { Record } from '../audit/record.ts'
import type { Strangers } from '../audit/strangers.ts'
import type { Database } from '../platform/database/open.ts'
import type { Egress } from '../platform/http/egress.ts'
import { openSignOnLogIn } from './log-in.ts'
import { openOidc } from './oidc.ts'
import { openProviderOperations } from './providers.ts'
import type { SignOnKey } from './sealed.ts'

type Parts = {
  readonly database: Database
  readonly record: Record
  readonly strangers: Strangers
  readonly key: SignOnKey
  readonly egress: Egress
  readonly origin: string | null
  now(): Date
}

export type SignOn = ReturnType<typeof openSignOn>

/** Single sign-on: identity providers, and log-in by them. */
export function openSignOn({ egress, ...parts }: Parts) {
  const { check, begin, finish } = openOidc({ egress })
  const providers = openProviderOperations({ ...parts, check })
  return { ...providers, ...openSignOnLogIn({ ...parts, providers, begin, finish }) }
}
