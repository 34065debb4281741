import { describe, expect, it } from 'vitest'
import type { Compared } from '../../src/contract/index.ts'
import { cardStates, inHand } from '../../src/renderer/runner/heard.ts'
import { hex, words } from '../support/fake-views.ts'

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
      ...{ decided: 'accept' as const, compared: { what: 'plan', digest, card } },
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
