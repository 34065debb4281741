import type { Card } from '../documents/people/card.ts'
import type { Digest, Plan, Role } from './plan.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** Whom and what a policy names: people by card, servers by audience, algorithms of keys. */
export type Listed = {
  cards: Partial<Record<Role, readonly Digest[]>>
  audiences: readonly Digest[]
  algorithms: readonly string[]
  /** Signing keys of those who judge a run, seated or not. */
  judges: readonly { role: Role; name: string; keys: Card['keys'] }[]
}

/** PLAN-14, PLAN-37, PLAN-38: whom and what a bundle of the plan would name beyond its policy. */
export function lintListed(plan: Plan, listed: Listed | undefined): PlanRefusal[] {
  if (listed === undefined) return []
  const strangers = plan.people.filter(({ role, card }) => listed.cards[role]?.includes(card) === false)
  const servers = plan.destinations.filter(({ card }) => !listed.audiences.includes(card))
  const used = [
    ...plan.keys.map(({ id, algorithm }) => ({ id, algorithm })),
    // A key that is there already was dealt under the policy of its day.
    ...(plan.fhe === undefined || plan.fhe.existing !== undefined
      ? []
      : [{ id: plan.fhe.id, algorithm: plan.fhe.type }]),
  ]
  return [
    ...strangers.map(({ role, name, card }) =>
      planRefusal('PLAN-14', '', `${name} is no ${role} of the policy with the card ${card}`),
    ),
    ...servers.map(({ card }) => planRefusal('PLAN-37', '', `the server ${card} is not in the policy`)),
    ...used
      .filter(({ algorithm }) => !listed.algorithms.includes(algorithm))
      .map(({ id, algorithm }) => planRefusal('PLAN-38', '', `${id} is ${algorithm}`)),
  ]
}
