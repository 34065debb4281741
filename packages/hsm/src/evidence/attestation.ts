import type { AttestationRefusal } from './certificate.ts'
import { readCertificates, reading } from './certificate.ts'
import { DerError } from './der.ts'
import { verifyLunaAttestation } from './luna.ts'
import { verifyYubiHsmAttestation } from './yubihsm.ts'

/**
 * A vendor's attestation of one P-256 key, by the format that the policy pins the root for. `root` is one certificate in DER,
 * known by its digest; `time` is when the ceremony was opened. Luna's confirmation names no serial that a token shows.
 */
export function verifyAttestation(claim: {
  format: 'yubihsm' | 'luna'
  chain: Uint8Array
  root: Uint8Array
  spki: Uint8Array
  serial: string
  time: string
}): { readonly ok: true } | AttestationRefusal {
  const { format, chain, root, spki, serial } = claim
  const facts = { roots: [root], spki, time: new Date(claim.time) }
  return format === 'yubihsm'
    ? verifyYubiHsmAttestation({ ...facts, chain, serial })
    : verifyLunaAttestation({ ...facts, confirmation: chain })
}

/** The one certificate of a file, PEM or DER, as DER: what a policy pins by its SHA-256. Null where it is none, or several. */
export function rootCertificate(bytes: Uint8Array): Uint8Array | null {
  const read = reading(() => {
    const [only, second] = readCertificates(bytes)
    if (only === undefined || second !== undefined) throw new DerError('one certificate was expected')
    return only
  })
  return 'der' in read ? read.der : null
}
