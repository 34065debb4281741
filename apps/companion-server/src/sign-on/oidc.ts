import { LRUCache } from 'lru-cache'
import * as client from 'openid-client'
import type { Egress } from '../platform/http/egress.ts'
import { accept, type Outcome, type Refusal, refuse } from '../refusal.ts'
import { shownName } from './members.ts'
import {
  type OidcSettings,
  type Protocol,
  type ProtocolParts,
  type Provider,
  provenBy,
  saysOneOf,
  seenWithin,
} from './protocol.ts'

type Checks = { readonly nonce: string; readonly verifier: string }
type OidcProvider = Provider & { readonly settings: OidcSettings }

/** Signatures by the provider's own key pair: `none` is none, and a MAC is made by whoever knows the client's secret. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

/** OpenID Connect by authorization code with PKCE, state and nonce. */
export function openOidc({ egress }: ProtocolParts): Protocol<OidcSettings> {
  const known = new LRUCache<string, client.Configuration>({ max: 100, ttl: 300_000 })

  async function configurationOf({ settings, secret }: OidcProvider): Promise<client.Configuration> {
    const { issuer, clientId, ca } = settings
    const name = JSON.stringify([settings, secret])
    const there = known.get(name)
    if (there) return there
    const customFetch = fetchBy(egress, ca)
    const authentication = secret === null ? client.None() : client.ClientSecretPost(secret)
    const options = { [client.customFetch]: customFetch, timeout: 5 }
    const found = await client.discovery(new URL(issuer), clientId, undefined, authentication, options)
    const { supportsPKCE: _, ...metadata } = found.serverMetadata()
    const usable = (metadata.id_token_signing_alg_values_supported ?? ['RS256']).filter((one) =>
      algorithms.includes(one),
    )
    const made = new client.Configuration(
      { ...metadata, id_token_signing_alg_values_supported: usable },
      clientId,
      { [client.clockTolerance]: 30 },
      authentication,
    )
    made[client.customFetch] = customFetch
    made.timeout = 5
    client.enableNonRepudiationChecks(made)
    known.set(name, made)
    return made
  }

  return {
    async check(provider) {
      try {
        const { authorization_endpoint: place } = (await configurationOf(provider)).serverMetadata()
        if (place === undefined || new URL(place).protocol !== 'https:')
          return refuse('SIGN-ON-DISCOVERY', 'the provider names no https authorization endpoint')
        return accept(null)
      } catch (error) {
        return refusedDiscovery(error)
      }
    },

    async begin(provider, { state, callback }) {
      let configuration: client.Configuration
      try {
        configuration = await configurationOf(provider)
      } catch (error) {
        return refusedDiscovery(error)
      }
      const checks: Checks = { nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() }
      const { acr, scopes } = provider.settings
      const location = client.buildAuthorizationUrl(configuration, {
        redirect_uri: callback,
        scope: ['openid', 'profile', 'email', ...(scopes ?? [])].join(' '),
        code_challenge: await client.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: 'S256',
        state,
        nonce: checks.nonce,
        // Then the ID token says when that was, too.
        max_age: String(seenWithin),
        ...(acr === undefined ? {} : { acr_values: acr.join(' ') }),
      })
      if (location.protocol !== 'https:')
        return refuse('SIGN-ON-DISCOVERY', 'the provider names no https authorization endpoint')
      return accept({ location: location.href, checks: JSON.stringify(checks) })
    },

    async finish(provider, { answer, state, callback, checks }) {
      // What was sealed here.
      const { nonce, verifier } = JSON.parse(checks) as Checks
      try {
        const configuration = await configurationOf(provider)
        const address = new URL(callback)
        address.search = answer.toString()
        const tokens = await client.authorizationCodeGrant(configuration, address, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (claims === undefined) return refuse('SIGN-ON-ANSWER', 'the provider gave no ID token')
        const { groupsClaim = 'groups', acr, amr } = provider.settings
        // Some providers put what a scope gives beside the ID token.
        const more =
          claims[groupsClaim] === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
            ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
            : {}
        const said: Record<string, unknown> = { ...more, ...claims }
        const name = shownName(said.name, said.preferred_username, said.email, claims.sub)
        const byTwo = saysOneOf(acr, [claims.acr]) && saysOneOf(amr, [claims.amr].flat())
        const seen = byTwo && typeof claims.auth_time === 'number' ? claims.auth_time * 1000 : Number.NaN
        return provenBy(claims.sub, name, { groups: said[groupsClaim], seen })
      } catch (error) {
        return refusedAnswer(error)
      }
    },
  }
}

/** What the library throws on where a call out of this server was refused. */
class CallRefused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.rule)
    this.refusal = refusal
  }
}

