import { describe, expect, it } from 'vitest'
import type { FakeCore } from './engine/fake-core.ts'
import { full, requestExpiry } from './engine/fhe-people.ts'
import { rule } from './engine/runs.ts'
import { standing } from './engine/standing.ts'

const hash = (digit: string) => digit.repeat(64)

describe('a holder’s answer', () => {
  const answer = (run: FakeCore, change: Record<string, unknown>) => rule(run, run.answer(change))

  it('ANSWER-01 is refused about another request, key or epoch', () => {
    const run = standing('answer-request')
    for (const change of [
      { request: hash('1') },
      { keyId: hash('1') },
      { epochId: hash('1') },
      { domain: 'rehearsal' },
    ])
      expect(answer(run, change)).toBe('ANSWER-01')
    expect(answer(run, {})).toBe('answer.taken')
  })

  it('ANSWER-02 is refused when the budget does not add up', () => {
    const run = standing('answer-request')
    expect(answer(run, { spent: 5 })).toBe('ANSWER-02')
    const later = standing('answer-request-again')
    later.step()
    const [known] = later.state.budgets.filter(({ epochId }) => epochId === later.state.epoch?.epochId)
    expect(known?.left.at64).toBe(full - 4)
    const canary = standing('answer-canary')
    expect(answer(canary, { spent: 4, left: { at64: full - 4, at128: 0 } })).toBe('ANSWER-02')
  })

  it('REQUEST-EXPIRED is refused when it was given too late, yet a refusal is still heard', () => {
    const run = standing('answer-request')
    expect(answer(run, { time: requestExpiry })).toBe('REQUEST-EXPIRED')
    const no = { decision: 'refused', reason: 'too late', sealed: null, spent: 0, time: requestExpiry }
    expect(answer(run, { ...no, left: { at64: full, at128: 0 } })).toBe('answer.taken')
  })

  it('SUBMIT-03 to SUBMIT-05 only by a holder of the epoch, once, and signed', () => {
    const run = standing('answer-request')
    expect(answer(run, { holder: 2 })).toBe('SUBMIT-03')
    expect(answer(run, { name: 'Holder Four' })).toBe('SUBMIT-03')
    const good = run.answer({})
    expect(
      rule(run, {
        ...good,
        signature: run.answer({ spent: 3, left: { at64: full - 3, at128: 0 } }).signature,
      }),
    ).toBe('SUBMIT-04')
    run.must(good)
    expect(rule(run, good)).toBe('SUBMIT-05')
  })
})

describe('a result', () => {
  it('RESULT-01 is refused about other answers or another request', () => {
    const run = standing('take-result')
    expect(rule(run, run.answer({ answers: [hash('1')] }))).toBe('RESULT-01')
    expect(rule(run, run.answer({ request: hash('1') }))).toBe('RESULT-01')
    const unsigned = { ...run.answer({}), signature: run.answer({ verified: 0 }).signature }
    expect(rule(run, unsigned)).toBe('SUBMIT-04')
    expect(rule(run, run.answer({ outcome: 'inconsistent', commitment: null, verified: 0 }))).toBe(
      'result.taken',
    )
  })

  it('RESULT-02 a canary that fails keeps the new epoch from going live', () => {
    const run = standing('result-canary')
    expect(rule(run, run.answer({ outcome: 'inconsistent', commitment: null, verified: 0 }))).toBe(
      'RESULT-02',
    )
    expect(rule(run, run.answer({ cheaters: [2] }))).toBe('RESULT-02')
  })
})
