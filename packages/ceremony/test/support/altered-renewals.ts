import { type Card, cardCodec, renewCard } from '../../src/exports/documents.ts'
import type { Altered } from './altered-parts.ts'
import { makePerson, renewedPerson, sampleRecipient } from './people.ts'

const life = { fhe: true, life: true, renewed: true }
const ito = makePerson('holder', 'Ito', 'production')
const jun = makePerson('holder', 'Jun', 'production')
/** Ito's keys, and so his identity, under another name. */
const twin: Card = { ...ito.card, name: 'Jun' }
const recipient = sampleRecipient('Ito next')
const kept = renewCard(ito.identity, ito.card, ito.card.recipient ?? '')

const renewal = (what: string, made: (card: Card) => Card): Altered => [
  'CARDS',
  what,
  { ...life, alter: { renewal: made } },
]

/** The second card of a holder who stays does not renew the first. */
export const alteredRenewals: Altered[] = [
  renewal('a second card that renews none', ({ renews: _none, ...card }) => card),
  renewal('a renewal with the envelope key of the epoch before', () => kept),
  renewal('a renewal signed by somebody else', () => {
    const { card } = renewedPerson(jun)
    return { ...card, name: 'Ito', renews: { ...card.renews!, card: cardCodec.digest(ito.card) } }
  }),
  renewal('a renewal of a card of another name', () => ({
    ...renewCard(ito.identity, twin, recipient),
    name: 'Ito',
  })),
  renewal('a renewal of an earlier card, used again', () =>
    renewCard(ito.identity, { ...ito.card, recipient: sampleRecipient('Ito before') }, recipient),
  ),
  renewal('a renewal whose envelope key somebody changed', (card) => ({
    ...card,
    recipient: sampleRecipient('thief'),
  })),
  [
    'CARDS',
    'a third card of one holder',
    {
      ...life,
      alter: {
        header: (h) => ({ ...h, roster: [...h.roster, h.roster.find((seat) => seat.name === 'Ito')!] }),
      },
    },
  ],
  [
    'FHE-EPOCH',
    'a next share of the holder’s card of the epoch before',
    {
      ...life,
      alter: {
        predicate: (p) => ({
          ...p,
          next: p.next && {
            ...p.next,
            holders: p.next.holders.map((one) =>
              one.name === 'Ito' ? { ...one, card: cardCodec.digest(ito.card) } : one,
            ),
          },
        }),
      },
    },
  ],
]
