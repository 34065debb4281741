import { randomBytes } from 'node:crypto'
import type { CacheProvider, Profile, SAML } from '@node-saml/node-saml'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type Proven, shownName } from './members.ts'
import { type Protocol, type Provider, provenBy, type SamlSettings, saysOneOf } from './protocol.ts'

type Checks = { readonly id: string; readonly at: string }
type SamlProvider = Provider & { readonly settings: SamlSettings }

const lives = 10 * 60_000
const skew = 30_000
const maxResponse = 512 * 1024
const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
type Rule = { readonly elements: string; readonly taken: RegExp; readonly refusal: Outcome<never> }
const tooWeak = refuse('SIGN-ON-SIGNATURE', 'the signature’s algorithm is too weak')
/** What is taken, of each element that names an algorithm; the digest of RSA-OAEP may be any, which is no weakness there. */
const algorithms: readonly Rule[] = [
  {
    elements: "//*[local-name()='SignatureMethod']",
    taken:
      /^http:\/\/www\.w3\.org\/(?:2001\/04\/xmldsig-more#rsa-sha(?:256|384|512)|2007\/05\/xmldsig-more#sha(?:256|384|512)-rsa-MGF1)$/,
    refusal: tooWeak,
  },
  {
    elements: "//*[local-name()='Reference']/*[local-name()='DigestMethod']",
    taken: /^http:\/\/www\.w3\.org\/2001\/04\/(?:xmlenc#sha(?:256|512)|xmldsig-more#sha384)$/,
    refusal: tooWeak,
  },
  {
    elements: "//*[local-name()='EncryptionMethod']",
    taken:
      /^http:\/\/www\.w3\.org\/(?:2001\/04\/xmlenc#(?:aes(?:128|192|256)-cbc|rsa-oaep-mgf1p)|2009\/xmlenc11#(?:aes(?:128|192|256)-gcm|rsa-oaep))$/,
    refusal: refuse('SIGN-ON-ENCRYPTION', 'the assertion is encrypted by an algorithm that is not taken'),
  },
]

/** SAML 2.0: a signed request by redirect, and a form that the browser posts back. Nothing that was not asked for is taken. */
export function openSaml(): Protocol<SamlSettings> {
  return {
    check: async () => accept(null),

    async begin(provider, { state, callback }) {
      const checks: Checks = { id: `_${randomBytes(20).toString('hex')}`, at: new Date().toISOString() }
      const saml = await serviceOf(provider, callback, checks)
      const location = await saml.getAuthorizeUrlAsync(state, undefined, {})
      return accept({ location, checks: JSON.stringify(checks) })
    },

    async finish(provider, { answer, callback, checks }) {
      const coded = answer.get('SAMLResponse') ?? ''
      if (coded.length > maxResponse) return refuse('SIGN-ON-ANSWER', 'the response is too long')
      const xml = Buffer.from(coded, 'base64').toString('utf8')
      // What was sealed here.
      const asked = JSON.parse(checks) as Checks
      const saml = await serviceOf(provider, callback, asked)
      try {
        const sound = await checkWhole(xml, provider.secret ?? '')
        if (!sound.ok) return sound
        const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: coded })
        if (profile === null) return refuse('SIGN-ON-ANSWER', 'the response proves nobody')
        return provenOf(provider.settings, callback, asked, profile)
      } catch (error) {
        return refusedResponse(error)
      }
    },
  }
}

/** How this server describes itself to a provider. */
export async function samlMetadata(provider: SamlProvider, callback: string): Promise<string> {
  const saml = await serviceOf(provider, callback, { id: '_', at: '' })
  const { certificate } = provider.settings
  return saml.generateServiceProviderMetadata(certificate, certificate)
}

/** Its name towards a provider: the address of its description. */
const entityIdOf = (callback: string): string => callback.replace(/\/callback$/, '/metadata')

async function serviceOf(
  { settings, secret }: SamlProvider,
  callback: string,
  { id, at }: Checks,
): Promise<SAML> {
  // Loaded where it is used: few servers do.
  const { SAML: Service, ValidateInResponseTo } = await import('@node-saml/node-saml')
  const cacheProvider: CacheProvider = {
    saveAsync: async () => null,
    getAsync: async (key) => (key === id ? at : null),
    // The attempt itself is good once.
    removeAsync: async () => null,
  }
  return new Service({
    ...{ entryPoint: settings.entryPoint, issuer: entityIdOf(callback), callbackUrl: callback },
    ...{ idpCert: [...settings.certificates], audience: entityIdOf(callback) },
    ...{ privateKey: secret ?? '', publicCert: settings.certificate, decryptionPvk: secret ?? '' },
    ...{ signatureAlgorithm: 'sha256', digestAlgorithm: 'sha256' },
    ...{ wantAssertionsSigned: true, wantAuthnResponseSigned: false },
    ...{ identifierFormat: null, forceAuthn: true, disableRequestedAuthnContext: settings.acr === undefined },
    ...(settings.acr === undefined ? {} : { authnContext: [...settings.acr] }),
    ...{ acceptedClockSkewMs: skew, maxAssertionAgeMs: lives, requestIdExpirationPeriodMs: lives },
    ...{ validateInResponseTo: ValidateInResponseTo.always, cacheProvider, generateUniqueId: () => id },
  })
}

/** What encryption hides is looked at too, before the library decrypts it in its turn. */
async function checkWhole(xml: string, key: string): Promise<Outcome<null>> {
  const outer = await checkForm(xml)
  if (!outer.ok) return outer
  const [one, ...more] = outer.value
  if (one === undefined) return accept(null)
  if (more.length > 0) return refuse('SIGN-ON-SIGNATURE', 'there is more than one assertion')
  const { decryptXml } = await import('@node-saml/node-saml/lib/xml.js')
  const inner = await checkForm(await decryptXml(one, key))
  return inner.ok ? accept(null) : inner
}

/** Before the library reads it: no document type, before anything parses it, and no weak algorithm. Gives its encrypted assertions. */
async function checkForm(xml: string): Promise<Outcome<readonly string[]>> {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml))
    return refuse('SIGN-ON-DOCTYPE', 'the response declares a document type')
  const { parseDomFromString, xpath } = await import('@node-saml/node-saml/lib/xml.js')
  const document = await parseDomFromString(xml)
  for (const { elements, taken, refusal } of algorithms)
    for (const one of xpath.selectElements(document, elements))
      if (!taken.test(one.getAttribute('Algorithm') ?? '')) return refusal
  return accept(xpath.selectElements(document, "//*[local-name()='EncryptedAssertion']").map(String))
}

