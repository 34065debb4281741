import { describe, expect, it } from 'vitest'
import { type Command, view } from '../src/exports/engine.ts'
import { at, fresh, proceed, rule, runToNeeds } from './engine/runs.ts'
import { sign, someone } from './engine/seats.ts'

describe('a step', () => {
  it('RUN-06 refuses everything before the start and after the end', () => {
    const run = fresh()
    expect(rule(run, proceed('roll-call', 'Administrator'))).toBe('RUN-06')
    run.runToEnd()
    for (const command of [
      proceed('close'),
      { type: 'abort', by: 'Operator', reason: 'late' },
      { type: 'resume', by: 'Operator' },
    ] as Command[])
      expect(rule(run, command)).toBe('RUN-06')
  })

  it('RUN-06 refuses to proceed while paused or while an exception is open', () => {
    const run = at('clock-check')
    run.must({ type: 'pause', by: 'Operator', cause: 'person', reason: 'lunch' })
    expect(rule(run, proceed('clock-check', 'Witness One', { 'wall-clock': '2026-01-31T09:00Z' }))).toBe(
      'RUN-06',
    )
    run.must({ type: 'resume', by: 'Operator' })
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'clock-check',
      expected: 'a clock',
      happened: 'it stopped',
    })
    expect(view(run.state).state).toBe('Exception')
    expect(rule(run, proceed('clock-check', 'Witness One', { 'wall-clock': '2026-01-31T09:00Z' }))).toBe(
      'RUN-06',
    )
  })

  it('STEP-01 refuses any step but the current one', () => {
    const run = at('measure-machine')
    expect(rule(run, proceed('roll-call', 'Administrator'))).toBe('STEP-01')
    expect(rule(run, proceed('log-in'))).toBe('STEP-01')
  })

  it('STEP-02 refuses a person without the role that acts', () => {
    expect(rule(at('initialise-token'), proceed('initialise-token', 'Operator'))).toBe('STEP-02')
    expect(rule(at('roll-call'), proceed('roll-call', 'Nobody'))).toBe('STEP-02')
  })

  it('STEP-03 refuses to proceed twice, and where signatures are awaited', () => {
    const run = at('generate-root')
    run.step()
    expect(rule(run, proceed('generate-root'))).toBe('STEP-03')
    expect(rule(runToNeeds(fresh(), 'opening'), proceed('open-run', 'Administrator'))).toBe('STEP-03')
  })

  it('STEP-04 refuses missing, unknown and malformed values', () => {
    const run = at('clock-check')
    const by = 'Witness One'
    expect(rule(run, proceed('clock-check', by))).toBe('STEP-04')
    expect(rule(run, proceed('clock-check', by, { 'wall-clock': 'noon' }))).toBe('STEP-04')
    expect(rule(run, proceed('clock-check', by, { 'wall-clock': '2026-01-31T09:00Z', pin: '1234' }))).toBe(
      'STEP-04',
    )
    expect(rule(run, proceed('clock-check', by, { 'wall-clock': '2026-01-31T09:00Z' }))).toBe(
      'step.confirmed',
    )
  })

  const read = (run: ReturnType<typeof at>, time: string) =>
    rule(run, proceed('clock-check', 'Witness One', { 'wall-clock': time }))

  it('STEP-05 a time that is none is refused, and one within five minutes is taken', () => {
    const run = at('clock-check')
    expect(read(run, '2026-01-31T24:61Z')).toBe('STEP-05')
    for (const near of ['2026-01-31T09:07Z', '2026-01-31T08:57:00Z'])
      expect(read(run, near)).toBe('step.confirmed')
  })

  it('STEP-05 a clock that differs by more stops the run; officers sign what is decided, and the clock is read again', () => {
    for (const off of ['2026-01-31T09:08Z', '2026-01-31T08:56Z', '2026-01-30T09:02Z'])
      expect(read(at('clock-check'), off)).toBe('exception.opened')
    const run = at('clock-check')
    run.must(proceed('clock-check', 'Witness One', { 'wall-clock': '2026-01-31T09:08Z' }))
    expect(view(run.state)).toMatchObject({
      state: 'Exception',
      exceptions: [
        {
          about: 'reported',
          choices: ['continue', 'abort'],
          happened: expect.stringMatching(/^STEP-05: 2026-01-31T09:08Z was read, and /),
        },
      ],
    })
    expect(read(run, '2026-01-31T09:03Z')).toBe('RUN-06')
    const reason = 'the clock on the wall is eight minutes fast'
    run.must({ type: 'decide-exception', by: 'Operator', decision: 'continue', reason, head: run.head() })
    for (const name of ['Officer One', 'Officer Two']) {
      const { identity } = someone('officer', name, 'production')
      const payload = run.signedBytes('exception')
      const signature = sign(identity, 'exception', 'production', payload)
      run.must({ type: 'submit', what: 'exception', payload, signature })
    }
    expect(view(run.state)).toMatchObject({ current: 'clock-check', needs: { kind: 'values' } })
    expect(read(run, '2026-01-31T09:08Z')).toBe('step.confirmed')
    expect(read(run, '2026-01-31T09:03Z')).toBe('step.confirmed')
  })

  it('COMMAND-01 refuses a text that could not be read back', () => {
    const run = at('clock-check')
    for (const reason of ['a\u0000b', 'x'.repeat(2001), '\ud800'])
      expect(rule(run, { type: 'pause', by: 'Operator', cause: 'person', reason })).toBe('COMMAND-01')
  })
})
