import { FormatError } from '../../format-error.ts'
import { byteReader } from '../files/byte-reader.ts'
import { readSafeHeader } from '../files/tfhe-fields.ts'
import { configOf } from './generate-key.ts'
import { TFHE_LIMIT, type TfheModule } from './tfhe-module.ts'

/** How many bits of plaintext one proven list may hold. */
export const PROOF_BITS = { least: 8, most: 1024, usual: 64 } as const

/**
 * Makes the common reference string for proofs of lists of at most `bits` bits, as tfhe serializes it: 3.4 MB for 64 bits, about 55 s of
 * one thread. It holds no secret, but whoever saw it made can forge proofs. Make it in a process that ends. THRESHOLD-FHE section 6. Throws
 * RangeError for bits outside `PROOF_BITS`.
 */
export function makeReferenceString(tfhe: TfheModule, bits: number): Uint8Array {
  if (!Number.isSafeInteger(bits) || bits < PROOF_BITS.least || bits > PROOF_BITS.most)
    throw new RangeError(`bits: expected ${PROOF_BITS.least} to ${PROOF_BITS.most}, got ${bits}`)
  const made = tfhe.CompactPkeCrs.from_config(configOf(tfhe, 'proven'), bits)
  const bytes = made.safe_serialize(TFHE_LIMIT)
  made.free()
  return bytes
}

/** From the dimension to the end: what follows the points. */
const TAIL = 269

/**
 * How many packed pairs of blocks, 4 bits each, one proof against this string covers. Of its points nothing is read: the string is
 * the ceremony's, and is known by its digest. Throws FormatError FHE-TYPE, FHE-TRUNCATED, FHE-FIELD for one of other parameters.
 */
export function pairsPerProof(string: Uint8Array): number {
  const head = byteReader(string)
  if (readSafeHeader(head) !== 'zk::CompactPkeCrs')
    throw new FormatError('FHE-TYPE', 'not a reference string')
  // Scheme V2.
  head.u32s('reference string', 1, 1, 1)
  if (head.left < TAIL) throw new FormatError('FHE-TRUNCATED', 'reference string: ends too early')
  const tail = byteReader(string.subarray(string.length - TAIL))
  const field = (what: string, expected: bigint) => {
    const seen = tail.u64(what)
    if (seen !== expected) throw new FormatError('FHE-FIELD', `${what}: ${seen}, expected ${expected}`)
  }
  field('dimension', 2048n)
  const pairs = tail.count('pairs', PROOF_BITS.most / 4)
  if (pairs === 0) throw new FormatError('FHE-FIELD', 'pairs: none')
  tail.take(16, 'noise')
  field('noise', 1n << 17n)
  field('modulus', 0n)
  field('plaintext modulus', 32n)
  field('padding bits', 1n)
  return pairs
}