function fetchBy(egress: Egress, ca: string | undefined): client.CustomFetch {
  return async (url, { method, headers, body }) => {
    const sent = await egress.send({
      ...{ method: method === 'POST' ? 'POST' : 'GET', url, headers },
      ...(body === undefined || body === null ? {} : { body: Buffer.from(String(body)) }),
      ...(ca === undefined ? {} : { ca }),
    })
    if (!sent.ok) throw new CallRefused(sent)
    const { status, type, body: said } = sent.value
    if (status < 200 || status > 599) throw new CallRefused(refuse('PROVIDER-ANSWER', 'it has no status'))
    const content = [204, 205, 304].includes(status) ? null : new Uint8Array(said)
    return new Response(content, { status, headers: type === null ? {} : { 'content-type': type } })
  }
}

function refusedDiscovery(error: unknown): Outcome<never> {
  const cause = chainOf(error).find((one) => one instanceof CallRefused)
  if (cause) return refuse(cause.refusal.rule, cause.refusal.detail)
  const attribute = detailOf(error, 'attribute')
  return attribute === 'issuer'
    ? refuse('SIGN-ON-ISSUER', 'the provider’s own description names another issuer')
    : refuse('SIGN-ON-DISCOVERY', `the provider’s description cannot be used: ${codesOf(error)}`)
}

/** By name, which check it was. Nothing of what the provider sent is repeated. */
function refusedAnswer(error: unknown): { readonly ok: false } & Refusal {
  const cause = chainOf(error).find((one) => one instanceof CallRefused)
  if (cause) return refuse(cause.refusal.rule, cause.refusal.detail)
  if (error instanceof client.AuthorizationResponseError)
    return refuse('SIGN-ON-DENIED', `the provider answered ${plain(error.error)}`)
  if (error instanceof client.ResponseBodyError)
    return refuse('SIGN-ON-CODE', `the provider answered ${plain(error.error)}`)
  const said = chainOf(error)
    .map((one) => (one instanceof Error ? one.message : ''))
    .join('; ')
  const claim = detailOf(error, 'claim')
  if (claim === 'exp' || claim === 'nbf' || claim === 'iat')
    return refuse('SIGN-ON-EXPIRED', 'the ID token is over, or not yet valid')
  if (claim === 'iss' || said.includes('"iss"'))
    return refuse('SIGN-ON-ISSUER', 'the answer is another issuer’s')
  if (claim === 'aud' || claim === 'azp')
    return refuse('SIGN-ON-AUDIENCE', 'the ID token is for another client')
  if (claim === 'nonce' || said.includes('"nonce"'))
    return refuse('SIGN-ON-NONCE', 'the ID token belongs to another log-in')
  if (said.includes('"state"')) return refuse('SIGN-ON-STATE', 'the answer belongs to another log-in')
  const codes = codesOf(error)
  if (/signature|"alg"|KEY_SELECTION|UNSUPPORTED_OPERATION/.test(`${said} ${codes}`))
    return refuse('SIGN-ON-SIGNATURE', 'the ID token is not signed by a key of the provider')
  return refuse('SIGN-ON-ANSWER', `the provider’s answer cannot be used: ${codes}`)
}

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let one = error; one !== undefined && one !== null && chain.length < 8; ) {
    chain.push(one)
    one = one instanceof Error ? one.cause : undefined
  }
  return chain
}

const codesOf = (error: unknown): string =>
  chainOf(error)
    .flatMap((one) => (one instanceof Error && 'code' in one && typeof one.code === 'string' ? one.code : []))
    .map(plain)
    .join(', ') || 'no reason given'

/** What a check says of itself, in the causes of its error. */
function detailOf(error: unknown, name: 'claim' | 'attribute'): string | null {
  for (const one of chainOf(error))
    if (typeof one === 'object' && one !== null && name in one) {
      const value = Reflect.get(one, name)
      if (typeof value === 'string') return value
    }
  return null
}

const plain = (text: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(text) ? text : 'something else')
