import {
  type AttestationRefusal,
  type Certificate,
  maxChain,
  readCertificate,
  readCertificates,
  reading,
  refuse,
  verifyChain,
} from './certificate.ts'
import { DerError, derSequence, derTag, derValue, derValues, oidOf } from './der.ts'

type LunaAttestation = {
  readonly ok: true
  readonly kind: 'rsa' | 'ec'
  /** Subject of the confirmation certificate, for people: it names the HSM. */
  readonly subject: string
  readonly root: string
}

const signedData = '1.2.840.113549.1.7.2'
const extendedKeyUsage = '2.5.29.37'
const maxBytes = 1 << 17

/**
 * The extended key usage of each certificate, leaf first, as Thales' validator has them: confirmation, device authentication, hardware
 * origin, manufacturing integrity, root. Elliptic curves have a shorter chain.
 */
const profiles = {
  rsa: [13, 12, 8, 7, 1],
  ec: [13, 15, 14],
} as const

/** Certificates of a PKCS #7 SignedData (RFC 2315 section 9.1), in the order of the file. */
function readPkcs7(bytes: Uint8Array): Certificate[] {
  if (bytes.length > maxBytes) throw new DerError(`a file of ${bytes.length} bytes`)
  const [type, wrapped] = derSequence(bytes)
  if (type === undefined || oidOf(type.content) !== signedData || wrapped?.tag !== 0xa0)
    throw new DerError('not a PKCS #7 of certificates')
  const fields = derValues(derValue(wrapped.content, derTag.sequence).content)
  const list = fields.find(({ tag }) => tag === 0xa0)
  const certificates = list === undefined ? [] : derValues(list.content)
  if (certificates.length < 2 || certificates.length > maxChain)
    throw new DerError(`${certificates.length} certificates, 2 to ${maxChain} were expected`)
  return certificates.map(({ whole }) => readCertificate(whole))
}

/** A SET has no order. The leaf is the certificate that issued none of the others, and each is followed by its issuer. */
function inOrder(certificates: readonly Certificate[]): Certificate[] {
  const issuedBy = (one: Certificate) =>
    certificates.find((other) => other !== one && one.x509.checkIssued(other.x509))
  const issuers = new Set(certificates.map(issuedBy))
  const leaves = certificates.filter((one) => !issuers.has(one))
  if (leaves.length !== 1) throw new DerError(`${leaves.length} leaves`)
  const chain: Certificate[] = []
  for (let next = leaves[0]; next !== undefined && !chain.includes(next); next = issuedBy(next))
    chain.push(next)
  if (chain.length !== certificates.length) throw new DerError('certificates that are not of the chain')
  return chain
}

function usage({ extensions }: Certificate): number | null {
  const extension = extensions.find(({ oid }) => oid === extendedKeyUsage)
  const [only, second] = extension === undefined ? [] : derSequence(extension.value)
  if (only === undefined || second !== undefined) return null
  const match = /^1\.3\.6\.1\.4\.1\.12383\.1\.(\d{1,3})$/.exec(oidOf(only.content))
  return match?.[1] === undefined ? null : Number(match[1])
}

/**
 * A Luna public key confirmation (`cmu getpkc`, PKCS #7 DER), verified to a root of the policy. The HSM confirms only keys
 * that it made and that cannot leave it, so that is what an accepted confirmation says of the key.
 */
export function verifyLunaAttestation(options: {
  confirmation: Uint8Array
  roots: readonly Uint8Array[]
  /** The confirmed public key, DER SubjectPublicKeyInfo, as the token gave it. */
  spki: Uint8Array
  time: Date
}): LunaAttestation | AttestationRefusal {
  return reading(() => {
    const chain = inOrder(readPkcs7(options.confirmation))
    const verified = verifyChain(chain, options.roots.flatMap(readCertificates), options.time)
    if (!verified.ok) return verified
    const [leaf] = verified.path
    if (leaf === undefined) return refuse('ATTESTATION-CHAIN', 'no certificate')
    const kind = leaf.x509.publicKey.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec'
    const found = verified.path.map(usage)
    const wanted = profiles[kind]
    if (found.length !== wanted.length || found.some((number, i) => number !== wanted[i]))
      return refuse(
        'ATTESTATION-PROFILE',
        `key usages ${found.join(', ')}, ${wanted.join(', ')} were expected`,
      )
    if (!Buffer.from(leaf.spki).equals(Buffer.from(options.spki)))
      return refuse('ATTESTATION-KEY', 'another key is confirmed')
    return { ok: true, kind, subject: leaf.x509.subject, root: verified.path.at(-1)?.fingerprint ?? '' }
  })
}
