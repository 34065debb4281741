import type { Egress } from '../platform/http/egress.ts'
import { type Outcome, refuse } from '../refusal.ts'
import type { Proven } from './members.ts'

export type OidcSettings = {
  readonly kind: 'oidc'
  readonly issuer: string
  readonly clientId: string
  /** The claim that lists groups; else `groups`. */
  readonly groupsClaim?: string
  /** Asked for besides openid, profile and email. */
  readonly scopes?: readonly string[]
  /** Of the ID token: what the provider says there of a log-in by two factors. Absent: any log-in is taken for one. */
  readonly acr?: readonly string[]
  readonly amr?: readonly string[]
  /** The CA of the provider's certificate where it is no public one, PEM. */
  readonly ca?: string
}

export type SamlSettings = {
  readonly kind: 'saml'
  /** The provider's name for itself, and where the browser is sent to. */
  readonly entityId: string
  readonly entryPoint: string
  /** What it signs with, PEM: two while it changes its key. */
  readonly certificates: readonly string[]
  /** The attribute that lists groups; else `groups`. */
  readonly groupsAttribute?: string
  /** The AuthnContextClassRef of a log-in by two factors. Absent: any log-in is taken for one. */
  readonly acr?: readonly string[]
  /** This server's own towards the provider, made here. */
  readonly certificate: string
}

export type Settings = OidcSettings | SamlSettings

/** What may be taken away from a provider again. */
export const optionalSettings = ['groupsClaim', 'groupsAttribute', 'scopes', 'acr', 'amr', 'ca']

export type NewSettings = OidcSettings | Omit<SamlSettings, 'certificate'>

/** What stays is who the provider is, since its subjects are people here; null takes away what need not be. */
export type ChangedSettings = Partial<Pick<SamlSettings, 'entryPoint' | 'certificates'>> & {
  readonly [name in 'groupsClaim' | 'scopes' | 'amr' | 'ca']?: OidcSettings[name] | null
} & {
  readonly [name in 'groupsAttribute' | 'acr']?: SamlSettings[name] | null
}

export type Provider = { readonly id: string; readonly settings: Settings; readonly secret: string | null }

/** What a browser brings back: the parameters of its address, or of the form that it posts. */
export type Answer = URLSearchParams

/** One log-in by one provider: where to send the browser, and what is made of what it brings back. */
export type Protocol<S extends Settings> = {
  /** That it can be used at all. */
  check(provider: Provider & { readonly settings: S }): Promise<Outcome<null>>
  /** `checks` is what `finish` needs, and nobody else may see. */
  begin(
    provider: Provider & { readonly settings: S },
    asked: { readonly state: string; readonly callback: string },
  ): Promise<Outcome<{ readonly location: string; readonly checks: string }>>
  finish(
    provider: Provider & { readonly settings: S },
    brought: {
      readonly answer: Answer
      readonly state: string
      readonly callback: string
      readonly checks: string
    },
  ): Promise<Outcome<Proven>>
}

export type ProtocolParts = { readonly egress: Egress }

const maxGroups = 1000

/** One of what is wanted was said; where nothing is wanted, that is so. */
export const saysOneOf = (wanted: readonly string[] | undefined, said: readonly unknown[]): boolean =>
  wanted === undefined || said.some((one) => wanted.some((other) => other === one))

/** How long ago a provider may have seen the person, in seconds: it is asked to look again. */
export const seenWithin = 600

/** Refuses SIGN-ON-CLAIM a subject or groups of another form than a provider's. `seen`: milliseconds, of a time that is no number none. */
export function provenBy(
  subject: unknown,
  name: string,
  { groups, seen }: { readonly groups: unknown; readonly seen: number },
): Outcome<Proven> {
  if (typeof subject !== 'string' || subject.length === 0 || subject.length > 512)
    return refuse('SIGN-ON-CLAIM', 'the subject is no text of 1 to 512 characters')
  const all = groups === undefined || groups === null ? [] : Array.isArray(groups) ? groups : [groups]
  if (all.length > maxGroups || !all.every((one) => typeof one === 'string' && one.length <= 256))
    return refuse('SIGN-ON-CLAIM', `groups are at most ${maxGroups} texts of at most 256 characters`)
  // A clock that is ahead proves nobody for longer.
  const at = Math.min(seen, Date.now())
  const provedAt = Number.isFinite(seen) && seen > 0 ? new Date(at) : null
  return { ok: true, value: { subject, name, groups: all, provedAt } }
}
