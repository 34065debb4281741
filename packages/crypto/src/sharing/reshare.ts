import { accept, type Outcome, refuse } from '../outcome.ts'
import type { Entropy } from '../random.ts'
import type { Width } from './galois-ring.ts'
import { summed } from './kernel.ts'
import { checkQuorum, type Quorum, setsOf } from './quorum.ts'
import { freshSeeds, withSeeds } from './seed-sets.ts'
import { addSeed, type SetSeeds } from './seeds.ts'

const ONE = [1n, 0n, 0n, 0n] as const
const minusOne = (width: Width) => [(1n << BigInt(width)) - 1n, 0n, 0n, 0n] as const

/**
 * The old holders that re-deal: exactly t of them, ascending and distinct. Two different choices for one run give a
 * wrong key, so the choice stands in the signed plan. FHE-DEALERS.
 */
export function checkDealers({ t, n }: Quorum, dealers: readonly number[]): Outcome<readonly number[]> {
  const inRange = dealers.every((q) => Number.isInteger(q) && q >= 1 && q <= n)
  const ascending = dealers.every((q, i) => i === 0 || q > (dealers[i - 1] ?? 0))
  if (dealers.length !== t || !inRange || !ascending) {
    return refuse('FHE-DEALERS', `${t} different holders of 1 to ${n} re-deal, ascending; got ${dealers}`)
  }
  return accept(dealers)
}

/** The sets A whose seeds holder q re-deals: q is the smallest dealer that is not in A. */
export function setsDealtBy(quorum: Quorum, dealers: readonly number[], q: number): number[] {
  return setsOf(quorum).filter((set) => dealers.find((dealer) => ((set >> (dealer - 1)) & 1) === 0) === q)
}

type RedealInput = {
  /** All of the dealer's own seeds, by ascending set without it. */
  readonly seeds: readonly SetSeeds[]
  readonly dealer: number
  readonly dealers: readonly number[]
  readonly from: Quorum
  readonly to: Quorum
  readonly keyId: Uint8Array
  /** Words of each correction, in order. */
  readonly vectors: readonly { readonly width: Width; readonly words: number }[]
  readonly entropy: Entropy
}

/** One dealer's part of a reshare: the seeds are the secret, corrections and commitments are public. */
export type Redealt = {
  /** One fresh seed for each new set, ascending; wipe after sealing. */
  readonly seeds: readonly SetSeeds[]
  /** corr_q = part_q - sum of PRG(fresh seeds), one for each vector. */
  readonly corrections: readonly Uint8Array[]
  /** By ascending new set, 32 bytes each, with this dealer's number. */
  readonly commitments: readonly Uint8Array[]
}

/**
 * Re-deals the additive part of one old holder to a new (t,n); the key is never rebuilt. FHE-DEALERS · FHE-ENTROPY ·
 * FHE-SEED-SETS and those of `checkQuorum`. THRESHOLD-FHE section 7.
 */
export function redeal(input: RedealInput): Outcome<Redealt> {
  const { seeds, dealer, dealers, from, to, keyId, vectors, entropy } = input
  const checked = checkQuorum(to)
  if (!checked.ok) return checked
  const chosen = checkDealers(from, dealers)
  if (!chosen.ok) return chosen
  if (!dealers.includes(dealer)) return refuse('FHE-DEALERS', `holder ${dealer} does not re-deal in this run`)
  const part = setsDealtBy(from, dealers, dealer).map((set) => seeds.find((own) => own.set === set))
  if (part.some((own) => own === undefined)) {
    return refuse('FHE-SEED-SETS', 'the share lacks a set that it has to re-deal')
  }
  const fresh = freshSeeds(to, { keyId, dealer, entropy })
  if (!fresh.ok) return fresh
  return withSeeds(fresh.value.seeds, () => {
    const corrections = vectors.map(({ width, words }) =>
      summed(width, words, (vector) => {
        for (const own of part) for (const seed of own?.seeds ?? []) addSeed(vector, seed, keyId, ONE)
        for (const own of fresh.value.seeds) {
          for (const seed of own.seeds) addSeed(vector, seed, keyId, minusOne(width))
        }
      }),
    )
    return accept({ ...fresh.value, corrections })
  })
}

/** pub' = pub + sum of the corrections, word by word; all of one length. Nothing here is secret. */
export function addCorrections(
  width: Width,
  pub: Uint8Array,
  corrections: readonly Uint8Array[],
): Uint8Array {
  if (pub.length === 0) return new Uint8Array(0)
  return summed(width, (pub.length * 8) / width, (vector) => {
    vector.addScaled(pub, ONE)
    for (const correction of corrections) vector.addScaled(correction, ONE)
  })
}
