import { galoisRing, ONE, setPolynomialAt, type Width } from './galois-ring.ts'
import { type RingVector, ringVector } from './kernel.ts'
import { membersOf } from './quorum.ts'
import { addSeed, type SetSeeds } from './seeds.ts'

/**
 * S_i = pub + sum over A without i of f_A(i) r_A: the share vector of holder i, in wasm memory; `wipe` it. From replicated
 * to polynomial sharing as in Cramer, Damgård and Ishai, "Share Conversion, Pseudorandom Secret-Sharing and Applications
 * to Secure Computation" (TCC 2005), section 4, over a Galois ring instead of a field. THRESHOLD-FHE section 3.
 * `correction` is pub of that width, its length gives the number of words; `slots` as of `ringVector`.
 */
export function expandShare(
  seeds: readonly SetSeeds[],
  {
    holder,
    keyId,
    width,
    correction,
  }: { holder: number; keyId: Uint8Array; width: Width; correction: Uint8Array },
  slots = 0,
): RingVector {
  const ring = galoisRing(width)
  const words = (correction.length * 8) / width
  const vector = ringVector(width, words, slots)
  let whole = false
  try {
    vector.addScaled(correction, ONE)
    for (const { set, seeds: own } of seeds) {
      const factor = setPolynomialAt(ring, membersOf(set), holder)
      for (const seed of own) addSeed(vector, seed, keyId, factor)
    }
    whole = true
    return vector
  } finally {
    if (!whole) vector.wipe()
  }
}
