import type { Card } from '../documents/people/card.ts'
import { signatureSchemes } from '../policy/schema.ts'
import type { Listed } from './lint-listed.ts'
import { lintRenewedCards } from './lint-renewals.ts'
import type { Digest, Plan, Role } from './plan.ts'
import { mayJoin } from './queries.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** What a seat's card says of the person: halves of a hybrid key by scheme, and a holder's envelope key. */
export type SeatKeys = { role: Role; name: string; keys: Card['keys']; recipient?: string }

/**
 * PLAN-10, PLAN-11, PLAN-43 where the cards are at hand. `cardOf` gives a card by its digest, or undefined, which is for whoever
 * needs that card to refuse. `listed`: of the plan's policy, whose officers and witnesses sign what they judge though they are not seated.
 */
export function lintCards(
  plan: Plan,
  cardOf: (digest: Digest) => Card | undefined,
  listed?: Pick<Listed, 'judges'>,
): PlanRefusal[] {
  const seats = plan.people.flatMap(({ role, name, card }): SeatKeys[] => {
    const read = cardOf(card)
    return read === undefined ? [] : [{ ...read, role, name }]
  })
  return [
    ...sharedKeys(seats).map(({ rule, detail }) => planRefusal(rule, '', detail)),
    ...keysOfJudges(seats, unseated(plan, listed?.judges ?? [])).map((detail) =>
      planRefusal('PLAN-11', '', detail),
    ),
    ...lintRenewedCards(plan, cardOf),
  ]
}

/**
 * Seats that a key shows to be one person’s, half of a hybrid one too: PLAN-11 where one person may not hold both roles, else
 * PLAN-10. One name may have one key in two roles, and twice as a holder who stays for the next epoch.
 */
export function sharedKeys(seats: readonly SeatKeys[]): { rule: 'PLAN-10' | 'PLAN-11'; detail: string }[] {
  return seats.flatMap((one, at) =>
    seats.slice(at + 1).flatMap((other) => {
      const key = maySitTwice(one, other) ? undefined : sameKey(one, other)
      if (key === undefined) return []
      const rule = mayJoin([one.role, other.role]) ? 'PLAN-10' : 'PLAN-11'
      const who = `${one.name} as ${one.role} and ${other.name} as ${other.role}`
      return [{ rule, detail: `${who} have the same ${key} key` }]
    }),
  )
}

/** Of those who sit, their own seats tell. */
function unseated({ people }: Plan, judges: Listed['judges']): Listed['judges'] {
  return judges.filter(({ role, name }) => !people.some((one) => one.role === role && one.name === name))
}

function keysOfJudges(seats: readonly SeatKeys[], judges: Listed['judges']): string[] {
  return seats.flatMap((seat) =>
    judges
      .filter(({ role }) => !mayJoin([seat.role, role]))
      .flatMap((judge) => {
        const key = sameKey(seat, judge)
        return key === undefined
          ? []
          : [`${seat.name} as ${seat.role} has the ${key} key of ${judge.name}, ${judge.role} of the policy`]
      }),
  )
}

function maySitTwice(one: SeatKeys, other: SeatKeys): boolean {
  return one.name === other.name && (one.role !== other.role || one.role === 'holder')
}

function sameKey(one: SeatKeys, other: SeatKeys): string | undefined {
  const half = signatureSchemes.find(
    (scheme) => one.keys[scheme] !== undefined && one.keys[scheme] === other.keys[scheme],
  )
  if (half !== undefined) return half
  return one.recipient !== undefined && one.recipient === other.recipient ? 'envelope' : undefined
}
