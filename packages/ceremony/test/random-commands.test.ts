import { utf8 } from '@lux/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Command, decide, owed, replay, runState, type State, view } from '../src/exports/engine.ts'
import { FakeCore } from './engine/fake-core.ts'
import { planOf } from './engine/plans.ts'
import { sign, someone } from './engine/seats.ts'

const { plan, hash } = planOf('first-run', 'production')
const steps = plan.parts.flatMap((part) => part.steps.map(({ id }) => id))
const names = [...plan.people.map(({ name }) => name), 'Mallory', '']

/** What must hold in every state that a run can be in. */
function legal(state: State): void {
  const states = state.steps.map((step) => step.state)
  const ended = states.filter((step) => step === 'Done' || step === 'Skipped').length
  expect(states.slice(0, ended).every((step) => step === 'Done' || step === 'Skipped')).toBe(true)
  expect(ended).toBe(state.current)
  expect(states.slice(state.current + 1).every((step) => step === 'Pending')).toBe(true)
  expect(state.exceptions.filter(({ decision }) => decision === null).length).toBeLessThanOrEqual(1)
  expect(new Set(state.keys.map(({ id }) => id)).size).toBe(state.keys.length)
  if (state.keys.length > 0)
    expect(state.opening?.signers.length).toBeGreaterThanOrEqual(state.terms.officers)
  const sealed = ['Sealed', 'Exported', 'Receipted', 'Closed'].includes(state.base)
  if (sealed) {
    expect(state.bundle?.signers.length).toBe(state.terms.officers)
    expect(state.fhe?.acknowledged.toSorted()).toEqual(plan.fhe?.holders.toSorted())
    expect(
      state.checkpoints.findLast(({ reason }) => reason === 'sealing')?.cosigned.length,
    ).toBeGreaterThanOrEqual(state.terms.witnesses)
  }
  if (state.base === 'Receipted' || state.base === 'Closed') expect(state.receipts).toHaveLength(1)
  if (state.base === 'Closed') expect(state.ceremonyKey?.destroyed).toBe(true)
  const shown = view(state)
  if (shown.needs?.kind === 'wait') expect(owed(state)).not.toBeNull()
  if (runState(state) === 'Exception' || state.paused === 'restart') expect(owed(state)).toBeNull()
}

const text = fc.constantFrom('', 'a reason', 'a\nb', '\ud800')
const name = fc.constantFrom(...names)
const step = fc.constantFrom(...steps, 'nowhere')
const attempt = fc.integer({ min: 0, max: 3 })
const hex = fc.constantFrom('ab'.repeat(16), 'zz', '')
const someSignature = sign(
  someone('officer', 'Officer One', 'production').identity,
  'opening',
  'production',
  utf8('x'),
)

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    type: fc.constant('proceed' as const),
    step,
    by: name,
    input: fc.dictionary(fc.constantFrom('wall-clock', 'pin'), fc.string(), { maxKeys: 2 }),
    heard: fc.array(fc.record({ digest: hex, by: fc.array(name, { maxLength: 2 }) }), { maxLength: 2 }),
    now: fc.constantFrom('2026-01-31T09:00:00.000Z', 'noon'),
  }),
  fc.record({ type: fc.constant('intend' as const), step, attempt, nonce: hex, rootId: hex }),
  fc.record({
    type: fc.constant('outcome' as const),
    step,
    attempt,
    effect: fc.constantFrom('log-in' as const, 'generate-root' as const, 'make-checkpoint' as const),
    result: fc.constantFrom({}, null, 7, []),
  }),
  fc.record({
    type: fc.constant('reconcile' as const),
    step,
    attempt,
    finding: fc.constantFrom(
      { found: 'absent' as const, detail: '' },
      { found: 'adopted' as const, result: {} },
    ),
  }),
  fc.record({
    type: fc.constant('submit' as const),
    what: fc.constantFrom(
      'opening' as const,
      'checkpoint' as const,
      'bundle' as const,
      'exception' as const,
      'acknowledgement' as const,
      'receipt' as const,
    ),
    payload: fc.uint8Array({ maxLength: 40 }),
    signature: fc.constant(someSignature),
  }),
  fc.record({
    type: fc.constant('pause' as const),
    by: name,
    cause: fc.constant('person' as const),
    reason: text,
  }),
  fc.record({ type: fc.constant('resume' as const), by: name }),
  fc.record({ type: fc.constant('deviate' as const), by: name, step, expected: text, happened: text }),
  fc.record({ type: fc.constant('differs' as const), by: name, digest: text, card: fc.nat(9) }),
  fc.record({
    type: fc.constant('decide-exception' as const),
    by: name,
    decision: fc.constantFrom('retry' as const, 'continue' as const),
    reason: text,
    head: fc
      .integer({ min: 0, max: 200 })
      .map((size) => ({ size: String(size), node: 'ab'.repeat(32), root: '' })),
  }),
)

type Move =
  | { move: 'go'; times: number }
  | { move: 'restart' }
  | { move: 'fail' }
  | { move: 'command'; command: Command }

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ move: fc.constant('go' as const), times: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ move: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ move: 'fail' as const }) },
  { weight: 4, arbitrary: fc.record({ move: fc.constant('command' as const), command }) },
)

function play(moves: Move[]): FakeCore {
  const run = new FakeCore(plan, hash, 'production')
  run.onEdge = () => legal(run.state)
  for (const one of moves) {
    if (one.move === 'go') for (let count = 0; count < one.times; count++) run.step()
    if (one.move === 'restart') run.restart()
    if (one.move === 'command') run.dispatch(one.command)
    const effect = owed(run.state)
    if (one.move === 'fail' && effect !== null && effect.kind !== 'reconcile' && effect.intent !== 'needed')
      run.must({
        type: 'outcome',
        step: effect.step,
        attempt: effect.attempt,
        effect: effect.kind,
        failure: { code: 'HSM-DEVICE', detail: 'it broke' },
      })
  }
  return run
}

describe('any sequence of commands, failures and restarts', () => {
  it('never throws, never leaves the legal states, and still leads to Closed with each key made once', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const run = play(moves)
        run.runToEnd(2000)
        expect(view(run.state).state).toBe('Closed')
        expect(run.state.keys.map(({ id }) => id)).toEqual(plan.keys.map(({ id }) => id))
        expect(run.disk.token.map(({ label }) => label)).toEqual(['root-kek'])
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  it('replays to the state in which it was live', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const run = play(moves)
        const loaded = replay(run.header, plan, run.disk.entries)
        expect(loaded.ok && loaded.state).toEqual(run.state)
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  it('gives the same answer twice and changes nothing by deciding', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 20 }), command, (moves, last) => {
        const { state } = play(moves)
        const before = JSON.stringify(state)
        expect(decide(state, last)).toEqual(decide(state, last))
        expect(owed(state)).toEqual(owed(state))
        expect(JSON.stringify(state)).toBe(before)
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
