import { required, type Verification } from '../../bundle/verification.ts'
import type { Card } from '../../documents/people/card.ts'
import { holderBefore } from '../../plan/queries.ts'

/** The epoch with which the run began: dealt in it, or before it; null without a threshold key. */
export function oldEpoch(
  v: Verification,
): { keyId: string; epochId: string; epoch: number; public: string } | null {
  const { fhe, existing } = v.predicate
  if (existing !== null) return existing
  return fhe && { keyId: fhe.keyId, epochId: fhe.epochId, epoch: fhe.epoch, public: fhe.public }
}

/** Names of its holders, by number from 1: those of the plan, which was compared with the bundle. */
export function oldHolders(v: Verification): string[] {
  return required(v.plan).fhe?.holders ?? []
}

export function holdersOfOld(v: Verification): { t: number; n: number } {
  const { t = 0, n = 0 } = required(v.plan).fhe ?? {}
  return { t, n }
}

/** The card of a holder in the room; of one who stays for the next epoch that of the epoch before, with the same keys. */
export function cardOfHolder(v: Verification, name: string): Card | null {
  const seat = holderBefore(v.run.header.roster, name)
  return seat === undefined ? null : (v.people.get(seat.card) ?? null)
}
