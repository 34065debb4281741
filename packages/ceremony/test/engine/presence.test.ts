import { describe, expect, it } from 'vitest'
import { type Command, type Plan, replay, view } from '../../src/exports/engine.ts'
import { FakeCore } from './fake-core.ts'
import { copyOf } from './plans.ts'
import { proceed, production, rule } from './runs.ts'

const { people } = production.plan
const everybody = [...new Set(people.map(({ name }) => name))]
const without = (...names: string[]) => everybody.filter((name) => !names.includes(name))

function runTo(step: string, version: Plan['v'] = 3): FakeCore {
  const run = new FakeCore({ ...copyOf(production.plan), v: version }, production.hash, 'production')
  run.runTo(step)
  return run
}

const call = (here?: readonly string[], by = 'Administrator') => ({
  ...(proceed('roll-call', by) as Extract<Command, { type: 'proceed' }>),
  ...(here === undefined ? {} : { here }),
})

/** The roll was called without these. */
function calledWithout(...names: string[]): FakeCore {
  const run = runTo('roll-call')
  run.must(call(without(...names)))
  return run
}

describe('who is in the room', () => {
  it('ROOM-02 is said at the roll call of a production run, and stands in the transcript by name', () => {
    const run = runTo('roll-call')
    expect(view(run.state).here).toBe(null)
    expect(rule(run, call())).toBe('ROOM-02')
    expect(rule(run, call([...everybody, 'Mallory']))).toBe('RUN-10')
    run.must(call(without('Officer Three')))
    const [entry] = run.disk.entries.slice(-1)
    const roll = Object.fromEntries(
      everybody.map((name) => [name, name === 'Officer Three' ? 'away' : 'here']),
    )
    expect(entry).toMatchObject({ kind: 'step.confirmed', fact: { by: 'Administrator', input: roll } })
    expect(view(run.state).here).toEqual(without('Officer Three'))
    expect(replay(run.header, run.plan, run.disk.entries)).toMatchObject({ ok: true, state: run.state })
  })

  it('ROOM-02 is as many as steps and quorums need, or officers sign to go on without', () => {
    const run = runTo('roll-call')
    expect(rule(run, call(without('Officer Two', 'Officer Three')))).toBe('ROOM-02')
    expect(rule(run, call(without('Operator')))).toBe('ROOM-02')
    // Whoever calls the roll is here.
    expect(rule(run, call(without('Administrator')))).toBe('step.confirmed')
    const reported = { expected: 'two officers', happened: 'one came' }
    run.must({ type: 'deviate', by: 'Administrator', step: 'roll-call', ...reported })
    run.decide('continue')
    expect(rule(run, call(without('Officer Two', 'Officer Three')))).toBe('step.confirmed')
  })

  it('ROOM-01 whoever is away neither goes on, nor is named as hearer, nor reports, nor decides', () => {
    const run = calledWithout('Officer One', 'Holder One')
    const head = run.head()
    const refused: Command[] = [
      { type: 'pause', by: 'Officer One', cause: 'person', reason: '' },
      { type: 'abort', by: 'Officer One', reason: 'over' },
      { type: 'deviate', by: 'Holder One', step: 'clock-check', expected: 'a', happened: 'b' },
    ]
    for (const command of refused)
      expect([command.type, rule(run, command)]).toEqual([command.type, 'ROOM-01'])
    run.must({ type: 'pause', by: 'Officer Two', cause: 'person', reason: '' })
    expect(rule(run, { type: 'resume', by: 'Officer One' })).toBe('ROOM-01')
    // A file that came while the run was paused names nobody.
    expect(rule(run, { type: 'resume', by: 'Officer One', cause: 'answer' })).toBe('run.resumed')
    run.must({ type: 'resume', by: 'Officer Two' })
    run.must({ type: 'deviate', by: 'Operator', step: 'clock-check', expected: 'a', happened: 'b' })
    const decide = { type: 'decide-exception', decision: 'continue', reason: 'seen', head } as const
    expect(rule(run, { ...decide, by: 'Officer One' })).toBe('ROOM-01')
    run.decide('continue', 'seen', 'Officer Two')
  })

  it('ROOM-01 whoever is away is no hearer of words, and does not say that they differ', () => {
    const run = calledWithout('Officer Three')
    run.runTo('open-run')
    const { compares } = view(run.state)
    const heard = (by: string[]) => compares.map(({ digest }) => ({ digest, by }))
    const says = (by: string[]) => proceed('open-run', 'Administrator', {}, heard(by))
    expect(rule(run, says(['Officer Three']))).toBe('ROOM-01')
    expect(rule(run, says(['Officer One']))).toContain('reading.heard')
    const [{ digest } = { digest: '' }] = compares
    expect(rule(run, { type: 'differs', by: 'Officer Three', digest, card: 1 })).toBe('ROOM-01')
    expect(rule(run, { type: 'differs', by: 'Officer Two', digest, card: 1 })).toBe('exception.opened')
  })

  it('ROOM-01 whoever comes late notes it in their own name, also while the run is paused, and acts then', () => {
    const run = calledWithout('Officer One')
    run.must({ type: 'pause', by: 'core', cause: 'restart', reason: 'covered' })
    expect(rule(run, { type: 'resume', by: 'Officer One' })).toBe('ROOM-01')
    run.must({ type: 'note', by: 'Officer One', text: 'In the room: Officer One.' })
    expect(view(run.state).here).toContain('Officer One')
    expect(rule(run, { type: 'resume', by: 'Officer One' })).toBe('run.resumed')
    expect(replay(run.header, run.plan, run.disk.entries)).toMatchObject({ ok: true, state: run.state })
  })

  it('ROOM-01 whoever signs at the workstation itself is in the room, and who sends a file need not be', () => {
    const sent = calledWithout('Officer One')
    while (sent.state.opening?.signers.length !== 1) sent.step()
    expect([sent.state.opening.signers, sent.state.here?.includes('Officer One')]).toEqual([
      ['Officer One'],
      false,
    ])
    const signed = calledWithout('Officer One')
    signed.here = true
    while (signed.state.opening?.signers.length !== 1) signed.step()
    expect(signed.state.here).toContain('Officer One')
  })

  it('ROOM-01 whoever has a step to do by hand comes first', () => {
    const run = runTo('roll-call')
    const reported = { expected: 'two witnesses', happened: 'one came' }
    run.must({ type: 'deviate', by: 'Administrator', step: 'roll-call', ...reported })
    run.decide('continue')
    run.must(call(without('Witness One', 'Witness Two')))
    const read = proceed('clock-check', 'Witness One', { 'wall-clock': '2026-01-31T09:02Z' })
    expect(rule(run, read)).toBe('ROOM-01')
    run.must({ type: 'note', by: 'Witness One', text: 'Here.' })
    expect(rule(run, read)).toBe('step.confirmed')
  })

  it('is not known of a run whose roll was called by an earlier program, nor in version 1: nobody is away', () => {
    const run = calledWithout('Officer One')
    const entries = run.disk.entries.map((entry) =>
      entry.kind === 'step.confirmed' ? { ...entry, fact: { ...(entry.fact as object), input: {} } } : entry,
    )
    const old = replay(run.header, run.plan, entries)
    expect(old.ok && view(old.state).here).toBe(null)
    const first = runTo('roll-call', 1)
    first.must(call(without('Officer One')))
    expect([view(first.state).here, first.disk.entries.at(-1)]).toMatchObject([null, { fact: { input: {} } }])
  })
})
