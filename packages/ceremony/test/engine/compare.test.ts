import { fromHex, toWords } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type Command, type Plan, replay, type StoredEntry, view } from '../../src/exports/engine.ts'
import { FakeCore } from './fake-core.ts'
import { copyOf, planOf } from './plans.ts'
import { fresh, proceed, production, rule, runToNeeds } from './runs.ts'

const differs = (digest: string, card = 4, by = 'Witness One'): Command => ({
  type: 'differs',
  by,
  digest,
  card,
})

function runOf(version: Plan['v'], step: string): FakeCore {
  const run = new FakeCore({ ...copyOf(production.plan), v: version }, production.hash, 'production')
  run.runTo(step)
  return run
}

const heardAt = (run: FakeCore, by: string[] = []) =>
  view(run.state).compares.map(({ digest }) => ({ digest, by }))

/** Officers sign that the words are read again. */
function readAgain(run: FakeCore): void {
  run.decide('continue', 'Operator')
}

describe('words that people compare', () => {
  it('COMPARE-01 are plan and policy before the opening, then what signers sign, and the bundle before its seal', () => {
    const run = runOf(2, 'open-run')
    expect(view(run.state).compares.map(({ what }) => what)).toEqual(['plan', 'policy'])
    run.must(proceed('open-run', 'Administrator', {}, heardAt(run)))
    runToNeeds(run, 'opening')
    const [opening] = view(run.state).compares
    expect(opening).toEqual({ what: 'opening', digest: run.state.opening?.digest })
    expect(rule(run, differs(run.state.planHash))).toBe('COMPARE-01')
    while (view(run.state).compares[0]?.what !== 'bundle')
      if (!run.step()) throw new Error('no bundle is compared')
    expect(view(run.state).compares).toEqual([{ what: 'bundle', digest: run.state.bundle?.digest }])
    expect(view(run.state).needs?.kind).toBe('confirm')
  })

  it('COMPARE-02 nothing is signed before all that the plan has read aloud was heard', () => {
    const run = runOf(2, 'open-run')
    const all = heardAt(run)
    for (const heard of [[], all.slice(1), all.slice(0, -1), [{ digest: '0'.repeat(64), by: [] }]])
      expect(rule(run, proceed('open-run', 'Administrator', {}, heard))).toBe('COMPARE-02')
    expect(rule(run, proceed('open-run', 'Administrator', {}, all))).toBe('step.confirmed')
    const seals = runOf(2, 'seal')
    while (view(seals.state).compares[0]?.what !== 'bundle')
      if (!seals.step()) throw new Error('no bundle is compared')
    expect(rule(seals, proceed('seal', 'Administrator'))).toBe('COMPARE-02')
  })

  it('COMPARE-02 whoever reads aloud hears nobody: since version 3 somebody else says so, but in a rehearsal one may play all', () => {
    const run = runOf(3, 'open-run')
    for (const by of [[], ['Administrator']])
      expect(rule(run, proceed('open-run', 'Administrator', {}, heardAt(run, by)))).toBe('COMPARE-02')
    expect(rule(run, proceed('open-run', 'Administrator', {}, heardAt(run, ['Operator'])))).toContain(
      'step.confirmed',
    )
    const { plan, hash } = planOf('first-run', 'rehearsal')
    const alone = new FakeCore({ ...plan, v: 3 }, hash, 'rehearsal')
    alone.runTo('open-run')
    expect(rule(alone, proceed('open-run', 'Administrator', {}, heardAt(alone)))).toContain('step.confirmed')
  })

  it('COMPARE-02 the transcript has who heard since version 3, each digest by those who said so', () => {
    const run = runOf(3, 'open-run')
    const { planHash, policyDigest } = run.state
    expect(rule(run, proceed('open-run', 'Administrator', {}, heardAt(run, ['Eve'])))).toBe('RUN-10')
    const by = ['Witness One', 'Operator', 'Witness One']
    run.must(
      proceed('open-run', 'Administrator', {}, [
        { digest: planHash, by },
        { digest: policyDigest, by: ['Operator'] },
      ]),
    )
    expect(run.disk.entries.slice(-3)).toMatchObject([
      {
        kind: 'reading.heard',
        stepId: 'open-run',
        fact: { what: 'plan', digest: planHash, by: ['Witness One', 'Operator'] },
      },
      { kind: 'reading.heard', fact: { what: 'policy', digest: policyDigest, by: ['Operator'] } },
      { kind: 'step.confirmed', stepId: 'open-run' },
    ])
    expect(replay(run.header, run.plan, run.disk.entries)).toMatchObject({ ok: true })
    const old = runOf(2, 'open-run')
    expect(rule(old, proceed('open-run', 'Administrator', {}, heardAt(old, ['Operator'])))).toBe(
      'step.confirmed',
    )
  })

  it('COMPARE-01 nothing else is compared, and there are eight cards', () => {
    const run = runOf(2, 'generate-root')
    expect(view(run.state).compares).toEqual([])
    expect(rule(run, differs(run.state.planHash))).toBe('COMPARE-01')
    const opens = runOf(2, 'open-run')
    for (const card of [0, 9, 1.5, Number.NaN])
      expect(rule(opens, differs(opens.state.planHash, card))).toBe('COMPARE-01')
    expect(rule(opens, differs(opens.state.planHash, 1, 'Mallory'))).toBe('RUN-10')
  })

  it('DIFFERS stops the run until people decide, and stands in the transcript with the words of that card', () => {
    const run = runOf(2, 'open-run')
    const digest = run.state.planHash
    run.must(differs(digest))
    expect(view(run.state).state).toBe('Exception')
    expect(rule(run, proceed('open-run', 'Administrator'))).toBe('RUN-06')
    const words = toWords(fromHex(digest)).slice(12, 16).join(' ')
    expect(run.disk.entries.at(-1)).toMatchObject({
      kind: 'exception.opened',
      stepId: 'open-run',
      fact: {
        about: 'reported',
        by: 'Witness One',
        choices: ['continue', 'abort'],
        compared: { what: 'plan', digest, card: 4 },
        expected: expect.stringContaining(words),
      },
    })
  })

  it('DIFFERS twice leaves nothing but to stop: the same words are not compared a third time', () => {
    const run = runOf(2, 'open-run')
    run.must(differs(run.state.planHash, 4))
    readAgain(run)
    expect(view(run.state).compares.map(({ what }) => what)).toEqual(['plan', 'policy'])
    run.must(differs(run.state.policyDigest, 1))
    expect(view(run.state).exceptions.at(-1)?.choices).toEqual(['continue', 'abort'])
    readAgain(run)
    run.must(differs(run.state.planHash, 7))
    expect(view(run.state).exceptions.at(-1)?.choices).toEqual(['abort'])
  })

  it('HISTORY-01 a run of version 1 stops as well, and its transcript has no such member', () => {
    const old = runOf(1, 'open-run')
    old.must(differs(old.state.planHash))
    expect(view(old.state).state).toBe('Exception')
    expect(old.disk.entries.at(-1)?.fact).not.toHaveProperty('compared')
    const run = runOf(2, 'open-run')
    run.must(differs(run.state.planHash))
    expect(replay(run.header, run.plan, run.disk.entries)).toMatchObject({ ok: true })
    const entries = run.disk.entries.map(
      (entry): StoredEntry =>
        entry.kind === 'run.started' ? { ...entry, fact: { ...Object(entry.fact), v: 1 } } : entry,
    )
    const before = { ...run.plan, v: 1 as const }
    expect(replay(run.header, before, entries)).toMatchObject({ ok: false, rule: 'HISTORY-01' })
    expect(replay(run.header, before, entries.slice(0, -1))).toMatchObject({ ok: true })
  })

  it('nothing is compared before the run has started', () => {
    expect(view(fresh().state).compares).toEqual([])
  })
})
