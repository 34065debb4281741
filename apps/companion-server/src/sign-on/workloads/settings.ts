import { X509Certificate } from 'node:crypto'
import { Type } from '../../operations/schema.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'

/** What every token of an issuer has to be. */
type OfIssuer = {
  /** To the last character what the token says in `iss`. */
  readonly issuer: string
  readonly audience: string
  /** The issuer's public keys, as JSON, where this server cannot reach the issuer. */
  readonly jwks?: string
  /** The CA of the issuer's certificate where it is no public one, PEM. */
  readonly ca?: string
  /** A token logs in one time, by its `jti`. */
  readonly once?: boolean
}

export type JwtSettings = OfIssuer & {
  readonly kind: 'jwt'
  readonly subject?: string
  /** Claims that have just these values. */
  readonly claims?: Readonly<Record<string, string>>
}

export type KubernetesSettings = OfIssuer & {
  readonly kind: 'kubernetes'
  readonly namespace: string
  readonly serviceAccount: string
  /** The cluster that this server runs in says itself whether the token is good now. */
  readonly review?: boolean
}

export type CertificateSettings = {
  readonly kind: 'certificate'
  /** Who signs the clients' certificates, without another between, PEM. */
  readonly ca: string
  /** One of the certificate's alternative names: `URI:`, `DNS:` or `email:`, and the name. */
  readonly subject: string
}

export type RuleSettings = JwtSettings | KubernetesSettings | CertificateSettings
export type TokenSettings = JwtSettings | KubernetesSettings

const closed = { additionalProperties: false } as const
const said = Type.String({ minLength: 1, maxLength: 512 })
const pem = Type.String({ minLength: 1, maxLength: 16_384 })
const label = Type.String({ pattern: '^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$' })
const ofIssuer = {
  ...{ issuer: said, audience: said, ca: Type.Optional(pem), once: Type.Optional(Type.Boolean()) },
  jwks: Type.Optional(Type.String({ minLength: 1, maxLength: 65_536 })),
}
export const ruleSettings = Type.Unsafe<RuleSettings>(
  Type.Union([
    Type.Object(
      {
        ...{ kind: Type.Literal('jwt'), ...ofIssuer, subject: Type.Optional(said) },
        claims: Type.Optional(
          Type.Record(Type.String({ pattern: '^[A-Za-z0-9_.:/-]{1,128}$' }), said, { maxProperties: 8 }),
        ),
      },
      closed,
    ),
    Type.Object(
      {
        ...{ kind: Type.Literal('kubernetes'), ...ofIssuer, namespace: label, serviceAccount: label },
        review: Type.Optional(Type.Boolean()),
      },
      closed,
    ),
    Type.Object({ kind: Type.Literal('certificate'), ca: pem, subject: said }, closed),
  ]),
)

/** Of GitHub and GitLab: what names one repository for ever, whatever it is called by then. */
const repositoryIds = ['repository_id', 'project_id']

/** Refuses WORKLOAD-SETTINGS: what would let in more than one workload, or none. */
export function checkRule(settings: RuleSettings): Outcome<null> {
  const wrong = (what: string) => refuse('WORKLOAD-SETTINGS', what)
  if (settings.kind === 'certificate') {
    if (!isAuthority(settings.ca)) return wrong('ca is the certificate of a CA in PEM')
    return /^(?:URI|DNS|email):[!-~]+$/.test(settings.subject) && !settings.subject.includes('*')
      ? accept(null)
      : wrong('subject is URI:, DNS: or email: and one exact name')
  }
  if (blank(settings.audience)) return wrong('audience is missing: a token for anybody would log in')
  if (!isHttps(settings.issuer)) return wrong('issuer is an https address')
  if (settings.ca !== undefined && !isAuthority(settings.ca))
    return wrong('ca is the certificate of a CA in PEM')
  if (settings.jwks !== undefined && !arePublic(settings.jwks))
    return wrong('jwks is a set of public keys, as JSON: {"keys":[…]}')
  if (settings.kind === 'kubernetes')
    return settings.review && settings.jwks !== undefined
      ? wrong('jwks and review exclude each other')
      : accept(null)
  const { subject, claims = {} } = settings
  const ids = Object.keys(claims).filter((name) => repositoryIds.includes(name))
  if (subject === undefined && ids.length === 0)
    return wrong(`subject is missing, or one of ${repositoryIds.join(', ')} in claims`)
  const all = [...(subject === undefined ? [] : [subject]), ...Object.values(claims)]
  if (all.some((one) => blank(one) || /[*?]/.test(one)))
    return wrong('subject and claims are exact: no *, no ? and no blank')
  return accept(null)
}

/** What the token's subject has to be, to the last character; undefined where claims name the workload. */
export const subjectOf = (settings: TokenSettings): string | undefined =>
  settings.kind === 'kubernetes'
    ? `system:serviceaccount:${settings.namespace}:${settings.serviceAccount}`
    : settings.subject

const blank = (text: string): boolean => text.trim() === ''

function isHttps(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash, search } = new URL(text)
  return protocol === 'https:' && `${username}${password}${hash}${search}` === ''
}

/** No private and no shared key was given by mistake. */
function arePublic(text: string): boolean {
  try {
    const { keys }: { keys?: unknown } = JSON.parse(text)
    return (
      Array.isArray(keys) &&
      keys.length > 0 &&
      keys.every(
        (one) =>
          typeof one === 'object' && one !== null && !Object.hasOwn(one, 'd') && !Object.hasOwn(one, 'k'),
      )
    )
  } catch {
    return false
  }
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca
  } catch {
    return false
  }
}
