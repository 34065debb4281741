import { accept, type Outcome, refuse } from '../outcome.ts'

/** t is the quorum: any t of n decrypt, t-1 learn nothing. */
export type Quorum = { readonly t: number; readonly n: number }

export const MAX_HOLDERS = 15

/** FHE-QUORUM-SMALL t < 2 · FHE-HOLDERS-MANY n > 15 · FHE-QUORUM-OVER t > n; a non-integer throws. */
export function checkQuorum({ t, n }: Quorum): Outcome<Quorum> {
  if (!Number.isInteger(t)) throw new RangeError(`t: expected an integer, got ${t}`)
  if (!Number.isInteger(n)) throw new RangeError(`n: expected an integer, got ${n}`)
  if (n > MAX_HOLDERS) return refuse('FHE-HOLDERS-MANY', `${n} holders, at most ${MAX_HOLDERS}`)
  if (t > n) return refuse('FHE-QUORUM-OVER', `a quorum of ${t} needs at least ${t} holders, got ${n}`)
  if (t < 2) return refuse('FHE-QUORUM-SMALL', `a quorum of ${t} is no sharing: at least 2`)
  return accept({ t, n })
}

/** Holder numbers of a u16 mask, ascending: bit a-1 is holder a. */
export function membersOf(mask: number): number[] {
  const members: number[] = []
  for (let a = 1; a <= 16; a++) if ((mask >> (a - 1)) & 1) members.push(a)
  return members
}

/** The mask of distinct holder numbers in 1..16. */
export function maskOf(members: readonly number[]): number {
  let mask = 0
  for (const a of members) {
    if (!Number.isInteger(a) || a < 1 || a > 16) throw new RangeError(`members: ${a} is no holder`)
    mask |= 1 << (a - 1)
  }
  return mask
}

/** All A in [n] with |A| = t-1, as masks, ascending: C(n,t-1) of them. */
export function setsOf({ t, n }: Quorum): number[] {
  const sets: number[] = []
  for (let mask = 1; mask < 1 << n; mask++) if (membersOf(mask).length === t - 1) sets.push(mask)
  return sets
}

/** The sets whose seeds holder i keeps: those without i, C(n-1,t-1) of them. */
export function setsWithout(quorum: Quorum, holder: number): number[] {
  return setsOf(quorum).filter((mask) => ((mask >> (holder - 1)) & 1) === 0)
}

/** C(n,k), exact for n <= 15. */
export function binomial(n: number, k: number): number {
  let c = 1
  for (let i = 1; i <= k; i++) c = (c * (n - k + i)) / i
  return c
}

/** Whose seeds add up to r_A: [0] at the first deal (mask 0), else the old holders of the mask, ascending. */
export function dealersOf(dealerMask: number): number[] {
  return dealerMask === 0 ? [0] : membersOf(dealerMask)
}
