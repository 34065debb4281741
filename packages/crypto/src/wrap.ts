import { aeskw, aeskwp, gcm } from '@noble/ciphers/aes.js'
import { FormatError } from './format-error.ts'

// A wrapped private key of RSA-8192 is under 5 KiB; what is longer is not a key.
const maxWrapped = 1 << 16
const gcmTagLength = 16

/** AES-KWP (RFC 5649): wraps 1 to 65528 bytes of key under a KEK of 16, 24 or 32 bytes. Deterministic. */
export function aesKwpWrap(kek: Uint8Array, key: Uint8Array): Uint8Array {
  checkKey('kek', kek)
  if (key.length < 1 || key.length > maxWrapped - 8) {
    throw new RangeError(`key: expected 1 to ${maxWrapped - 8} bytes, got ${key.length}`)
  }
  return aeskwp(kek).encrypt(key)
}

/** Undoes `aesKwpWrap`. Throws FormatError `UNWRAP-LENGTH`, or `UNWRAP-INTEGRITY` for another KEK or changed bytes. */
export function aesKwpUnwrap(kek: Uint8Array, wrapped: Uint8Array): Uint8Array {
  checkKey('kek', kek)
  checkWrapped(wrapped, 16)
  return opened('UNWRAP-INTEGRITY', () => aeskwp(kek).decrypt(wrapped))
}

/** AES-KW (RFC 3394): wraps 16 to 65528 bytes, a multiple of 8, under a KEK of 16, 24 or 32 bytes. */
export function aesKwWrap(kek: Uint8Array, key: Uint8Array): Uint8Array {
  checkKey('kek', kek)
  if (key.length < 16 || key.length % 8 !== 0 || key.length > maxWrapped - 8) {
    throw new RangeError(`key: expected 16 to ${maxWrapped - 8} bytes, a multiple of 8, got ${key.length}`)
  }
  return aeskw(kek).encrypt(key)
}

/** Undoes `aesKwWrap`. Throws FormatError `UNWRAP-LENGTH`, or `UNWRAP-INTEGRITY` for another KEK or changed bytes. */
export function aesKwUnwrap(kek: Uint8Array, wrapped: Uint8Array): Uint8Array {
  checkKey('kek', kek)
  checkWrapped(wrapped, 24)
  return opened('UNWRAP-INTEGRITY', () => aeskw(kek).decrypt(wrapped))
}

/**
 * AES-GCM (NIST SP 800-38D): ciphertext || 16-byte tag. Key of 16, 24 or 32 bytes; the nonce has 12 and must never
 * come twice under one key.
 */
export function aesGcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array = new Uint8Array(0),
): Uint8Array {
  checkKey('key', key)
  checkNonce(nonce)
  return gcm(key, nonce, aad).encrypt(plaintext)
}

/** Undoes `aesGcmSeal`. Throws FormatError `GCM-LENGTH`, or `GCM-INTEGRITY` when anything differs. */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array = new Uint8Array(0),
): Uint8Array {
  checkKey('key', key)
  checkNonce(nonce)
  if (sealed.length < gcmTagLength) throw new FormatError('GCM-LENGTH', 'shorter than a tag')
  return opened('GCM-INTEGRITY', () => gcm(key, nonce, aad).decrypt(sealed))
}

function opened(rule: string, open: () => Uint8Array): Uint8Array {
  try {
    return open()
  } catch {
    throw new FormatError(rule, 'another key, or the bytes were changed')
  }
}

function checkKey(name: string, key: Uint8Array): void {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
    throw new RangeError(`${name}: expected 16, 24 or 32 bytes, got ${key.length}`)
  }
}

function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== 12) throw new RangeError(`nonce: expected 12 bytes, got ${nonce.length}`)
}

function checkWrapped(wrapped: Uint8Array, least: number): void {
  if (wrapped.length < least || wrapped.length > maxWrapped || wrapped.length % 8 !== 0) {
    throw new FormatError(
      'UNWRAP-LENGTH',
      `expected ${least} to ${maxWrapped} bytes, a multiple of 8, got ${wrapped.length}`,
    )
  }
}
