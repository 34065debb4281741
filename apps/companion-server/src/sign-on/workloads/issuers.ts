import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { LRUCache } from 'lru-cache'
import type { Egress } from '../../platform/http/egress.ts'
import { accept, type Outcome, type Refusal, refuse } from '../../refusal.ts'
import { subjectOf, type TokenSettings } from './settings.ts'

/** Who a workload proved to be. `until`: when what it showed is over. */
export type Workload = {
  readonly issuer: string
  readonly subject: string
  readonly until: Date
  /** Of a token that logs in one time. */
  readonly jti: string | null
}

/** Key pairs alone: `none` is none, and a MAC is made by whoever checks it. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
/** Seconds that clocks may differ by. */
const skew = 30

class CallRefused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.rule)
    this.refusal = refusal
  }
}

export type Issuers = ReturnType<typeof openIssuers>

/** Tokens of issuers, by their keys. Keys are kept ten minutes; one that is not among them is looked for at most each half minute. */
export function openIssuers({ egress }: { readonly egress: Egress }) {
  const known = new LRUCache<string, Promise<JWTVerifyGetKey>>({ max: 200, ttl: 3_600_000 })

  async function keysOf({ issuer, jwks, ca }: TokenSettings): Promise<JWTVerifyGetKey> {
    // What a person gave was checked when it was given.
    if (jwks !== undefined) return createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet)
    const name = JSON.stringify([issuer, ca])
    const there = known.get(name)
    if (there) return there
    const made = remote(issuer, ca)
    known.set(name, made)
    made.catch(() => known.delete(name))
    return made
  }

  async function remote(issuer: string, ca: string | undefined): Promise<JWTVerifyGetKey> {
    const said = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, ca)
    const description: { issuer?: unknown; jwks_uri?: unknown } = JSON.parse(said.toString())
    if (description.issuer !== issuer)
      throw new CallRefused(refuse('WORKLOAD-ISSUER', 'the issuer’s own description names another issuer'))
    if (typeof description.jwks_uri !== 'string' || !URL.canParse(description.jwks_uri))
      throw new CallRefused(refuse('WORKLOAD-KEYS', 'the issuer’s description names no jwks_uri'))
    return createRemoteJWKSet(new URL(description.jwks_uri), {
      [customFetch]: async (url) => new Response(new Uint8Array(await get(url, ca))),
    })
  }

  async function get(url: string, ca: string | undefined): Promise<Buffer> {
    const headers = { accept: 'application/json' }
    const sent = await egress.send({ method: 'GET', url, headers, ...(ca === undefined ? {} : { ca }) })
    if (!sent.ok) throw new CallRefused(refuse('WORKLOAD-KEYS', `${sent.rule}: ${sent.detail}`))
    if (sent.value.status !== 200)
      throw new CallRefused(refuse('WORKLOAD-KEYS', `the issuer answered ${sent.value.status}`))
    return sent.value.body
  }

  return {
    /** That its keys can be had. Refuses WORKLOAD-KEYS, WORKLOAD-ISSUER. */
    async check(settings: TokenSettings): Promise<Outcome<null>> {
      try {
        const keys = await keysOf(settings)
        // A remote set is asked for when a token is there.
        if ('reload' in keys && typeof keys.reload === 'function') await keys.reload()
        return accept(null)
      } catch (error) {
        return refusedKeys(error)
      }
    },

    /** Refuses WORKLOAD-ISSUER, -AUDIENCE, -SUBJECT, -TIME, -SIGNATURE, -TOKEN, -KEYS. Nothing of the token is repeated. */
    async prove(settings: TokenSettings, token: string): Promise<Outcome<Workload>> {
      try {
        const { payload } = await jwtVerify(token, await keysOf(settings), {
          ...{ algorithms, issuer: settings.issuer, audience: settings.audience, clockTolerance: skew },
          requiredClaims: ['iss', 'aud', 'sub', 'exp'],
        })
        return fitting(settings, payload)
      } catch (error) {
        return refusedToken(error)
      }
    },
  }
}

/** What a token says that somebody else has checked. */
export function saidBy(settings: TokenSettings, token: string): Outcome<Workload> {
  try {
    const payload = decodeJwt(token)
    return payload.iss === settings.issuer
      ? fitting(settings, payload)
      : refuse('WORKLOAD-ISSUER', 'iss is another issuer’s')
  } catch (error) {
    return refusedToken(error)
  }
}

function fitting(settings: TokenSettings, payload: JWTPayload): Outcome<Workload> {
  const { sub, exp = 0, jti } = payload
  if (typeof sub !== 'string' || !/^[ -~]{1,512}$/.test(sub))
    return refuse('WORKLOAD-SUBJECT', 'sub is no text of 1 to 512 usual characters')
  const subject = subjectOf(settings)
  if (subject !== undefined && subject !== sub) return refuse('WORKLOAD-SUBJECT', 'sub is another workload’s')
  const claims = settings.kind === 'jwt' ? (settings.claims ?? {}) : {}
  // A number is as good as its digits: GitLab writes ids as either.
  const other = Object.entries(claims).find(
    ([name, value]) =>
      !Object.hasOwn(payload, name) ||
      !['string', 'number'].includes(typeof payload[name]) ||
      String(payload[name]) !== value,
  )
  if (other) return refuse('WORKLOAD-SUBJECT', `${other[0]} has another value`)
  if (settings.once && (typeof jti !== 'string' || jti === '' || jti.length > 256))
    return refuse('WORKLOAD-TOKEN', 'jti: this rule takes each token one time, and it has none')
  const until = new Date(exp * 1000)
  if (Number.isNaN(until.getTime())) return refuse('WORKLOAD-TIME', 'exp is no time')
  return accept({
    ...{ issuer: settings.issuer, subject: sub, until },
    jti: settings.once ? String(jti) : null,
  })
}

function refusedKeys(error: unknown): Outcome<never> {
  if (error instanceof CallRefused) return refuse(error.refusal.rule, error.refusal.detail)
  return refuse('WORKLOAD-KEYS', 'what came is no set of keys (JWKS)')
}

function refusedToken(error: unknown): Outcome<never> {
  if (error instanceof CallRefused) return refusedKeys(error)
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    const { claim } = error
    if (claim === 'iss') return refuse('WORKLOAD-ISSUER', 'iss is another issuer’s')
    if (claim === 'aud') return refuse('WORKLOAD-AUDIENCE', 'aud is for somebody else')
    if (claim === 'exp' || claim === 'nbf' || claim === 'iat')
      return refuse('WORKLOAD-TIME', `${claim}: it is over, not yet valid, or missing`)
    return refuse('WORKLOAD-TOKEN', 'a claim is missing or malformed')
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
    return refuse('WORKLOAD-SIGNATURE', 'it is not signed by a key of the issuer, as this server takes it')
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid)
    return refuse('WORKLOAD-TOKEN', 'it is no signed token (JWS, compact)')
  return refusedKeys(error)
}
