import type { Card } from '../documents/people/card.ts'
import { checkRenewal } from '../documents/people/card-renewal.ts'
import type { Digest, Plan } from './plan.ts'
import { stayingHolders } from './queries.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** PLAN-43: who holds a share of both epochs is seated twice, so that the next share is sealed to another key. */
export function lintRenewals(plan: Plan): PlanRefusal[] {
  return staying(plan)
    .filter((name) => cardsOf(plan, name).length === 1)
    .map((name) =>
      planRefusal(
        'PLAN-43',
        '',
        `${name} stays with the envelope key that opens the old share: no second card`,
      ),
    )
}

/**
 * PLAN-43 where the cards are at hand: each second one renews the first. `cardOf` gives a card by its digest, or undefined, which
 * is for whoever needs that card to refuse.
 */
export function lintRenewedCards(plan: Plan, cardOf: (digest: Digest) => Card | undefined): PlanRefusal[] {
  return staying(plan).flatMap((name) => {
    const [before, card] = cardsOf(plan, name).map(cardOf)
    const checked = before && card && checkRenewal(before, card)
    return checked === undefined || checked.ok
      ? []
      : [planRefusal('PLAN-43', '', `${checked.rule}: ${checked.detail}`)]
  })
}

/** Whether a name may be seated twice as holder, PLAN-10. */
export function sitsTwice(plan: Plan, name: string): boolean {
  return staying(plan).includes(name) && cardsOf(plan, name).length === 2
}

function staying({ fhe, reshare }: Plan): string[] {
  return fhe === undefined || reshare === undefined ? [] : stayingHolders(fhe.holders, reshare.holders)
}

function cardsOf({ people }: Plan, name: string): Digest[] {
  return people.filter((one) => one.role === 'holder' && one.name === name).map(({ card }) => card)
}
