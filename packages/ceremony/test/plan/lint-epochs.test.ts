import { describe, expect, it } from 'vitest'
import { type Card, cardCodec } from '../../src/documents/people/card.ts'
import { renewCard } from '../../src/documents/people/card-renewal.ts'
import type { Plan } from '../../src/exports/engine.ts'
import { lintPlan, lintRenewedCards } from '../../src/exports/plan.ts'
import { copyOf, planOf, stepIn, without } from '../engine/plans.ts'
import { type Someone, someone, someoneRenewed } from '../engine/seats.ts'

const life = planOf('fhe-life', 'production').plan
const rulesOf = (plan: Plan) => [...new Set(lintPlan(plan).map(({ rule }) => rule))]

function changed(change: (plan: Plan) => void): string[] {
  const plan = copyOf(life)
  change(plan)
  return rulesOf(plan)
}

function detailsOf(change: (plan: Plan) => void): string[] {
  const plan = copyOf(life)
  change(plan)
  return lintPlan(plan).map(({ detail }) => detail)
}

describe('a plan with decryptions', () => {
  it('lints as it is shipped', () => expect(lintPlan(life)).toEqual([]))

  it('PLAN-41 needs a key, approvers and as many answers as there can be', () => {
    expect(changed((plan) => delete plan.fhe)).toContain('PLAN-41')
    expect(
      changed((plan) => (plan.people = plan.people.filter(({ role }) => role !== 'approver'))),
    ).toContain('PLAN-41')
    for (const answers of [1, 4])
      expect(changed((plan) => (plan.decryptions![0]!.answers = answers))).toContain('PLAN-41')
    expect(changed((plan) => (plan.decryptions![1]!.answers = 2))).toContain('PLAN-41')
    expect(changed((plan) => plan.decryptions!.push(plan.decryptions![0]!))).toContain('PLAN-41')
  })

  it('PLAN-62 asks, approves, answers and takes the result in this order, each once', () => {
    for (const id of ['take-request', 'approve-request', 'answer-request', 'take-result', 'result-canary'])
      expect(rulesOf(without(life, id))).toContain('PLAN-62')
    expect(changed((plan) => (stepIn(plan, 'take-request-again').decryption = 'first'))).toContain('PLAN-62')
  })

  it('PLAN-62 takes a canary only between the proofs and the life of the epoch', () => {
    const early = changed((plan) => {
      plan.parts[3]!.steps = [...plan.parts[3]!.steps.slice(4), ...plan.parts[3]!.steps.slice(0, 4)]
    })
    expect(early).toContain('PLAN-62')
  })

  it.each(['approve-epoch', 'redeal'])(
    'PLAN-62 decrypts nothing between %s and the life of the epoch',
    (id) => {
      const between = changed((plan) => {
        plan.decryptions!.push({ ...plan.decryptions!.find((one) => one.id === 'first')!, id: 'between' })
        const asked = plan.parts
          .flatMap(({ steps }) => steps)
          .filter(({ decryption }) => decryption === 'first')
          .map((one) => ({ ...one, id: `${one.id}-between`, decryption: 'between' }))
        const { steps } = plan.parts.find((part) => part.steps.some((one) => one.id === id))!
        steps.splice(steps.findIndex((one) => one.id === id) + 1, 0, ...asked)
      })
      expect(between).toEqual(['PLAN-62'])
    },
  )

  it('PLAN-62 tries one canary of an epoch', () => {
    const twice = changed((plan) => {
      const canary = plan.decryptions!.find((one) => one.canary)!
      plan.decryptions!.push({ ...canary, id: 'canary-again' })
      const { steps } = plan.parts.find((part) => part.steps.some((one) => one.decryption === canary.id))!
      const again = steps
        .filter((one) => one.decryption === canary.id)
        .map((one) => ({ ...one, id: `${one.id}-again`, decryption: 'canary-again' }))
      steps.splice(
        steps.findIndex((one) => one.do === 'epoch-live'),
        0,
        ...again,
      )
    })
    expect(twice).toEqual(['PLAN-62'])
  })

  it('PLAN-60 names a decryption of the plan', () => {
    expect(changed((plan) => (stepIn(plan, 'take-request').decryption = 'lost'))).toContain('PLAN-60')
    expect(changed((plan) => delete stepIn(plan, 'take-request').decryption)).toContain('PLAN-60')
    expect(changed((plan) => (stepIn(plan, 'seal').decryption = 'first'))).toContain('PLAN-60')
  })
})

const staying = someone('holder', 'Holder Two', 'production')
const { identity } = staying
const [before, after] = [cardOf(staying), cardOf(someoneRenewed('Holder Two', 'production'))]

function cardOf({ card }: Someone): Card {
  const read = cardCodec.check(card)
  if (!read.ok) throw new Error(read.detail)
  return read.value
}

/** A copy in which these holders alone sit once more, as if they stayed. */
function seatedAgain(plan: Plan, names: readonly string[]): Plan {
  const copy = copyOf(plan)
  const { people } = copy
  const once = people.filter(({ name }, at) => people.findIndex((one) => one.name === name) === at)
  const again = names.map((name) => ({
    role: 'holder' as const,
    name,
    card: someoneRenewed(name, 'production').digest,
  }))
  copy.people = [...once, ...again]
  return copy
}

