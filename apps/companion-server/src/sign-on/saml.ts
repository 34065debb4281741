import { randomBytes } from 'node:crypto'
import type { CacheProvider, Profile, SAML } from '@node-saml/node-saml'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type Proven, shownName } from './members.ts'
import { type Protocol, type Provider, provenBy, type SamlSettings } from './protocol.ts'

type Checks = { readonly id: string; readonly at: string }
type SamlProvider = Provider & { readonly settings: SamlSettings }

const lives = 10 * 60_000
const skew = 30_000
const maxResponse = 512 * 1024
const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
/** What a shared secret signs, and what can be forged with today's machines. */
const weakSignature =
  /<(?:\w+:)?SignatureMethod\b[^>]*\bAlgorithm\s*=\s*["'][^"']*(?:sha1|md5|hmac)[^"']*["']/i
/** A digest of what is signed; that of RSA-OAEP, which is no weakness there, has no value beside it. */
const weakDigest =
  /<(?:\w+:)?DigestMethod\b[^>]*\bAlgorithm\s*=\s*["'][^"']*(?:sha1|md5)["'][^>]*>(?:\s*<\/(?:\w+:)?DigestMethod\s*>)?\s*<(?:\w+:)?DigestValue/i
const encryptionMethods = /<(?:\w+:)?EncryptionMethod\b[^>]*\bAlgorithm\s*=\s*["']([^"']*)["']/gi
const goodEncryption = /#(?:aes(?:128|192|256)-(?:gcm|cbc)|rsa-oaep(?:-mgf1p)?)$/

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
      const sound = checkForm(xml)
      if (!sound.ok) return sound
      // What was sealed here.
      const asked = JSON.parse(checks) as Checks
      const saml = await serviceOf(provider, callback, asked)
      try {
        const hidden = await checkEncrypted(xml, provider.secret ?? '')
        if (!hidden.ok) return hidden
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
export const entityIdOf = (callback: string): string => callback.replace(/\/callback$/, '/metadata')

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
    ...{ identifierFormat: null, disableRequestedAuthnContext: true, forceAuthn: true },
    ...{ acceptedClockSkewMs: skew, maxAssertionAgeMs: lives, requestIdExpirationPeriodMs: lives },
    ...{ validateInResponseTo: ValidateInResponseTo.always, cacheProvider, generateUniqueId: () => id },
  })
}

/** Before anything parses it: of the response, and of an assertion that came encrypted. */
function checkForm(xml: string): Outcome<null> {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml))
    return refuse('SIGN-ON-DOCTYPE', 'the response declares a document type')
  const strong = checkSignature(xml)
  if (!strong.ok) return strong
  for (const [, algorithm = ''] of xml.matchAll(encryptionMethods))
    if (!goodEncryption.test(algorithm))
      return refuse('SIGN-ON-ENCRYPTION', 'the assertion is encrypted by an algorithm that is not taken')
  return accept(null)
}

function checkSignature(xml: string): Outcome<null> {
  return weakSignature.test(xml) || weakDigest.test(xml)
    ? refuse('SIGN-ON-SIGNATURE', 'the signature’s algorithm is too weak')
    : accept(null)
}

/** What encryption hides from `checkForm`, looked at in the same way before the library decrypts and parses it. */
async function checkEncrypted(xml: string, key: string): Promise<Outcome<null>> {
  const { decryptXml, parseDomFromString, xpath } = await import('@node-saml/node-saml/lib/xml.js')
  const document = await parseDomFromString(xml)
  const [one, ...more] = xpath.selectElements(document, "//*[local-name()='EncryptedAssertion']")
  if (one === undefined) return accept(null)
  if (more.length > 0) return refuse('SIGN-ON-SIGNATURE', 'there is more than one assertion')
  return checkForm(await decryptXml(String(one), key))
}

type Element = { readonly $?: Readonly<Record<string, string | undefined>> }
type Confirmation = Element & { readonly SubjectConfirmationData?: readonly Element[] }
/** As xml2js gives it: each child a list. */
type Assertion = {
  readonly Subject?: readonly { readonly SubjectConfirmation?: readonly Confirmation[] }[]
  readonly AuthnStatement?: readonly Element[]
}

/** What the library leaves to its caller, looked at in the signed assertion alone. */
function provenOf(
  { entityId, groupsAttribute = 'groups' }: SamlSettings,
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
  const seen = assertion.AuthnStatement.map(({ $ }) => Date.parse($?.AuthnInstant ?? ''))
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
