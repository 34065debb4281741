import { expect, test } from 'vitest'
import { endOfChallenge, makeChallenge } from '../../../src/access/webauthn/challenge.ts'

const key = new Uint8Array(32).fill(7)
const now = new Date('2026-11-28T10:00:00.000Z')
const later = (ms: number) => new Date(now.getTime() + ms)

test('WEBAUTHN-CHALLENGE the server knows its own challenge again, for its purpose, for five minutes', () => {
  const made = makeChallenge(key, 'log-in', now)
  expect(endOfChallenge(key, 'log-in', made, now)).toEqual(later(300_000))
  expect(endOfChallenge(key, 'log-in', made, later(299_999))).not.toBe(null)
  expect(makeChallenge(key, 'log-in', now)).not.toEqual(made)
})

test('WEBAUTHN-CHALLENGE none for another purpose, person or server, none that was changed, and none that is over', () => {
  const made = makeChallenge(key, 'enrol ada', now)
  expect(endOfChallenge(key, 'enrol grace', made, now)).toBe(null)
  expect(endOfChallenge(key, 'log-in', made, now)).toBe(null)
  expect(endOfChallenge(new Uint8Array(32), 'enrol ada', made, now)).toBe(null)
  expect(endOfChallenge(key, 'enrol ada', made, later(300_000))).toBe(null)
  expect(endOfChallenge(key, 'enrol ada', made.subarray(1), now)).toBe(null)
  expect(endOfChallenge(key, 'enrol ada', new Uint8Array(0), now)).toBe(null)
  for (let at = 0; at < made.length; at++) {
    const other = Uint8Array.from(made, (byte, index) => (index === at ? byte ^ 1 : byte))
    expect(endOfChallenge(key, 'enrol ada', other, now)).toBe(null)
  }
})
