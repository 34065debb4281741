import { equalBytes } from '../bytes.ts'
import { accepted, refuse, type Verdict } from '../outcome.ts'
import { dealersOf, type Quorum, setsOf, setsWithout } from './quorum.ts'
import { commitSeed, type SetSeeds } from './seeds.ts'

/**
 * Whether a holder's seeds are those that were committed to. `commitments` are of all sets, ascending, within a
 * set by dealer. FHE-SEED-SETS wrong or missing sets · FHE-COMMITMENT-COUNT · FHE-SEED-COMMITMENT a seed that differs.
 */
export function verifySeeds(
  seeds: readonly SetSeeds[],
  commitments: readonly Uint8Array[],
  {
    quorum,
    holder,
    keyId,
    dealerMask,
  }: { quorum: Quorum; holder: number; keyId: Uint8Array; dealerMask: number },
): Verdict {
  const dealers = dealersOf(dealerMask)
  const all = setsOf(quorum)
  if (commitments.length !== all.length * dealers.length) {
    return refuse(
      'FHE-COMMITMENT-COUNT',
      `${commitments.length} commitments, expected ${all.length * dealers.length}`,
    )
  }
  const own = setsWithout(quorum, holder)
  if (seeds.length !== own.length || seeds.some(({ set }, i) => set !== own[i])) {
    return refuse('FHE-SEED-SETS', `the seeds are not of the ${own.length} sets without holder ${holder}`)
  }
  for (const { set, seeds: ofSet } of seeds) {
    if (ofSet.length !== dealers.length)
      return refuse('FHE-SEED-SETS', `set ${set} has ${ofSet.length} seeds`)
    for (const [at, dealer] of dealers.entries()) {
      const seed = ofSet[at]
      const expected = commitments[all.indexOf(set) * dealers.length + at]
      if (!seed || !expected || !equalBytes(commitSeed(keyId, set, dealer, seed), expected)) {
        return refuse('FHE-SEED-COMMITMENT', `the seed of set ${set} differs from its commitment`)
      }
    }
  }
  return accepted
}
