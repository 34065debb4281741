import { configOf } from './generate-key.ts'
import { TFHE_LIMIT, type TfheModule } from './tfhe-module.ts'

/** How many bits of plaintext one proven list may hold. */
export const PROOF_BITS = { least: 8, most: 1024, usual: 64 } as const

/**
 * Makes the common reference string against which lists of at most `bits` bits are proven, as tfhe serializes it: 3.4 MB for 64
 * bits, some 55 s of one thread. It holds no secret, but whoever saw it made can forge proofs: make it in a process that ends.
 * THRESHOLD-FHE section 6. Throws RangeError for bits outside `PROOF_BITS`.
 */
export function makeReferenceString(tfhe: TfheModule, bits: number): Uint8Array {
  if (!Number.isSafeInteger(bits) || bits < PROOF_BITS.least || bits > PROOF_BITS.most)
    throw new RangeError(`bits: expected ${PROOF_BITS.least} to ${PROOF_BITS.most}, got ${bits}`)
  const made = tfhe.CompactPkeCrs.from_config(configOf(tfhe, 'proven'), bits)
  const bytes = made.safe_serialize(TFHE_LIMIT)
  made.free()
  return bytes
}
