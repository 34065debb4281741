import { sha256Hex } from '../hash.ts'

/** Fingerprint of a public key: SHA-256 of its DER SubjectPublicKeyInfo, 64 hexadecimal digits. */
export function keyFingerprint(spki: Uint8Array): string {
  return sha256Hex(spki)
}
