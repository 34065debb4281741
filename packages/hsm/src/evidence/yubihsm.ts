import {
  type AttestationRefusal,
  type Certificate,
  readCertificates,
  reading,
  refuse,
  verifyChain,
} from './certificate.ts'
import { DerError, derBits, derNumber, derTag, derValue } from './der.ts'

/** What a YubiHSM 2 says of one of its asymmetric keys. */
type YubiHsmClaims = {
  readonly firmware: string
  readonly serial: string
  readonly origin: 'generated' | 'imported' | 'wrapped' | 'mixed'
  /** 1 to 16. */
  readonly domains: readonly number[]
  /** The 64-bit mask, 16 hex digits. */
  readonly capabilities: string
  readonly exportable: boolean
  readonly objectId: number
  readonly label: string
}

type YubiHsmAttestation = { readonly ok: true; readonly claims: YubiHsmClaims; readonly root: string }

const arc = '1.3.6.1.4.1.41482.4.'
/** Capability `exportable-under-wrap`, the only way out of the device. */
const exportableBit = 16n
const origins = { 1: 'generated', 2: 'imported', 16: 'wrapped' } as const

function field(certificate: Certificate, number: number): Uint8Array | null {
  return certificate.extensions.find(({ oid }) => oid === `${arc}${number}`)?.value ?? null
}

function need(certificate: Certificate, number: number): Uint8Array {
  const value = field(certificate, number)
  if (value === null) throw new DerError(`the extension ${arc}${number} is missing`)
  return value
}

const serialOf = (certificate: Certificate): string => String(derNumber(need(certificate, 2)))

/** Yubico's table of extensions: 1 firmware, 2 serial, 3 origin, 4 domains, 5 capabilities, 6 object id, 9 label. */
function readClaims(leaf: Certificate): YubiHsmClaims {
  const firmware = derValue(need(leaf, 1), derTag.octetString).content
  const [origin, ...more] = derBits(need(leaf, 3))
  const domains = derBits(need(leaf, 4))
  const mask = derBits(need(leaf, 5))
  if (firmware.length !== 3) throw new DerError('a firmware version has three bytes')
  if (origin === undefined || more.length > 0) throw new DerError('an origin is one byte')
  if (domains.length !== 2 || mask.length !== 8) throw new DerError('a mask of domains or capabilities')
  const domainMask = (domains[0] ?? 0) * 256 + (domains[1] ?? 0)
  const capabilities = Buffer.from(mask).toString('hex')
  const label = derValue(need(leaf, 9), derTag.utf8).content
  const objectId = derNumber(need(leaf, 6))
  if (label.length > 40 || objectId > 0xffff) throw new DerError('a label or an object id')
  return {
    firmware: [...firmware].join('.'),
    serial: serialOf(leaf),
    origin: origin === 1 || origin === 2 || origin === 16 ? origins[origin] : 'mixed',
    domains: Array.from({ length: 16 }, (_, i) => i + 1).filter((n) => (domainMask & (1 << (n - 1))) !== 0),
    capabilities,
    exportable: ((BigInt(`0x${capabilities}`) >> exportableBit) & 1n) === 1n,
    objectId,
    label: Buffer.from(label).toString('utf8'),
  }
}

/**
 * An attestation certificate of a YubiHSM 2 and the chain to it (PEM: attestation, device, sub-CA), verified to a root of
 * the policy. Accepted is only a key that this device made and that has no way out of it.
 */
export function verifyYubiHsmAttestation(options: {
  chain: Uint8Array
  roots: readonly Uint8Array[]
  /** The attested public key, DER SubjectPublicKeyInfo, as the token gave it. */
  spki: Uint8Array
  /** The token's own serial number, when it is known. */
  serial?: string
  time: Date
}): YubiHsmAttestation | AttestationRefusal {
  return reading(() => {
    const chain = readCertificates(options.chain)
    const verified = verifyChain(chain, options.roots.flatMap(readCertificates), options.time)
    if (!verified.ok) return verified
    const [leaf, device] = verified.path
    if (leaf === undefined || device === undefined || verified.path.length < 3)
      return refuse('ATTESTATION-PROFILE', 'a YubiHSM’s chain has an attestation and a device certificate')
    const claims = readClaims(leaf)
    if (!Buffer.from(leaf.spki).equals(Buffer.from(options.spki)))
      return refuse('ATTESTATION-KEY', 'another key is attested')
    if (field(device, 2) === null || serialOf(device) !== claims.serial)
      return refuse('ATTESTATION-DEVICE', 'the device certificate is another device’s')
    if (options.serial !== undefined && options.serial.replace(/^0+/, '') !== claims.serial)
      return refuse('ATTESTATION-DEVICE', `device ${claims.serial} attests, the token is ${options.serial}`)
    if (claims.origin !== 'generated')
      return refuse('ATTESTATION-ORIGIN', `the key’s origin is ${claims.origin}`)
    if (claims.exportable)
      return refuse('ATTESTATION-EXPORTABLE', 'the key may leave the device under a wrap key')
    return { ok: true, claims, root: verified.path.at(-1)?.fingerprint ?? '' }
  })
}
