import { equalBytes, utf8 } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { CARRIED_MAGIC, parseCarried } from './decryption/carry.ts'
import { byteReader } from './files/byte-reader.ts'
import { type Ciphertext, parseCiphertext } from './files/ciphertext.ts'
import { readSafeHeader } from './files/tfhe-fields.ts'

/**
 * A ciphertext as tfhe writes it or rounded for carrying (`lux-car1`). Refused by name besides the parsers' rules:
 * FHE-BARE-LIST a compact list without proof, one changed word of which can give the whole key away; FHE-PROVEN-LIST,
 * which an evaluator verifies and expands first; FHE-BOOLEAN-API the 32-bit ciphertexts of tfhe's Boolean API.
 */
export function readCiphertext(bytes: Uint8Array): Ciphertext {
  if (equalBytes(bytes.subarray(0, 8), utf8(CARRIED_MAGIC))) return parseCarried(bytes)
  if (isBooleanApi(bytes)) {
    throw new FormatError(
      'FHE-BOOLEAN-API',
      '32-bit ciphertexts leave at most 25 bits to hide in: use FheBool',
    )
  }
  let name = ''
  try {
    name = readSafeHeader(byteReader(bytes))
  } catch {
    // parseCiphertext says what it is not.
  }
  if (name === 'high_level_api::CompactCiphertextList') {
    throw new FormatError('FHE-BARE-LIST', 'a compact list without a proof is never admitted')
  }
  if (name === 'high_level_api::ProvenCompactCiphertextList') {
    throw new FormatError('FHE-PROVEN-LIST', 'an evaluator verifies and expands it; holders decrypt results')
  }
  return parseCiphertext(bytes)
}

/** Bare bincode of BooleanCiphertext: u32 0, u64 size, u32 words, u128 0, u64 32; or a trivial one, u32 1, u8. */
function isBooleanApi(bytes: Uint8Array): boolean {
  const reader = byteReader(bytes)
  try {
    const variant = reader.u32('variant')
    if (variant === 1) return bytes.length === 5
    if (variant !== 0) return false
    const size = reader.count('size', 4096)
    return bytes.length === 4 + 8 + 4 * size + 24
  } catch {
    return false
  }
}
