import type { Card } from '../documents/people/card.ts'
import type { Policy } from './schema.ts'

export type PolicyCounts = Pick<Policy, 'officerQuorum' | 'witnessQuorum' | 'approverThreshold'>

/** Counts that fit these people: more than half of the officers and of the approvers, and two witnesses where there are as many. */
export function proposeCounts(people: readonly Pick<Card, 'kind'>[]): PolicyCounts {
  const count = (kind: Card['kind']) => people.filter((one) => one.kind === kind).length
  const majority = (of: number) => (of === 0 ? 0 : Math.floor(of / 2) + 1)
  return {
    officerQuorum: Math.max(1, majority(count('officer'))),
    witnessQuorum: Math.min(2, count('witness')),
    approverThreshold: majority(count('approver')),
  }
}

/** The end of the year after `now`, ISO-8601 UTC. */
export function proposeExpiry(now: string): string {
  return `${Number(now.slice(0, 4)) + 1}-12-31T23:59:59.999Z`
}
