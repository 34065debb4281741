import { type Card, cardCodec } from '@lux/ceremony/wire'
import { expect, test } from 'vitest'
import { makePerson } from '../../../../../../packages/ceremony/test/support/people.ts'
import { knownCard, knownPeople } from '../../../../src/core/services/setups/known-people.ts'
import type { ServiceContext } from '../../../../src/core/services/shared/service-context.ts'

const cardOf = (kind: Card['kind'], name: string, domain: Card['domain'] = 'production') =>
  makePerson(kind, name, domain).card
const ids = { now: 'a'.repeat(32), last: 'b'.repeat(32), first: 'c'.repeat(32), tried: 'd'.repeat(32) }

const state = (title: string, cards: readonly Card[], domain = 'production') =>
  JSON.stringify({
    v: 1,
    domain,
    title,
    organisation: { id: '', name: '' },
    expiry: '2027-12-31T23:59:59.999Z',
    ...{ officerQuorum: null, witnessQuorum: null, approverThreshold: null },
    ...{ softTokens: false, leastEvidence: 'E1', otherTools: [], script: null, values: {} },
    cards,
    ...{ servers: [], adopted: null, signed: null, rehearsal: null, approvals: [], run: null },
  })

test('SETUP-KNOWN people of earlier ceremonies take part without bringing their cards again, under the newest title that had them', () => {
  const [lena, amara, mei] = [cardOf('officer', 'Lena'), cardOf('officer', 'Amara'), cardOf('witness', 'Mei')]
  const holder = cardOf('holder', 'Yusuf')
  const other = cardOf('officer', 'Otto', 'rehearsal')
  const rows = [
    { id: ids.now, state: state('Root 2027', [mei]), changed: '2026-12-01' },
    { id: ids.first, state: state('Root 2025', [lena, amara, mei, holder]), changed: '2025-12-01' },
    { id: ids.last, state: state('Root 2026', [lena]), changed: '2026-06-01' },
    { id: ids.tried, state: state('Tried', [other], 'rehearsal'), changed: '2026-11-01' },
    { id: 'e'.repeat(32), state: 'damaged', changed: '2026-11-02' },
  ]
  const parts = { store: { setups: () => rows } } as unknown as ServiceContext
  const { people } = knownPeople(parts, { id: ids.now })
  expect(people.map(({ name, role, title }) => [name, role, title])).toEqual([
    ['Lena', 'officer', 'Root 2026'],
    ['Amara', 'officer', 'Root 2025'],
  ])
  expect(knownCard(parts, { id: ids.now, card: cardCodec.digest(lena) })).toEqual(lena)
  for (const card of [holder, other, mei])
    expect(() => knownCard(parts, { id: ids.now, card: cardCodec.digest(card) })).toThrow(
      expect.objectContaining({ code: 'FILE-WRONG-KIND' }),
    )
})