type Element = { readonly $?: Readonly<Record<string, string | undefined>> }
type Statement = Element & {
  readonly AuthnContext?: readonly { readonly AuthnContextClassRef?: readonly { readonly _?: string }[] }[]
}
type Confirmation = Element & { readonly SubjectConfirmationData?: readonly Element[] }
/** As xml2js gives it: each child a list. */
type Assertion = {
  readonly Subject?: readonly { readonly SubjectConfirmation?: readonly Confirmation[] }[]
  readonly AuthnStatement?: readonly Statement[]
}

/** What the library leaves to its caller, looked at in the signed assertion alone. */
function provenOf(
  { entityId, groupsAttribute = 'groups', acr }: SamlSettings,
  callback: string,
  { id }: Checks,
  profile: Profile,
): Outcome<Proven> {
  // The library's own reading of the signed bytes.
  const assertion = (profile.getAssertion?.().Assertion ?? {}) as Assertion
  const confirmations = assertion.Subject?.[0]?.SubjectConfirmation ?? []
  if (profile.issuer !== entityId) return refuse('SIGN-ON-ISSUER', 'the assertion is another issuer’s')
  const bearer = confirmations.filter(({ $ }) => $?.Method === 'urn:oasis:names:tc:SAML:2.0:cm:bearer')
  const said = bearer.map(({ SubjectConfirmationData: data }) => data?.[0]?.$ ?? {})
  const here = said.filter(({ Recipient }) => Recipient === callback)
  if (here.length === 0) return refuse('SIGN-ON-RECIPIENT', 'the assertion is for another place than this')
  if (!here.some(({ InResponseTo, NotOnOrAfter }) => InResponseTo === id && NotOnOrAfter !== undefined))
    return refuse('SIGN-ON-STATE', 'the assertion belongs to another log-in, or never ends')
  if (assertion.AuthnStatement === undefined)
    return refuse('SIGN-ON-ANSWER', 'the assertion does not say that anybody logged in')
  if (profile.nameIDFormat === transient)
    return refuse('SIGN-ON-CLAIM', 'a transient name is another one at each log-in')
  // By the names that the provider gave them.
  const attributes = (profile.attributes ?? {}) as Readonly<Record<string, unknown>>
  const name = shownName(
    attributes.displayName,
    attributes.name,
    attributes['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name'],
    profile.email,
    profile.nameID,
  )
  const seen = assertion.AuthnStatement.map(({ $, AuthnContext: how }) =>
    saysOneOf(acr, [how?.[0]?.AuthnContextClassRef?.[0]?._?.trim()])
      ? Date.parse($?.AuthnInstant ?? '')
      : Number.NaN,
  )
  return provenBy(profile.nameID, name, { groups: attributes[groupsAttribute], seen: Math.min(...seen) })
}

/** By name, which check it was. Nothing of what the provider sent is repeated. */
function refusedResponse(error: unknown): Outcome<never> {
  const said = error instanceof Error ? error.message : ''
  if (/InResponseTo/i.test(said)) return refuse('SIGN-ON-STATE', 'the response belongs to another log-in')
  if (/audience/i.test(said)) return refuse('SIGN-ON-AUDIENCE', 'the assertion is for another service')
  if (/expired|not yet valid|subject confirmation/i.test(said))
    return refuse('SIGN-ON-EXPIRED', 'the assertion is over, or not yet valid')
  if (/signature|signed/i.test(said))
    return refuse('SIGN-ON-SIGNATURE', 'the assertion is not signed by a key of the provider')
  if (/provider returned/i.test(said)) return refuse('SIGN-ON-DENIED', 'the provider answered with a refusal')
  return refuse('SIGN-ON-ANSWER', 'the response is malformed, or cannot be decrypted')
}
