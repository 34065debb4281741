import { describe, expect, it } from 'vitest'
import type { Compared } from '../../src/contract/index.ts'
import { cardStates, heardWhole, inHand, saysHeard } from '../../src/renderer/runner/step/heard.ts'
import { hex, run, words } from '../support/fake-views.ts'

const other = 'a'.repeat(64)
const compares: Compared[] = [
  { what: 'plan', digest: hex, words },
  { what: 'policy', digest: other, words },
]
const differed = (digest: string, card: number) => ({
  remarks: [
    {
      ...{
        kind: 'deviation' as const,
        step: 'open-run',
        at: '2026-11-24T16:00:00.000Z',
        by: 'Mei',
        text: '',
      },
      decided: 'continue' as const,
      compared: { what: 'plan', digest, card },
    },
  ],
})

describe('the card in hand', () => {
  it('is the first that nobody heard yet, digest after digest, and there is none once all were heard', () => {
    expect(inHand(compares, {})).toMatchObject({ compared: { what: 'plan' }, card: 1 })
    expect(inHand(compares, { [hex]: 7 })).toMatchObject({ compared: { what: 'plan' }, card: 8 })
    expect(inHand(compares, { [hex]: 8 })).toMatchObject({ compared: { what: 'policy' }, card: 1 })
    expect(inHand(compares, { [hex]: 8, [other]: 8 })).toBeNull()
  })

  it('shows eight cards, and one that differed before until it is heard again', () => {
    expect(cardStates(differed(hex, 2), hex, { [hex]: 0 }, true)).toEqual([
      ...['reading', 'differs', 'waiting', 'waiting', 'waiting', 'waiting', 'waiting', 'waiting'],
    ])
    expect(cardStates(differed(hex, 2), hex, { [hex]: 2 }, true).slice(0, 3)).toEqual([
      ...['heard', 'heard', 'reading'],
    ])
    expect(cardStates(differed(hex, 2), other, {}, false)).toEqual(Array(8).fill('waiting'))
  })
})

describe('who has heard', () => {
  const people = run.people.map((person) => ({ ...person, standIn: false }))
  const view = { ...run, people }
  const at = (heard: Record<string, number>) => inHand(compares, heard)

  it('is said with the last card of each digest, before it goes on', () => {
    expect(saysHeard(view, at({ [hex]: 6 }))).toBe(null)
    expect(saysHeard(view, at({ [hex]: 7 }))).toBe(hex)
    expect(saysHeard({ ...view, may: { ...view.may, hear: false } }, at({ [hex]: 7 }))).toBe(null)
    expect(saysHeard(view, at({ [hex]: 8 }))).toBe(null)
    expect(saysHeard(view, at({ [hex]: 8, [other]: 7 }))).toBe(other)
    expect(saysHeard(view, at({ [hex]: 8, [other]: 8 }))).toBe(null)
  })

  it('goes on with the words, each with whoever said so', () => {
    const room = { heard: { [hex]: 8, [other]: 7 }, heardBy: { [hex]: ['Mei', 'Ada'], [other]: ['Ada'] } }
    expect(heardWhole(compares, room)).toEqual([{ digest: hex, by: ['Mei', 'Ada'] }])
    expect(heardWhole(compares, { heard: { [other]: 8 }, heardBy: {} })).toEqual([{ digest: other, by: [] }])
  })

  it('is not asked of whoever plays everybody', () => {
    const last = at({ [hex]: 7 })
    const alone = run.people.map((person) => ({ ...person, standIn: true }))
    expect(saysHeard({ ...view, domain: 'rehearsal', people: alone }, last)).toBe(null)
  })
})
