import type { Domain } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { type Card, cardCodec } from '../documents/people/card.ts'
import { checkRenewal, checkRenewalSignature } from '../documents/people/card-renewal.ts'
import type { LintTerms, Listed } from '../plan/lint-terms.ts'
import type { Digest, Plan, Role } from '../plan/plan.ts'
import { mayJoin, namesOf, repeated, stayingHolders } from '../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../plan/rules.ts'
import { signatureSchemes } from '../policy/schema.ts'

/** What a seat's card says of the person: halves of a hybrid key by scheme, and a holder's envelope key. */
type SeatKeys = { role: Role; name: string; keys: Card['keys']; recipient?: string }

/**
 * PLAN-10, PLAN-11, PLAN-43, POLICY-OLDEST where the cards are at hand. `cardOf` gives a card by its digest, or undefined, which is for whoever
 * needs that card to refuse. `listed`: of the plan's policy, whose officers and witnesses sign what they judge though they are not seated.
 */
export function lintCards(
  plan: Plan,
  cardOf: (digest: Digest) => Card | undefined,
  listed?: Pick<Listed, 'judges' | 'oldest'>,
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
    ...oldCards(plan, cardOf, listed?.oldest ?? 1),
  ]
}

function oldCards(
  { people }: Plan,
  cardOf: (digest: Digest) => Card | undefined,
  oldest: Card['v'],
): PlanRefusal[] {
  return people.flatMap(({ role, name, card }) => {
    const { v = oldest } = cardOf(card) ?? {}
    if (v >= oldest) return []
    const detail = `${name} as ${role} has a card of version ${v}, the policy accepts ${oldest} or later`
    return [planRefusal('POLICY-OLDEST', '', detail)]
  })
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

/**
 * PLAN-14, PLAN-37, PLAN-38: whom and what a bundle of the plan would name beyond its policy. PLAN-47: a server that opens answers and
 * is not told of the next epoch is cut off for good, because holders answer nothing under the old one.
 */
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
    ...(plan.reshare === undefined ? [] : listed.combining)
      .filter(({ audience }) => !plan.destinations.some(({ card }) => card === audience))
      .map(({ name, audience }) =>
        planRefusal(
          'PLAN-47',
          '',
          `${name} opens answers for the policy, and is no destination: ${audience}`,
        ),
      ),
    ...used
      .filter(({ algorithm }) => !listed.algorithms.includes(algorithm))
      .map(({ id, algorithm }) => planRefusal('PLAN-38', '', `${id} is ${algorithm}`)),
  ]
}

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
function sitsTwice(plan: Plan, name: string): boolean {
  return staying(plan).includes(name) && cardsOf(plan, name).length === 2
}

function staying({ fhe, reshare }: Plan): string[] {
  return fhe === undefined || reshare === undefined ? [] : stayingHolders(fhe.holders, reshare.holders)
}

function cardsOf({ people }: Plan, name: string): Digest[] {
  return people.filter((one) => one.role === 'holder' && one.name === name).map(({ card }) => card)
}

/** PLAN-10 to PLAN-12: who sits in the room. */
export function lintPeople(plan: Plan, terms: LintTerms | undefined): PlanRefusal[] {
  const found: PlanRefusal[] = []
  for (const card of repeated(plan.people.map((person) => person.card)))
    found.push(planRefusal('PLAN-10', '', `the card ${card} is listed twice`))
  const seats = plan.people.filter(({ role, name }) => role !== 'holder' || !sitsTwice(plan, name))
  for (const seat of repeated(seats.map(({ role, name }) => `${name} as ${role}`)))
    found.push(planRefusal('PLAN-10', '', `${seat} is listed twice`))
  for (const name of new Set(plan.people.map((person) => person.name))) {
    const roles = [
      ...new Set(plan.people.filter((person) => person.name === name).map((person) => person.role)),
    ]
    if (!mayJoin(roles)) found.push(planRefusal('PLAN-11', '', `${name} is ${roles.join(' and ')}`))
  }
  const least = { officers: Math.max(1, terms?.officers ?? 1), witnesses: terms?.witnesses ?? 0 }
  const officers = namesOf(plan, 'officer').length
  const witnesses = namesOf(plan, 'witness').length
  if (officers < least.officers)
    found.push(planRefusal('PLAN-12', '', `officers: ${officers} seated, ${least.officers} must sign`))
  if (witnesses < least.witnesses)
    found.push(planRefusal('PLAN-12', '', `witnesses: ${witnesses} seated, ${least.witnesses} must cosign`))
  return found
}

/** What a card has to be to join those who are there: of that domain, and of that kind where one is asked for. */
type SeatFor = { readonly domain: Domain; readonly kind?: Card['kind'] }

/**
 * One more card among those of a ceremony that is being set up, with what would be refused of its policy or plan said at once.
 * Refuses CARD-DOMAIN, CARD-KIND, CARD-TWICE, CARD-RENEWAL.
 */
export function takeSeat(seated: readonly Card[], card: Card, { domain, kind }: SeatFor): Outcome<Card[]> {
  if (card.domain !== domain)
    return refuse('CARD-DOMAIN', `${card.name}: a card of ${card.domain}, where ${domain} is prepared`)
  if (kind !== undefined && card.kind !== kind)
    return refuse(
      'CARD-KIND',
      `${card.name}: the card is for ${card.kind}, where one for ${kind} is asked for`,
    )
  const renewal = checkRenewalSignature(card)
  if (!renewal.ok) return refuse('CARD-RENEWAL', `${card.name}: ${renewal.detail}`)
  const other = seated.find((one) => isTwin(one, card))
  if (other !== undefined)
    return refuse('CARD-TWICE', `${card.name}, ${card.kind}: ${other.name}, ${other.kind}, is here`)
  return accept([...seated, card])
}

/** Whether two cards cannot stand beside each other: one person twice, or two people with one key. */
function isTwin(one: Card, other: Card): boolean {
  if (cardCodec.digest(one) === cardCodec.digest(other)) return true
  const renewed = one.renews?.card === cardCodec.digest(other) || other.renews?.card === cardCodec.digest(one)
  if (renewed) return false
  const named = one.name === other.name
  if (named && one.kind === other.kind) return true
  const keys = new Set<string>(Object.values(one.keys))
  const shared = Object.values(other.keys).some((key) => keys.has(key))
  return (shared || named) && !(named && mayJoin([one.kind, other.kind]))
}

/** Roles that a script names and nobody here has. */
export function rolesMissing<R extends string>(
  script: { rehearsal: { people: readonly { role: R }[] } },
  seated: readonly Pick<Card, 'kind'>[],
): R[] {
  const roles = new Set(script.rehearsal.people.map(({ role }) => role))
  return [...roles].filter((role) => seated.every(({ kind }) => kind !== role))
}
