import { encodeCanonical } from '@lux/crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'

/** What a record is bound to: its store, its name, and how often it was written. */
type RecordName = { readonly store: string; readonly id: string; readonly revision: number }

export type SealedRecord = RecordName & {
  readonly format: typeof recordFormat
  /** 24 bytes, fresh for each write. */
  readonly nonce: Uint8Array
  /** XChaCha20-Poly1305 ciphertext with its tag of 16 bytes. */
  readonly sealed: Uint8Array
}

const recordFormat = 'lux-phone/v1'
const keyBytes = 32
export const nonceBytes = 24

function additionalData({ store, id, revision }: RecordName): Uint8Array {
  return encodeCanonical({ format: recordFormat, id, revision: String(revision), store })
}

/**
 * Seals a record under the vault's key of 32 bytes: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), with {format, store, id, revision} as
 * additional data. A record in another place, or an older one under a newer number, does not open. `nonce`: 24 fresh random bytes.
 */
export function sealRecord(
  key: Uint8Array,
  name: RecordName,
  plain: Uint8Array,
  nonce: Uint8Array,
): SealedRecord {
  check(key, nonce)
  const { store, id, revision } = name
  const sealed = xchacha20poly1305(key, nonce, additionalData(name)).encrypt(plain)
  return { format: recordFormat, store, id, revision, nonce, sealed }
}

/** The record's bytes. Null where it was not sealed under this key in this place. */
export function openRecord(key: Uint8Array, record: SealedRecord): Uint8Array | null {
  if (record.format !== recordFormat) return null
  check(key, record.nonce)
  try {
    return xchacha20poly1305(key, record.nonce, additionalData(record)).decrypt(record.sealed)
  } catch {
    return null
  }
}

function check(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== keyBytes) throw new RangeError(`key: expected ${keyBytes} bytes, got ${key.length}`)
  if (nonce.length !== nonceBytes)
    throw new RangeError(`nonce: expected ${nonceBytes} bytes, got ${nonce.length}`)
}
