import type { Approvals } from '../access/approvals.ts'
import type { Record } from '../audit/record.ts'
import type { Strangers } from '../audit/strangers.ts'
import { openPipeline, operationsOf } from '../operations/pipeline.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { Egress } from '../platform/http/egress.ts'
import type { SealingKey } from '../platform/sealed.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openSignOnLogIn } from './log-in.ts'
import { openOidc } from './oidc.ts'
import type { OidcSettings, Provider, SamlSettings } from './protocol.ts'
import { absentProvider, openProviders, providerTable } from './providers.ts'
import { openSaml, samlMetadata } from './saml.ts'
import { scimClient, scimTable } from './scim/operations.ts'
import { openWorkloadLogIn } from './workloads/log-in.ts'
import { workloadTable } from './workloads/rules.ts'
import { ownPod } from './workloads/token-review.ts'

type Parts = {
  readonly database: SealedDatabase
  readonly record: Record
  readonly strangers: Strangers
  readonly approvals: Approvals
  readonly key: SealingKey
  readonly egress: Egress
  readonly origin: string | null
  now(): Date
}

export type SignOn = ReturnType<typeof openSignOn>

/** Single sign-on: identity providers, and log-in by them. */
export function openSignOn({ egress, ...parts }: Parts) {
  const oidc = openOidc({ egress })
  const saml = openSaml()
  const providers = openProviders(parts)
  const table = providerTable({
    ...parts,
    check: (provider) => (isSaml(provider) ? saml.check(provider) : oidc.check(asOidc(provider))),
  })
  const logIn = openSignOnLogIn({
    ...parts,
    providers,
    begin: (provider, asked) =>
      isSaml(provider) ? saml.begin(provider, asked) : oidc.begin(asOidc(provider), asked),
    finish: (provider, brought) =>
      isSaml(provider) ? saml.finish(provider, brought) : oidc.finish(asOidc(provider), brought),
  })
  const workloads = openWorkloadLogIn({ ...parts, egress, pod: ownPod() })
  const rules = workloadTable({ ...parts, checkKeys: workloads.checkKeys })

  return {
    ...operationsOf({ ...table, ...scimTable(parts), ...rules }, openPipeline(parts)),
    ...logIn,
    logInWorkload: workloads.logInWorkload,
    scimClient: (token: string) => scimClient(parts.database, token),

    /** For a provider, by whom it is asked for: how this server describes itself. */
    async samlMetadata(name: string): Promise<Outcome<string>> {
      const row = await providers.providerOf(name)
      const callback = logIn.callbackOf(name)
      if (callback === null) return refuse('SIGN-ON-ORIGIN', 'PUBLIC_URL is not set')
      if (row === 'absent') return absentProvider()
      const provider = await providers.opened(row)
      return isSaml(provider) ? accept(await samlMetadata(provider, callback)) : absentProvider()
    },
  }
}

const isSaml = (provider: Provider): provider is Provider & { readonly settings: SamlSettings } =>
  provider.settings.kind === 'saml'

/** What is not the one kind is the other. */
const asOidc = (provider: Provider) => provider as Provider & { readonly settings: OidcSettings }
