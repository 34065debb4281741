import { type Card, cardCodec } from '@lux/ceremony/wire'
import { ExpectedError } from '@lux/node-files'
import type { InputOf, KnownPerson } from '../../../contract/index.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { loadSetup, type Setup } from './setup-state.ts'
import { personOf } from './setup-view.ts'

/** Their cards are made for one key, and made anew for the next. */
const ofOneKey: readonly Card['kind'][] = ['holder', 'custodian']

/** Cards that this workstation took for other ceremonies, and that nobody has to bring again; the newest ceremony names each. */
export function knownPeople(
  parts: ServiceContext,
  { id }: InputOf<'setups.known'>,
): { people: KnownPerson[] } {
  const { domain, cards } = loadSetup(parts, id)
  const here = new Set(cards.map((card) => cardCodec.digest(card)))
  const known = new Map<string, KnownPerson>()
  const others = parts.store.setups().filter((row) => row.id !== id)
  for (const row of others.toSorted((a, b) => (a.changed < b.changed ? 1 : -1))) {
    const other = readable(parts, row.id)
    for (const card of other?.domain === domain ? other.cards : []) {
      const person = personOf(card)
      if (ofOneKey.includes(card.kind) || here.has(person.card) || known.has(person.card)) continue
      known.set(person.card, { ...person, title: other?.title ?? '' })
    }
  }
  return { people: [...known.values()] }
}

/** Errors: FILE-WRONG-KIND where no other ceremony of this store has it. */
export function knownCard(parts: ServiceContext, { id, card }: InputOf<'setups.seat'>): Card {
  if (!knownPeople(parts, { id }).people.some((one) => one.card === card))
    throw new ExpectedError('FILE-WRONG-KIND', 'no earlier ceremony here has this card')
  const all = parts.store.setups().flatMap((row) => readable(parts, row.id)?.cards ?? [])
  const found = all.find((one) => cardCodec.digest(one) === card)
  if (found === undefined) throw new Error('it was listed above')
  return found
}

/** Another set-up that is damaged is told where it is opened. */
function readable(parts: ServiceContext, id: string): Setup | null {
  try {
    return loadSetup(parts, id)
  } catch (error) {
    if (error instanceof ExpectedError) return null
    throw error
  }
}
