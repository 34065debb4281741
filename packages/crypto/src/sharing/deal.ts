import { accept, type Outcome } from '../outcome.ts'
import type { Entropy } from '../random.ts'
import type { Width } from './galois-ring.ts'
import { summed } from './kernel.ts'
import { checkQuorum, type Quorum } from './quorum.ts'
import { freshSeeds, withSeeds } from './seed-sets.ts'
import { addSeed, type SetSeeds } from './seeds.ts'

/** Secret words of one width: words * width/8 bytes, little endian. */
type SecretWords = { readonly width: Width; readonly words: Uint8Array }

/** What a deal makes: the seeds are the secret, corrections and commitments are public. */
export type Deal = {
  /** Every set with its one seed, ascending. Holder i gets those of the sets without i; wipe after use. */
  readonly seeds: readonly SetSeeds[]
  /** pub = s - sum of r_A, in the order of the given secrets. */
  readonly corrections: readonly Uint8Array[]
  /** By ascending set, 32 bytes each. */
  readonly commitments: readonly Uint8Array[]
}

/**
 * Replicated secret sharing with seeds: any t of n rebuild the secrets, t-1 learn nothing. The refusals of
 * `checkQuorum`, and FHE-ENTROPY when two seeds come out equal. THRESHOLD-FHE section 3; Cramer, Damgård and Ishai (TCC 2005),
 * section 4.
 */
export function deal(
  secrets: readonly SecretWords[],
  { quorum, keyId, entropy }: { quorum: Quorum; keyId: Uint8Array; entropy: Entropy },
): Outcome<Deal> {
  const checked = checkQuorum(quorum)
  if (!checked.ok) return checked
  const fresh = freshSeeds(quorum, { keyId, dealer: 0, entropy })
  if (!fresh.ok) return fresh
  return withSeeds(fresh.value.seeds, () => {
    const corrections = secrets.map(({ width, words }) => {
      const minusOne = (1n << BigInt(width)) - 1n
      return summed(width, (words.length * 8) / width, (vector) => {
        vector.addScaled(words, [1n, 0n, 0n, 0n])
        for (const { seeds } of fresh.value.seeds) {
          for (const seed of seeds) addSeed(vector, seed, keyId, [minusOne, 0n, 0n, 0n])
        }
      })
    })
    return accept({ ...fresh.value, corrections })
  })
}

/**
 * The dealt words from the seeds of all sets: pub + sum of r_A. Whoever calls it holds the whole key: wipe the
 * result.
 */
export function recoverWords(
  seeds: readonly SetSeeds[],
  { keyId, width, correction }: { keyId: Uint8Array; width: Width; correction: Uint8Array },
): Uint8Array {
  return summed(width, (correction.length * 8) / width, (vector) => {
    vector.addScaled(correction, [1n, 0n, 0n, 0n])
    for (const { seeds: own } of seeds) {
      for (const seed of own) addSeed(vector, seed, keyId, [1n, 0n, 0n, 0n])
    }
  })
}
