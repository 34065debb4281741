import { createHash, X509Certificate } from 'node:crypto'
import { DerError, derNumber, derSequence, derTag, derValue, derValues, oidOf } from './der.ts'

/** Expected refusal of an attestation: the rule is a translation key. */
export type AttestationRefusal = {
  readonly ok: false
  readonly rule: AttestationRule
  readonly detail: string
}

const attestationRules = [
  'ATTESTATION-FORMAT',
  'ATTESTATION-CHAIN',
  'ATTESTATION-ROOT',
  'ATTESTATION-ALGORITHM',
  'ATTESTATION-TIME',
  'ATTESTATION-PROFILE',
  'ATTESTATION-KEY',
  'ATTESTATION-DEVICE',
  'ATTESTATION-EXPORTABLE',
  'ATTESTATION-ORIGIN',
] as const

type AttestationRule = (typeof attestationRules)[number]

export const refuse = (rule: AttestationRule, detail: string): AttestationRefusal => ({
  ok: false,
  rule,
  detail,
})

export type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array }

export type Certificate = {
  readonly x509: X509Certificate
  readonly der: Uint8Array
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  readonly spki: Uint8Array
  readonly algorithm: string
  readonly extensions: readonly Extension[]
}

const maxCertificateBytes = 16_384
export const maxChain = 8
const maxTextBytes = maxChain * maxCertificateBytes * 2

/** Certificate, tbsCertificate and extensions of RFC 5280 section 4.1; the same extension twice is refused. */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > maxCertificateBytes) throw new DerError(`a certificate of ${der.length} bytes`)
  const parts = derSequence(der)
  const [tbs, algorithm, signature] = parts
  if (tbs === undefined || algorithm === undefined || signature === undefined || parts.length !== 3)
    throw new DerError('a certificate has three parts')
  const fields = derValues(derValue(tbs.whole, derTag.sequence).content)
  const list = fields.find(({ tag }) => tag === 0xa3)
  const extensions = list === undefined ? [] : derSequence(list.content).map(readExtension)
  if (new Set(extensions.map(({ oid }) => oid)).size !== extensions.length)
    throw new DerError('an extension stands twice')
  const [oid] = derSequence(algorithm.whole)
  const x509 = new X509Certificate(der)
  const spki = x509.publicKey.export({ type: 'spki', format: 'der' })
  return {
    x509,
    der,
    fingerprint: createHash('sha256').update(der).digest('hex'),
    spki: new Uint8Array(spki),
    algorithm: oid === undefined ? '' : oidOf(oid.content),
    extensions,
  }
}

function readExtension({ whole }: { whole: Uint8Array }): Extension {
  const parts = derSequence(whole)
  const [oid, second, third] = parts
  const value = third ?? second
  if (oid?.tag !== derTag.oid || value?.tag !== derTag.octetString || parts.length > 3)
    throw new DerError('an extension’s shape')
  if (third !== undefined && (second?.tag !== derTag.boolean || second.content[0] !== 0xff))
    throw new DerError('an extension’s critical flag')
  return { oid: oidOf(oid.content), critical: third !== undefined, value: value.content }
}

/** PEM of one to eight certificates, or DER of one. Throws DerError. */
export function readCertificates(bytes: Uint8Array): Certificate[] {
  if (bytes.length > maxTextBytes) throw new DerError(`a file of ${bytes.length} bytes`)
  if (bytes[0] === derTag.sequence) return [readCertificate(bytes)]
  const text = Buffer.from(bytes).toString('latin1')
  const blocks = [
    ...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g),
  ]
  if (blocks.length === 0 || blocks.length > maxChain)
    throw new DerError(`${blocks.length} certificates, 1 to ${maxChain} were expected`)
  return blocks.map(([, base64 = '']) => readCertificate(new Uint8Array(Buffer.from(base64, 'base64'))))
}

/** Signature algorithms with SHA-256 or better. The root's own signature is not checked, because its bytes are known. */
const algorithms: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
])

const basicConstraints = '2.5.29.19'
const keyUsage = '2.5.29.15'

