import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { atPad, buildPinPad, padEntries } from '../../../../packages/hsm/test/pin-pad-shim.ts'
import { resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
import { entriesOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 60_000 })

let place: ProductionPlace
beforeAll(() => {
  place = new ProductionPlace({ library: buildPinPad, logIn: 'pin-pad' })
})
afterAll(() => place.remove())
beforeEach(() => {
  place.nextRun()
  atPad(place.home, 'types')
  padEntries(place.home)
})

const begin = (answers = place.answers(null)) => {
  const token = { ceremony: place.uri(null) }
  return ended(runCeremony(place.plan, place.options({ token, answers }), place.program))
}
const performed = (effect: string) =>
  entriesOf(place.out).find(({ kind, fact }) => kind === 'step.performed' && fact.effect === effect)?.fact

test('PIN-PAD a token is initialised and logged in to at its own pad, and the transcript says so', async () => {
  expect(await begin()).toMatchObject({ exit: 4, json: { waitingFor: ['opening'] } })
  // The officer's PIN as it is set and as it is used, the user's as it is set, and the log-in.
  expect(padEntries(place.home)).toBe(4)
  expect(performed('log-in')?.result).toMatchObject({ by: 'pin-pad', pinState: 'ok' })
})

test.each([
  ['types wrongly', 'HSM-PIN-WRONG'],
  ['refuses', 'HSM-PAD-CANCELLED'],
] as const)(
  'PIN-PAD whoever %s at the pad is asked once: the run waits for a decision on %s',
  async (act, code) => {
    await begin(place.answers(null, ['log-in']))
    expect(padEntries(place.home)).toBe(3)
    atPad(place.home, act)
    const left = await ended(resumeCeremony(place.out, { answers: place.answers(null) }, place.program))
    expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['exception'] } })
    expect(performed('log-in')).toBeUndefined()
    expect(JSON.stringify(entriesOf(place.out).at(-1)?.fact)).toContain(code)
    await ended(resumeCeremony(place.out, { answers: place.answers(null) }, place.program))
    expect(padEntries(place.home)).toBe(1)
  },
)

test('PIN-PAD after a restart the session is gone: a person’s command asks for the PIN at the pad once more', async () => {
  await begin(place.answers(null, ['opening-inventory']))
  expect(padEntries(place.home)).toBe(4)
  await ended(resumeCeremony(place.out, { answers: place.answers(null) }, place.program))
  expect(padEntries(place.home)).toBe(1)
})
