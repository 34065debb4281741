import { utf8 } from '@lux/crypto'
import { blobOf } from '../../src/exports/bundle.ts'
import { cardCodec, serverCardCodec } from '../../src/exports/documents.ts'
import { type Altered, other, predicate } from './altered-parts.ts'
import { makePerson, makeServer } from './people.ts'
import type { Alterations } from './sample-options.ts'

/** A card more in the bundle, named in its list. */
const withCard = (bytes: Uint8Array): Alterations => ({
  ...predicate((p) => ({ cards: [...p.cards, blobOf(bytes).sha256].sort() })),
  blobs: (all) => [...all, blobOf(bytes)],
})
const checkout = `dev:${'c0'.repeat(20)}`
const walkIn = makePerson('witness', 'Walter', 'production')
const rehearsing = makePerson('witness', 'Wim', 'rehearsal')

/** A list, a name or a number of the bundle is not that of the run. */
export const alteredLists: Altered[] = [
  ['CARDS', 'the card of somebody who was not there', { alter: withCard(cardCodec.encode(walkIn.card)) }],
  [
    'CARDS',
    'a card of the other domain',
    {
      alter: {
        ...withCard(cardCodec.encode(rehearsing.card)),
        header: (h) => ({
          ...h,
          roster: [...h.roster, { role: 'witness', name: 'Wim', card: cardCodec.digest(rehearsing.card) }],
        }),
      },
    },
  ],
  [
    'CARDS',
    'the card of another server',
    { alter: withCard(serverCardCodec.encode(makeServer('elsewhere', 'production').card)) },
  ],
  [
    'CARDS',
    'a witness who sits as an operator',
    {
      alter: {
        header: (h) => ({
          ...h,
          roster: h.roster.map((one) => (one.name === 'Xenia' ? { ...one, role: 'operator' as const } : one)),
        }),
      },
    },
  ],
  [
    'TRANSPORTS',
    'a node that is there twice',
    { alter: predicate((p) => ({ transports: [...p.transports, ...p.transports] })) },
  ],
  [
    'TRANSPORTS',
    'a key that is no root, sent to a server',
    {
      alter: predicate((p) => ({
        transports: p.transports.map((one) => ({
          ...one,
          roots: one.roots.map((root) => ({ ...root, id: 'org' })),
        })),
      })),
    },
  ],
  ['CARDS', 'cards in another order', { alter: predicate((p) => ({ cards: p.cards.toReversed() })) }],
  ['POSSESSION', 'a root without a proof', { alter: predicate(() => ({ possession: [] })) }],
  [
    'WRAP-TREE',
    'a key that is there twice',
    {
      alter: predicate((p) => ({
        wrapTree: [...p.wrapTree, ...p.wrapTree.filter(({ id }) => id === 'org')],
      })),
    },
  ],
  [
    'WRAP-TREE',
    'two keys in one wrapped blob',
    {
      alter: predicate((p) => {
        const blob = p.wrapTree.find(({ id }) => id === 'org')?.blob ?? null
        return { wrapTree: p.wrapTree.map((n) => (n.id === 'payments' ? { ...n, blob } : n)) }
      }),
    },
  ],
  [
    'TOOL',
    'a checkout in production, even where the policy lists it',
    {
      alter: {
        policy: (p) => ({ ...p, acceptedTools: [checkout] }),
        header: (h) => ({ ...h, tool: { ...h.tool, build: checkout } }),
      },
    },
  ],
  [
    'FHE-COMMITMENTS',
    'two holders with one card',
    {
      fhe: true,
      alter: predicate((p) => ({
        fhe: p.fhe && {
          ...p.fhe,
          holders: p.fhe.holders.map((h) => ({ ...h, card: p.fhe?.holders[0]?.card ?? h.card })),
        },
      })),
    },
  ],
  ...(['ceremonyId', 'planHash', 'policyDigest'] as const).map(
    (name): Altered => [
      'OPENING-CERTIFICATE',
      `a certificate with another ${name}`,
      { alter: { opening: (o) => ({ ...o, [name]: other.slice(0, o[name].length) }) } },
    ],
  ),
  ...(['opening', 'planHash'] as const).map(
    (name): Altered => [
      'CHECKPOINTS',
      `a checkpoint with another ${name}`,
      { alter: { checkpoint: (c) => ({ ...c, [name]: other }) } },
    ],
  ),
  ['DOMAIN', 'a transcript of a rehearsal', { alter: { header: (h) => ({ ...h, domain: 'rehearsal' }) } }],
  [
    'AUDIENCE',
    'a server whose receipt key is not that of the policy',
    {
      alter: {
        policy: (p) => ({
          ...p,
          audiences: p.audiences.map((one) => ({
            ...one,
            receiptKey: makeServer('elsewhere', 'production').card.receiptKey,
          })),
        }),
      },
    },
  ],
  ['SEQUENCE', 'a number for no server', { alter: predicate(() => ({ audience: null })) }],
  [
    'BLOB-REFERENCES',
    'a key that names no file of the bundle',
    {
      alter: predicate((p) => ({
        wrapTree: p.wrapTree.map((n) =>
          n.id === 'org' ? { ...n, blob: blobOf(utf8('elsewhere')).sha256 } : n,
        ),
      })),
    },
  ],
  [
    'EXCEPTIONS',
    'a decision on a transcript that did not stand yet',
    { alter: predicate((p) => ({ exceptions: p.exceptions.map((e) => ({ ...e, size: e.size + 1 })) })) },
  ],
]
