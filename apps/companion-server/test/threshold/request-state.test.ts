import { expect, test } from 'vitest'
import { byteRange } from '../../src/platform/http/query.ts'
import { stateAfterAnswer, stateNow } from '../../src/threshold/requests.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 15, 9, minute))

test.each([
  ['open', null, 9, 'open'],
  ['open', null, 10, 'expired'],
  ['ready', null, 10, 'expired'],
  ['released', 5, 10, 'released'],
  ['released', 5, 65, 'closed'],
  ['refused', null, 10, 'refused'],
  ['closed', 5, 99, 'closed'],
] as const)(
  'a request that is %s, released at %s, is at minute %s %s',
  (state, released, minute, expected) => {
    const request = { state, expires_at: at(10), released_at: released === null ? null : at(released) }
    expect(stateNow(request, at(minute))).toBe(expected)
  },
)

test('n - t + 1 refusals leave fewer than t holders; one less does not', () => {
  for (const [t, n] of [
    [2, 3],
    [3, 5],
    [5, 9],
  ] as const) {
    expect(stateAfterAnswer({ t, n }, { refusals: n - t, combined: false })).toBe('open')
    expect(stateAfterAnswer({ t, n }, { refusals: n - t + 1, combined: false })).toBe('refused')
    expect(stateAfterAnswer({ t, n }, { refusals: n - t, combined: true })).toBe('ready')
  }
})

test.each([
  ['bytes=0-0', [0, 0]],
  ['bytes=90-', [90, 99]],
  ['bytes=90-1000', [90, 99]],
  ['bytes=-10', [90, 99]],
  ['bytes=-1000', [0, 99]],
  ['bytes=100-', 'outside'],
  ['bytes=-0', 'outside'],
  ['bytes=9-3', null],
  ['bytes=-', null],
  ['bytes=0-1,5-6', null],
  ['lines=0-1', null],
  [undefined, null],
] as const)('the range %s of 100 bytes is %j', (header, expected) => {
  expect(byteRange(header, 100)).toEqual(expected)
})
