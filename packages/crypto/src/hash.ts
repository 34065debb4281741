import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { toHex } from './hex.ts'

/** A SHA-256 computation fed piece by piece; `digest` ends it. */
type Sha256Stream = {
  update(bytes: Uint8Array): Sha256Stream
  digest(): Uint8Array
}

/** SHA-256 of the parts one after another: 32 bytes, FIPS 180-4. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = nobleSha256.create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** SHA-256 as 64 lower-case hexadecimal digits. */
export function sha256Hex(...parts: readonly Uint8Array[]): string {
  return toHex(sha256(...parts))
}

/** SHA-256 over a stream. Throws when used after `digest`. */
export function createSha256(): Sha256Stream {
  const hash = nobleSha256.create()
  const stream: Sha256Stream = {
    update(bytes) {
      hash.update(bytes)
      return stream
    },
    digest: () => hash.digest(),
  }
  return stream
}

/** HMAC-SHA-256: 32 bytes, RFC 2104. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(nobleSha256, key, message)
}

/** HKDF-SHA-256 extract and expand: `length` bytes (at most 8160), RFC 5869. */
export function hkdfSha256(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return hkdf(nobleSha256, key, salt, info, length)
}
