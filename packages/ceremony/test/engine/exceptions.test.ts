import { sha256Hex, utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type ExceptionDecision, owed, proposedDocument, view } from '../../src/exports/engine.ts'
import type { FakeCore } from './fake-core.ts'
import { at, fresh, rule } from './runs.ts'
import { sign, someone } from './seats.ts'

const proposing = (run: FakeCore, decision: ExceptionDecision, by = 'Officer One') =>
  rule(run, { type: 'decide-exception', by, decision, reason: '', head: run.head() })

/** A run in which somebody reported something at a step. */
function deviated(step = 'generate-root'): FakeCore {
  const run = at(step)
  run.must({ type: 'deviate', by: 'Witness One', step, expected: 'silence', happened: 'a phone rang' })
  return run
}

const propose = (run: FakeCore, reason: string): void =>
  run.must({ type: 'decide-exception', by: 'Operator', decision: 'continue', reason, head: run.head() })

function signing(run: FakeCore, name: string, payload = run.signedBytes('exception')) {
  const { identity } = someone('officer', name, 'production')
  const signature = sign(identity, 'exception', 'production', payload)
  return { type: 'submit' as const, what: 'exception' as const, payload, signature }
}

describe('an exception', () => {
  it('EXCEPTION-01 refuses a decision when none is due', () => {
    expect(proposing(at('log-in'), 'retry', 'Officer One')).toBe('EXCEPTION-01')
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
    expect(proposing(run, 'continue', 'Officer One')).toBe('EXCEPTION-02')
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
    expect(proposing(run, 'continue', 'Witness One')).toBe('RUN-10')
    expect(proposing(run, 'continue', 'Officer One')).toBe('exception.proposed')
  })

  it('an exception that is closed after the opening is covered by a checkpoint at once', () => {
    const run = at('generate-root')
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'generate-root',
      expected: 'silence',
      happened: 'a phone rang',
    })
    run.decide('continue', 'phone taken out')
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
    other.decide('continue', 'no TPM here')
    expect(view(other.state).current).toBe('initialise-token')
  })

  it('is decided when the officers’ quorum has signed the document, and not before', () => {
    const run = deviated()
    propose(run, 'phone taken out')
    expect(view(run.state).needs).toMatchObject({ kind: 'signatures', what: 'exception', stillNeeded: 2 })
    run.must(signing(run, 'Officer One'))
    expect(view(run.state).state).toBe('Exception')
    expect(rule(run, signing(run, 'Officer One'))).toBe('SUBMIT-05')
    const last = signing(run, 'Officer Two')
    expect(rule(run, last)).toBe('signature.accepted,exception.decided')
    run.must(last)
    const [exception] = view(run.state).exceptions
    expect(exception).toMatchObject({
      decision: 'continue',
      by: 'Operator',
      proposal: null,
      document: sha256Hex(last.payload),
    })
  })

  it('SUBMIT-01 to SUBMIT-04 a decision is signed by officers of the run, over the proposal that stands', () => {
    const run = deviated()
    expect(rule(run, signing(run, 'Officer One', utf8('x')))).toBe('SUBMIT-01')
    propose(run, 'first')
    const early = signing(run, 'Officer One')
    run.must(early)
    propose(run, 'second')
    expect(view(run.state).needs).toMatchObject({ what: 'exception', present: [] })
    expect(rule(run, early)).toBe('SUBMIT-02')
    const { signature } = signing(run, 'Officer One', utf8('x'))
    expect(rule(run, { ...signing(run, 'Officer One'), signature })).toBe('SUBMIT-04')
    const witness = someone('witness', 'Witness One', 'production').identity
    const payload = run.signedBytes('exception')
    const foreign = sign(witness, 'exception', 'production', payload)
    expect(rule(run, { ...signing(run, 'Officer One'), signature: foreign })).toBe('SUBMIT-03')
  })

  it('says in the document what happened, where, and after which history', () => {
    const run = deviated()
    const before = run.head()
    propose(run, 'phone taken out')
    expect(proposedDocument(run.state)).toMatchObject({
      kind: 'exception-decision',
      exception: 1,
      stepId: 'generate-root',
      attempt: 1,
      about: 'reported',
      happened: 'a phone rang',
      decided: 'continue',
      head: before,
    })
  })

  it('EXCEPTION-03 refuses a decision over an older history', () => {
    const run = deviated()
    const head = { ...run.head(), size: '3' }
    const late = { type: 'decide-exception', by: 'Operator', decision: 'continue', reason: '', head } as const
    expect(rule(run, late)).toBe('EXCEPTION-03')
  })

  it('ends the run at once when the decision is to abort', () => {
    expect(proposing(deviated(), 'abort')).toBe('exception.decided,run.aborted')
  })

  it('waits for signatures through a restart', () => {
    const run = deviated()
    propose(run, 'phone taken out')
    run.must(signing(run, 'Officer One'))
    run.restart()
    run.must(signing(run, 'Officer Two'))
    expect(view(run.state).exceptions[0]?.decision).toBe('continue')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
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

  /** A crash left a root on the token, whose attributes now read otherwise, and it is taken up. */
  function adopted(altered: Record<string, boolean | number>) {
    const run = fresh()
    const effect = run.runToEffect('generate-root')
    const made = run.execute(effect) as { evidence: { attributes: Record<string, boolean | number> } }
    run.restart()
    while (owed(run.state)?.kind !== 'reconcile') run.step()
    const result = structuredClone(made)
    Object.assign(result.evidence.attributes, altered)
    run.must({
      type: 'reconcile',
      step: effect.step,
      attempt: effect.attempt,
      finding: { found: 'adopted', result },
    })
    return run
  }

  it('is opened when a crash left an object that is not as planned', () => {
    const run = adopted({ ALWAYS_SENSITIVE: false })
    expect(view(run.state).exceptions[0]?.happened).toContain('ALWAYS_SENSITIVE')
    expect(run.state.keys).toEqual([])
  })

  it.each([
    [16, 0],
    [32, 1],
  ])(
    'a new root that says it has %i bytes is recorded %i times: another length than AES-256 opens one',
    (bytes, keys) => {
      const run = adopted({ VALUE_LEN: bytes })
      expect(run.state.keys.length).toBe(keys)
      expect(view(run.state).exceptions.map(({ happened }) => happened)).toEqual(
        keys === 0 ? ['VALUE_LEN reads 16, expected 32'] : [],
      )
    },
  )
})
