import type { Domain } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { type Card, cardCodec } from '../documents/people/card.ts'
import { checkRenewalSignature } from '../documents/people/card-renewal.ts'
import { mayJoin } from '../plan/queries.ts'
import type { Script } from './script.ts'

/** What a card has to be to join those who are there: of that domain, and of that kind where one is asked for. */
export type SeatFor = { readonly domain: Domain; readonly kind?: Card['kind'] }

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

/** A role that a script may name. */
type SeatRole = Script['rehearsal']['people'][number]['role']

/** Roles that a script names and nobody here has. */
export function rolesMissing(script: Script, seated: readonly Pick<Card, 'kind'>[]): SeatRole[] {
  const roles = new Set(script.rehearsal.people.map(({ role }) => role))
  return [...roles].filter((role) => seated.every(({ kind }) => kind !== role))
}
