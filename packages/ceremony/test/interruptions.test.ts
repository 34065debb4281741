import { describe, expect, it } from 'vitest'
import { awaitedCheckpoint, decide, owed, view } from '../src/exports/engine.ts'
import { at, fresh, proceed, rule, runToNeeds } from './engine/runs.ts'

describe('pause, resume, abort', () => {
  it('RUN-07 refuses to pause or abort within the root’s window', () => {
    const run = fresh()
    run.runToEffect('generate-root')
    expect(rule(run, { type: 'pause', by: 'Operator', cause: 'person', reason: '' })).toBe('RUN-07')
    expect(rule(run, { type: 'abort', by: 'Operator', reason: '' })).toBe('RUN-07')
    expect(view(run.state)).toMatchObject({ pausable: false, abortable: false })
  })

  it('RUN-08 refuses to resume what is not paused, or whose last checkpoint is not made', () => {
    const run = at('generate-root')
    expect(rule(run, { type: 'resume', by: 'Operator' })).toBe('RUN-08')
    run.must({ type: 'pause', by: 'Operator', cause: 'person', reason: 'lunch' })
    expect(owed(run.state)).toMatchObject({ kind: 'make-checkpoint', reason: 'pause' })
    expect(rule(run, { type: 'resume', by: 'Operator' })).toBe('RUN-08')
    run.step()
    expect(owed(run.state)).toBeNull()
    expect(rule(run, { type: 'resume', by: 'Operator' })).toBe('run.resumed')
    const answered = decide(run.state, { type: 'resume', by: 'Holder One', cause: 'answer' })
    expect(answered).toMatchObject({ ok: true, events: [{ kind: 'run.resumed', fact: { by: 'machine' } }] })
  })

  it('RUN-09 refuses to abort after the export', () => {
    expect(rule(at('receipt'), { type: 'abort', by: 'Operator', reason: 'too late' })).toBe('RUN-09')
    expect(rule(at('export'), { type: 'abort', by: 'Operator', reason: 'in time' })).toBe('run.aborted')
  })

  it('RUN-10 refuses a holder who wants to pause, resume or abort', () => {
    const run = at('generate-root')
    for (const type of ['resume', 'abort'] as const)
      expect(rule(run, { type, by: 'Holder One', reason: '' })).toBe('RUN-10')
    expect(rule(run, { type: 'pause', by: 'Holder One', cause: 'person', reason: '' })).toBe('RUN-10')
  })

  it('asks for the PIN again after a restart before anything else runs', () => {
    const run = at('read-back-root')
    run.step()
    run.restart()
    expect(view(run.state).needs).toMatchObject({
      kind: 'pin',
      again: true,
      pins: [{ token: 'ceremony', serial: 'feedbeef', user: 'user' }],
    })
    expect(owed(run.state)).toMatchObject({ kind: 'log-in', again: true, intent: 'none' })
  })

  it.each([
    ['initialise-token', 'Security Officer', ['so', 'user']],
    ['log-in', 'Operator', ['user']],
  ])('asks for the PINs of %s again when the word was given and nothing was begun', (step, by, users) => {
    const run = at(step)
    run.must(proceed(step, by))
    run.restart()
    const { needs } = view(run.state)
    expect(needs).toMatchObject({ kind: 'pin', again: true, willDo: step })
    expect(needs?.kind === 'pin' ? needs.pins.map(({ user }) => user).toSorted() : []).toEqual(users)
    run.runToEnd()
    expect(view(run.state)).toMatchObject({ state: 'Closed', exceptions: [] })
  })

  it.each(['pause', 'exception'] as const)(
    'asks witnesses for the checkpoint of the step although a newer one was made by the %s meanwhile',
    (meanwhile) => {
      const run = runToNeeds(fresh(), 'checkpoint')
      const awaited = awaitedCheckpoint(run.state)
      expect(awaited).toMatchObject({ reason: 'opening', cosigned: [] })
      if (meanwhile === 'pause') run.must({ type: 'pause', by: 'Operator', cause: 'person', reason: 'lunch' })
      else {
        const step = view(run.state).current ?? ''
        run.must({ type: 'deviate', by: 'Witness One', step, expected: 'silence', happened: 'a bell' })
      }
      while (run.state.checkpoints.length === 1) run.step()
      runToNeeds(run, 'checkpoint')
      expect(awaitedCheckpoint(run.state)).toEqual(awaited)
      expect(view(run.state).needs).toMatchObject({ subject: awaited?.digest })
      expect(run.state.checkpoints.at(-1)?.digest).not.toBe(awaited?.digest)
      run.runToEnd()
      expect(view(run.state).state).toBe('Closed')
    },
  )

  it('is over once aborted', () => {
    const run = at('generate-root')
    run.must({ type: 'abort', by: 'Officer One', reason: 'fire alarm' })
    expect(view(run.state)).toMatchObject({ state: 'Aborted', needs: null, current: null })
    expect(owed(run.state)).toBeNull()
  })
})