/** Whether a certificate is a CA with room for `below` certificates. Luna's roots have no constraints, only keyCertSign. */
function mayIssue({ extensions }: Certificate, below: number): boolean {
  const usage = extensions.find(({ oid }) => oid === keyUsage)
  const signs = usage === undefined ? null : (derValue(usage.value, derTag.bitString).content[1] ?? 0) & 0x04
  if (signs === 0) return false
  const constraints = extensions.find(({ oid }) => oid === basicConstraints)
  if (constraints === undefined) return signs !== null
  const [ca, path] = derSequence(constraints.value)
  if (ca?.tag !== derTag.boolean || ca.content[0] !== 0xff) return false
  return path === undefined || derNumber(path.whole) >= below
}

/**
 * Verifies a chain, leaf first, each issued by the next, the last by a root or one itself. Roots come from the policy and are compared byte
 * by byte. `time` must lie in every certificate's life but the root's.
 */
export function verifyChain(
  chain: readonly Certificate[],
  roots: readonly Certificate[],
  time: Date,
): { readonly ok: true; readonly path: readonly Certificate[] } | AttestationRefusal {
  const trusted = new Set(roots.map(({ fingerprint }) => fingerprint))
  const last = chain.at(-1)
  if (last === undefined) return refuse('ATTESTATION-CHAIN', 'no certificate')
  const own = trusted.has(last.fingerprint)
  const root = own ? last : roots.find(({ x509 }) => last.x509.checkIssued(x509))
  if (root === undefined) return refuse('ATTESTATION-ROOT', `${last.x509.issuer} is no root of the policy`)
  const path = own ? [...chain] : [...chain, root]
  if (path.length < 2) return refuse('ATTESTATION-CHAIN', 'a root alone attests nothing')
  for (const [i, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[i + 1]
    const name = certificate.x509.subject
    if (issuer === undefined) return refuse('ATTESTATION-CHAIN', `${name} has no issuer`)
    if (trusted.has(certificate.fingerprint)) return refuse('ATTESTATION-CHAIN', 'a root in the middle')
    if (!algorithms.has(certificate.algorithm))
      return refuse('ATTESTATION-ALGORITHM', `${name} is signed by ${certificate.algorithm}`)
    if (!certificate.x509.checkIssued(issuer.x509) || !certificate.x509.verify(issuer.x509.publicKey))
      return refuse('ATTESTATION-CHAIN', `${name} was not signed by ${issuer.x509.subject}`)
    if (!mayIssue(issuer, i)) return refuse('ATTESTATION-CHAIN', `${issuer.x509.subject} may not issue this`)
    const [from, to] = [certificate.x509.validFromDate, certificate.x509.validToDate]
    // An invalid date fails both comparisons below, and would pass.
    if ([time, from, to].some((date) => Number.isNaN(date.getTime())))
      return refuse('ATTESTATION-TIME', `${name} has dates, or is checked at a time, that cannot be read`)
    if (time < from || time > to)
      return refuse('ATTESTATION-TIME', `${name} is not valid at ${time.toISOString()}`)
  }
  const weak = path.find((one) => !isStrong(one))
  if (weak !== undefined)
    return refuse('ATTESTATION-ALGORITHM', `${weak.x509.subject} is no RSA of 2048 bits or P-256 or P-384`)
  return { ok: true, path }
}

/** Whether a key is RSA of at least 2048 bits, P-256 or P-384. That includes the leaf's key, since a verifier may know no other kinds. */
function isStrong({ x509: { publicKey } }: Certificate): boolean {
  const { modulusLength = 0, namedCurve = '' } = publicKey.asymmetricKeyDetails ?? {}
  return publicKey.asymmetricKeyType === 'rsa' ? modulusLength >= 2048 : strongCurves.has(namedCurve)
}

const strongCurves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1'])

/** Turns malformed input into a refusal. Any other error is a fault of ours and is thrown. */
export function reading<T>(work: () => T): T | AttestationRefusal {
  try {
    return work()
  } catch (error) {
    if (error instanceof DerError) return refuse('ATTESTATION-FORMAT', error.message)
    // OpenSSL's own refusal of a certificate or key.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL'))
      return refuse('ATTESTATION-FORMAT', error.message)
    throw error
  }
}
