import { describe, expect, it } from 'vitest'
import { owed, view } from '../src/index.ts'
import { at, fresh, rule } from './engine/runs.ts'

describe('an exception', () => {
  it('EXCEPTION-01 refuses a decision when none is due', () => {
    expect(
      rule(at('log-in'), { type: 'decide-exception', by: 'Officer One', decision: 'retry', reason: '' }),
    ).toBe('EXCEPTION-01')
  })

  it('EXCEPTION-02 refuses to go on without a key that could not be made', () => {
    const run = fresh()
    const { step, attempt } = run.runToEffect('generate-root')
    run.must({
      type: 'outcome',
      step,
      attempt,
      effect: 'generate-root',
      failure: { code: 'HSM-DEVICE', detail: '' },
    })
    expect(rule(run, { type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: '' })).toBe(
      'EXCEPTION-02',
    )
  })

  it('RUN-10 refuses a decision by a witness', () => {
    const run = at('log-in')
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'log-in',
      expected: 'silence',
      happened: 'a phone rang',
    })
    expect(rule(run, { type: 'decide-exception', by: 'Witness One', decision: 'continue', reason: '' })).toBe(
      'RUN-10',
    )
    expect(rule(run, { type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: '' })).toBe(
      'exception.decided',
    )
  })

  it('that is closed after the opening is covered by a checkpoint at once', () => {
    const run = at('generate-root')
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'generate-root',
      expected: 'silence',
      happened: 'a phone rang',
    })
    run.must({ type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: 'phone taken out' })
    expect(owed(run.state)).toMatchObject({
      kind: 'make-checkpoint',
      reason: 'exception',
      size: run.state.size,
    })
  })

  it('lets a measurement be left out, with a reason in the record', () => {
    const run = fresh()
    run.perform(run.runToEffect('measure-machine') && owed(run.state)!)
    const other = fresh()
    const { step, attempt } = other.runToEffect('measure-machine')
    other.must({
      type: 'outcome',
      step,
      attempt,
      effect: 'measure-machine',
      failure: { code: 'TPM', detail: 'none' },
    })
    other.must({ type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: 'no TPM here' })
    expect(view(other.state).current).toBe('initialise-token')
  })

  it('is opened when what a crash left is ambiguous, and a person decides', () => {
    const run = fresh()
    const { step, attempt } = run.runToEffect('generate-root')
    run.restart()
    while (owed(run.state)?.kind !== 'reconcile') run.step()
    run.must({
      type: 'reconcile',
      step,
      attempt,
      finding: { found: 'ambiguous', detail: 'two objects carry the id' },
    })
    expect(view(run.state).exceptions[0]).toMatchObject({ about: 'ambiguous', choices: ['retry', 'abort'] })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })

  it('is opened when a crash left an object that is not as planned', () => {
    const run = fresh()
    const effect = run.runToEffect('generate-root')
    const made = run.execute(effect) as { evidence: { attributes: Record<string, boolean> } }
    run.restart()
    while (owed(run.state)?.kind !== 'reconcile') run.step()
    const result = structuredClone(made)
    result.evidence.attributes.ALWAYS_SENSITIVE = false
    run.must({
      type: 'reconcile',
      step: effect.step,
      attempt: effect.attempt,
      finding: { found: 'adopted', result },
    })
    expect(view(run.state).exceptions[0]?.happened).toContain('ALWAYS_SENSITIVE')
    expect(run.state.keys).toEqual([])
  })
})
