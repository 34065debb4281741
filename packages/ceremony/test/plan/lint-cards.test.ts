import { describe, expect, it } from 'vitest'
import { newest } from '../../src/documents/format/versions.ts'
import { type Card, cardCodec, cardNameFault } from '../../src/documents/people/card.ts'
import { renewCard } from '../../src/documents/people/card-renewal.ts'
import { lintCards } from '../../src/exports/plan.ts'
import { copyOf, planOf } from '../engine/plans.ts'
import { someone, someoneAt } from '../engine/seats.ts'

const life = planOf('fhe-life', 'production').plan
const first = planOf('first-run', 'production').plan

/** Whom the plan seats, each card as `change` leaves it; the plan names the changed cards. */
function linted(change: (card: Card, at: number) => Card = (card) => card, of = life): string[] {
  const plan = copyOf(of)
  const cards = new Map<string, Card>()
  for (const [at, person] of plan.people.entries()) {
    const card = change(cardAt(at, of), at)
    person.card = cardCodec.digest(card)
    cards.set(person.card, card)
  }
  return lintCards(plan, (digest) => cards.get(digest)).map(({ rule, detail }) => `${rule} ${detail}`)
}

function cardAt(at: number, plan = life): Card {
  const read = cardCodec.check(someoneAt(plan.people, at, 'production').card)
  if (!read.ok) throw new Error(read.detail)
  return read.value
}

const seatOf = (role: string, nth = 0, { people } = life) =>
  people.findIndex((one) => one === people.filter((person) => person.role === role)[nth])

describe('a plan beside its cards', () => {
  it('takes a plan in which everybody has keys of their own, a holder who stays sitting twice with the same', () => {
    const staying = life.people.filter(({ name }) => name === 'Holder Two')
    expect(staying).toHaveLength(2)
    expect(linted()).toEqual([])
    expect(lintCards(life, () => undefined)).toEqual([])
  })

  it.each(['officer', 'witness', 'holder', 'approver'])(
    'PLAN-10 refuses two people of the role %s with the same signing key',
    (role) => {
      const [one, two] = [seatOf(role), seatOf(role, 1)]
      const found = linted((card, at) => (at === two ? { ...card, keys: cardAt(one).keys } : card))
      expect(found[0]).toMatch(/^PLAN-10 .+ and .+ have the same ed25519 key$/)
    },
  )

  it('PLAN-11 refuses an operator with a key of an officer of the policy who is not seated, under whatever name', () => {
    const at = seatOf('operator')
    const card = (digest: string) =>
      life.people.findIndex((one) => one.card === digest) === at ? cardAt(at) : undefined
    const { keys } = cardAt(at)
    const judged = (role: 'officer' | 'witness' | 'holder', of = keys) =>
      lintCards(life, card, { judges: [{ role, name: life.people[at]!.name, keys: of }], oldest: 1 }).map(
        ({ rule }) => rule,
      )
    expect([judged('officer'), judged('witness')]).toEqual([['PLAN-11'], ['PLAN-11']])
    expect(judged('officer', cardAt(seatOf('witness')).keys)).toEqual([])
  })

  it('CARD-NAME a card of before with a name that breaks the text rule is read, and nothing new holds that name', () => {
    const old = { ...cardAt(seatOf('holder')), v: 1 as const, name: 'A\u200bda' }
    expect(cardCodec.check(old).ok).toBe(true)
    expect(cardNameFault(old)).toBe('A\u200bda: hidden')
    expect(cardNameFault({ name: 'Ada' })).toBe(null)
  })

  it('POLICY-OLDEST refuses the card of a holder that the policy will not accept, before any run', () => {
    const holder = seatOf('holder')
    const cards = new Map<string, Card>(
      life.people.map(({ card }, at) => [card, { ...cardAt(at), v: at === holder ? 1 : newest }]),
    )
    const found = (oldest: Card['v']) =>
      lintCards(life, (digest) => cards.get(digest), { judges: [], oldest })
        .filter(({ rule }) => rule === 'POLICY-OLDEST')
        .map(({ detail }) => detail)
    expect(found(1)).toEqual([])
    expect(found(2)).toEqual([
      `${life.people[holder]?.name} as holder has a card of version 1, the policy accepts 2 or later`,
    ])
  })

  it('PLAN-10 refuses two officers of whom one has a half of the other’s hybrid key', () => {
    const half = someone('officer', 'Somebody', 'production').identity.keys
    const [one, two] = [seatOf('officer'), seatOf('officer', 1)]
    const p256 = Buffer.alloc(65, 4).toString('base64')
    const found = linted((card, at) => {
      if (at === one) return { ...card, keys: { ...half, p256 } }
      return at === two ? { ...card, keys: { ...card.keys, p256 } } : card
    })
    expect(found).toEqual([
      'PLAN-10 Officer One as officer and Officer Two as officer have the same p256 key',
    ])
  })

  it('PLAN-10 refuses two holders with the same envelope key, the renewed one of a holder who stays too', () => {
    const again = life.people.findLastIndex(({ name }) => name === 'Holder Two')
    for (const two of [seatOf('holder', 2), again]) {
      const { recipient = '' } = cardAt(seatOf('holder'))
      const found = linted((card, at) => {
        if (at !== two) return card
        if (two !== again) return { ...card, recipient }
        return renewCard(
          someone('holder', 'Holder Two', 'production').identity,
          cardAt(seatOf('holder', 1)),
          recipient,
        )
      })
      expect(found).toEqual([expect.stringMatching(/^PLAN-10 Holder One .* have the same envelope key$/)])
    }
  })

  it.each([
    ['operator', 'so'],
    ['administrator', 'officer'],
    ['operator', 'witness'],
    ['officer', 'approver'],
    ['holder', 'witness'],
  ])('PLAN-11 refuses the signing key of the %s under the name of the %s', (role, other) => {
    const plan = other === 'so' ? first : life
    const [one, two] = [seatOf(role, 0, plan), seatOf(other, 0, plan)]
    const { keys } = cardAt(one, plan)
    const found = linted((card, at) => (at === two ? { ...card, keys } : card), plan)
    expect(found).toEqual([expect.stringMatching(/^PLAN-11 .+ and .+ have the same ed25519 key$/)])
  })

  it('PLAN-10 refuses one key under two names in roles that one person may join, and takes it under one name', () => {
    const [officer, holder] = [seatOf('officer'), seatOf('holder')]
    const { keys } = cardAt(officer)
    expect(linted((card, at) => (at === holder ? { ...card, keys } : card))).toEqual([
      expect.stringMatching(/^PLAN-10 /),
    ])
    const plan = copyOf(life)
    plan.people[holder]!.name = plan.people[officer]!.name
    const cards = new Map(plan.people.map(({ card }, at) => [card, cardAt(at)]))
    cards.set(plan.people[holder]!.card, { ...cardAt(holder), keys })
    expect(lintCards(plan, (digest) => cards.get(digest))).toEqual([])
  })
})
