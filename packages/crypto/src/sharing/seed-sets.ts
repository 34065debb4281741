import { toHex } from '../hex.ts'
import { accept, type Outcome, refuse } from '../outcome.ts'
import type { Entropy } from '../random.ts'
import { type Quorum, setsOf } from './quorum.ts'
import { commitSeed, forgetSeeds, SEED_BYTES, type SetSeeds } from './seeds.ts'

type FreshSeeds = {
  /** One seed for each set, ascending. */
  readonly seeds: readonly SetSeeds[]
  readonly commitments: readonly Uint8Array[]
}

type SeedSource = { keyId: Uint8Array; dealer: number; entropy: Entropy }

/** A fresh seed for every set of the quorum, and its commitment. FHE-ENTROPY when two come out equal. */
export function freshSeeds(quorum: Quorum, source: SeedSource): Outcome<FreshSeeds> {
  const seeds: SetSeeds[] = []
  let fresh: Outcome<FreshSeeds> | null = null
  try {
    fresh = drawSeeds(quorum, source, seeds)
    return fresh
  } finally {
    if (!fresh?.ok) forgetSeeds(seeds)
  }
}

/** What comes of fresh seeds, which are wiped when nothing does. */
export function withSeeds<T>(seeds: readonly SetSeeds[], work: () => T): T {
  let done = false
  try {
    const made = work()
    done = true
    return made
  } finally {
    if (!done) forgetSeeds(seeds)
  }
}

function drawSeeds(
  quorum: Quorum,
  { keyId, dealer, entropy }: SeedSource,
  seeds: SetSeeds[],
): Outcome<FreshSeeds> {
  const seen = new Set<string>()
  const commitments: Uint8Array[] = []
  for (const set of setsOf(quorum)) {
    const seed = entropy.bytes(SEED_BYTES)
    seeds.push({ set, seeds: [seed] })
    if (seed.length !== SEED_BYTES) throw new RangeError(`entropy: gave ${seed.length} bytes, expected 32`)
    const commitment = commitSeed(keyId, set, dealer, seed)
    // What is compared is a digest without the set: the seeds themselves do not become strings.
    seen.add(toHex(commitSeed(keyId, 0, dealer, seed)))
    commitments.push(commitment)
  }
  if (seen.size !== seeds.length) return refuse('FHE-ENTROPY', 'the source of randomness repeats itself')
  return accept({ seeds, commitments })
}