describe('a plan with a next epoch', () => {
  const reshare = (change: Partial<NonNullable<Plan['reshare']>>) =>
    changed((plan) => (plan.reshare = { ...plan.reshare!, ...change }))

  it('PLAN-42 needs a quorum, people, and exactly t dealers of the old epoch in their order', () => {
    expect(reshare({ t: 4 })).toContain('PLAN-42')
    expect(reshare({ n: 4 })).toContain('PLAN-42')
    expect(reshare({ holders: ['Holder Two', 'Holder Two', 'Holder Five'] })).toContain('PLAN-42')
    expect(reshare({ holders: ['Holder Two', 'Nobody', 'Holder Five'] })).toContain('PLAN-42')
    expect(reshare({ dealers: ['Holder One'] })).toContain('PLAN-42')
    expect(reshare({ dealers: ['Holder Two', 'Holder One'] })).toContain('PLAN-42')
    expect(reshare({ dealers: ['Holder One', 'Holder Four'] })).toContain('PLAN-42')
  })

  it('PLAN-42 a refresh keeps the people, and a removal takes some away', () => {
    expect(reshare({ kind: 'refresh' })).toContain('PLAN-42')
    expect(reshare({ kind: 'remove' })).toContain('PLAN-42')
    const refreshed = seatedAgain(life, life.fhe!.holders)
    refreshed.reshare = { ...refreshed.reshare!, kind: 'refresh', holders: life.fhe!.holders }
    expect(lintPlan(refreshed)).toEqual([])
    const fewer = { kind: 'remove' as const, t: 2, n: 2, holders: ['Holder One', 'Holder Three'] }
    const plan = seatedAgain(life, fewer.holders)
    plan.reshare = { ...plan.reshare!, ...fewer }
    for (const decryption of plan.decryptions!) if (decryption.canary) decryption.answers = 2
    expect(lintPlan(plan)).toEqual([])
  })

  it('PLAN-43 a holder who stays has a card for each epoch, and nobody else has two', () => {
    const [name = ''] = life.reshare!.holders.filter((one) => life.fhe!.holders.includes(one))
    const seats = (plan: Plan) => plan.people.filter((one) => one.role === 'holder' && one.name === name)
    expect(seats(life).length).toBe(2)
    expect(changed((plan) => (plan.people = plan.people.filter((one) => one !== seats(plan)[1])))).toEqual([
      'PLAN-43',
    ])
    expect(reshare({ kind: 'refresh', holders: life.fhe!.holders })).toEqual(['PLAN-43'])
    expect(changed((plan) => plan.people.push({ ...seats(plan)[1]!, card: 'f'.repeat(64) }))).toEqual([
      'PLAN-10',
    ])
    expect(changed((plan) => plan.people.push(seats(plan)[1]!))).toEqual(['PLAN-10'])
    for (const other of ['Holder One', 'Holder Four'])
      expect(rulesOf(seatedAgain(life, [name, other]))).toEqual(['PLAN-10'])
    expect(changed((plan) => delete plan.reshare)).toContain('PLAN-10')
  })

  it.each<[string, string, (first: Card, second: Card) => Card]>([
    ['RENEWAL-OTHER', 'is a card by itself', (_, { renews: _none, ...card }) => card],
    [
      'RENEWAL-OTHER',
      'renews another card',
      (first, card) => renewCard(identity, { ...first, note: 'x' }, card.recipient!),
    ],
    [
      'RENEWAL-KEY',
      'has the envelope key of the first',
      (first) => renewCard(identity, first, first.recipient!),
    ],
    [
      'RENEWAL-SIGNATURE',
      'was changed after it was signed',
      (_, card) => ({ ...card, recipient: `age1pq1${'z'.repeat(60)}` }),
    ],
  ])('PLAN-43 %s: the second card %s', (code, _what, spoil) => {
    const plan = copyOf(life)
    const cards = new Map([before, after].map((card) => [cardCodec.digest(card), card]))
    expect(lintRenewedCards(plan, (digest) => cards.get(digest))).toEqual([])
    expect(lintRenewedCards(plan, () => undefined)).toEqual([])
    cards.set(cardCodec.digest(after), spoil(before, after))
    const found = lintRenewedCards(plan, (digest) => cards.get(digest))
    expect(found).toMatchObject([{ rule: 'PLAN-43', detail: expect.stringContaining(code) }])
  })

  it('PLAN-63 approves, deals, assembles, proves, tries the canary and goes live, each once', () => {
    for (const id of ['approve-epoch', 'redeal', 'assemble-epoch', 'acknowledge-next', 'epoch-live'])
      expect(rulesOf(without(life, id))).toContain('PLAN-63')
    expect(changed((plan) => delete plan.reshare)).toContain('PLAN-63')
    const twice = changed((plan) => {
      const steps = plan.parts[3]!.steps
      steps.push({ ...steps.at(-1)!, id: 'epoch-live-again' })
    })
    expect(twice).toContain('PLAN-63')
  })

  it('PLAN-42 a key of mode F moves to no quorum at which mode F does not hold, as it is dealt at none', () => {
    const held = (['2 2', '2 3', '3 3', '2 4', '3 4', '3 5', '8 15'] as const).filter((pair) => {
      const [t, n] = pair.split(' ').map(Number)
      return !detailsOf((plan) => Object.assign(plan.reshare!, { t, n })).some((text) =>
        text.includes('a key of mode F can move to 2 of 2, 2 of 3 and 3 of 3'),
      )
    })
    expect(held).toEqual(['2 2', '2 3', '3 3'])
  })

  it('PLAN-42 moves no key of mode F whose squash key no canary would try', () => {
    expect(changed((plan) => (plan.fhe!.squash = true))).toContain('PLAN-42')
    expect(changed((plan) => Object.assign(plan.fhe!, { squash: true, mode: 'S' }))).not.toContain('PLAN-42')
  })

  it('PLAN-57 deals no key that was dealt before', () => {
    const plan = copyOf(life)
    plan.fhe!.existing = { keyId: 'a'.repeat(64), epochId: 'b'.repeat(64), epoch: 0, public: 'c'.repeat(64) }
    expect(rulesOf(plan)).toContain('PLAN-57')
  })
})
