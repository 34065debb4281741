import { expect, test } from 'vitest'
import { afterEvent, beforeLogIn, type LogIn, type LogInEvent } from '../../../src/platform/hsm/log-in.ts'

const print = { salt: '01', hash: '02' }
const after = (...events: LogInEvent[]): LogIn => events.reduce(afterEvent, beforeLogIn)
const loggedIn: LogInEvent = { kind: 'logged-in', generation: 1, print }
const failed = (code: string): LogInEvent => ({ kind: 'failed', code, detail: 'why' })
const lost: LogInEvent = { kind: 'token-lost', code: 'HSM-TOKEN-ABSENT', detail: 'gone' }

test('TOKEN-LOG-IN a server is sealed until the token takes its PIN', () => {
  expect(beforeLogIn.seal).toMatchObject({ code: 'TOKEN-PIN' })
  expect(after(loggedIn)).toMatchObject({ seal: null, generation: 1, print, isLost: false })
})

test('TOKEN-LOG-IN a PIN that fails is told as TOKEN-PIN, anything else by the driver’s own code', () => {
  expect(after(failed('HSM-PIN-INCORRECT')).seal).toEqual({ code: 'TOKEN-PIN', detail: 'why' })
  expect(after(failed('HSM-GENERAL')).seal).toEqual({ code: 'HSM-GENERAL', detail: 'why' })
  expect(after({ kind: 'pin-spent' }).seal).toMatchObject({ code: 'TOKEN-PIN' })
})

test('TOKEN-LOG-IN a lost token needs a new host, until one has answered', () => {
  for (const code of ['HSM-TOKEN-ABSENT', 'HSM-DEVICE-ERROR', 'HSM-BROKEN'])
    expect(after(loggedIn, failed(code)).isLost).toBe(true)
  expect(after(loggedIn, lost)).toMatchObject({ isLost: true, seal: { code: 'HSM-TOKEN-ABSENT' } })
  // The PIN file could not be read: no host was asked.
  const unread: LogInEvent = { kind: 'not-tried', code: 'TOKEN-PIN', detail: 'no file' }
  expect(after(lost, unread)).toMatchObject({ isLost: true, seal: { detail: 'no file' } })
  for (const answer of [loggedIn, failed('HSM-PIN-INCORRECT'), { kind: 'pin-spent' } as const])
    expect(after(lost, answer).isLost).toBe(false)
})

test('TOKEN-LOG-IN a PIN that was changed meanwhile is known as refused, by the print of the one that was good', () => {
  const changed: LogInEvent = { kind: 'pin-changed' }
  expect(after(loggedIn, changed)).toMatchObject({ refused: print, seal: { code: 'TOKEN-PIN' } })
  // Several calls fail of the same lost session: each says so.
  expect(after(loggedIn, changed, changed).refused).toEqual(print)
  // A token that was logged in already gives no print, and keeps the one of before.
  const already: LogInEvent = { kind: 'logged-in', generation: 2 }
  expect(after(loggedIn, lost, already)).toMatchObject({ print, generation: 2, seal: null })
})

test('TOKEN-LOG-IN a pad is asked once a start', () => {
  const asked: LogInEvent = { kind: 'pad-asked' }
  expect(beforeLogIn.isPadAsked).toBe(false)
  const refused = after(asked, { kind: 'pad-failed', code: 'HSM-PIN-INCORRECT', detail: 'wrong' })
  expect(refused).toMatchObject({
    isPadAsked: true,
    seal: { code: 'TOKEN-PAD', detail: 'HSM-PIN-INCORRECT: wrong' },
  })
  expect(after(asked, { kind: 'pad-spent' }).seal).toMatchObject({ code: 'TOKEN-PAD' })
})
