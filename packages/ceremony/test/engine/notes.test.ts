import { describe, expect, it } from 'vitest'
import { type Command, type Plan, replay, view } from '../../src/exports/engine.ts'
import { FakeCore } from './fake-core.ts'
import { copyOf } from './plans.ts'
import { production, rule } from './runs.ts'

const note: Command = { type: 'note', by: 'Witness One', text: 'The door stood open for a minute.' }

function runOf(version: Plan['v'], step: string): FakeCore {
  const plan = { ...copyOf(production.plan), v: version }
  const run = new FakeCore(plan, production.hash, 'production')
  run.runTo(step)
  return run
}

describe('notes', () => {
  it('RUN-12 are taken in a run of version 2 from anybody of it, and change nothing but the transcript', () => {
    const run = runOf(2, 'generate-root')
    const before = run.state
    run.must(note)
    const { size, ...after } = run.state
    expect(size).toBe(before.size + 1)
    expect({ ...after, size: before.size }).toEqual(before)
    expect(run.disk.entries.at(-1)).toMatchObject({
      kind: 'note.made',
      stepId: 'generate-root',
      fact: { by: 'Witness One', text: 'The door stood open for a minute.' },
    })
    expect(rule(runOf(1, 'generate-root'), note)).toBe('RUN-12')
  })

  it('RUN-07 are taken while the run is paused and while it waits for a PIN again, and not while the token is at work', () => {
    const run = runOf(2, 'generate-root')
    run.must({ type: 'pause', by: 'core', cause: 'restart', reason: 'covered' })
    expect(rule(run, note)).toBe('note.made')
    run.must({ type: 'resume', by: 'Operator' })
    expect(view(run.state).needs).toMatchObject({ kind: 'pin', willDo: 'log-in', again: true })
    expect([rule(run, note), view(run.state).notable]).toEqual(['note.made', true])
    run.runToEffect('generate-root')
    expect([rule(run, note), view(run.state).notable]).toEqual(['RUN-07', false])
  })

  it('RUN-10 a stranger writes none, and COMMAND-01 neither is an empty one or one that hides something', () => {
    const run = runOf(2, 'generate-root')
    expect(rule(run, { ...note, by: 'Mallory' })).toBe('RUN-10')
    expect(rule(run, { ...note, text: '' })).toBe('COMMAND-01')
    expect(rule(run, { ...note, text: 'a\u202eb' })).toBe('COMMAND-01')
  })

  it('TEXT-RULE COMMAND-01 in a run of version 3 what is typed is tidied, and refused where it hides something still', () => {
    const run = runOf(3, 'generate-root')
    for (const text of ['a\u200bb', 'p\u0430ss']) expect(rule(run, { ...note, text })).toBe('COMMAND-01')
    for (const text of ['a\u200bb', 'p\u0430ss'])
      expect(rule(runOf(2, 'generate-root'), { ...note, text })).toBe('note.made')
    run.must({ ...note, text: ' Zoe\u0308 came. ' })
    expect(run.disk.entries.at(-1)).toMatchObject({ fact: { text: 'Zo\u00eb came.' } })
  })

  it('TEXT-RULE COMMAND-01 nobody is asked to sign a decision whose reason hides something', () => {
    const run = runOf(3, 'generate-root')
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'generate-root',
      expected: 'the bag 17',
      happened: 'the bag 18',
    })
    const decided = (reason: string) =>
      rule(run, { type: 'decide-exception', by: 'Operator', decision: 'continue', reason, head: run.head() })
    expect(decided('a\u200bb')).toBe('COMMAND-01')
    expect(decided('It is 18.')).toBe('exception.proposed')
  })

  it('HISTORY-01 in a history of version 1 there is none', () => {
    const run = runOf(2, 'generate-root')
    run.must(note)
    const old = { ...run.plan, v: 1 as const }
    const entries = run.disk.entries.map((entry) =>
      entry.kind === 'run.started' ? { ...entry, fact: { ...Object(entry.fact), v: 1 } } : entry,
    )
    expect(replay(run.header, run.plan, run.disk.entries)).toMatchObject({ ok: true })
    expect(replay(run.header, old, run.disk.entries)).toMatchObject({ ok: false, rule: 'HISTORY-01' })
    expect(replay(run.header, old, entries)).toMatchObject({ ok: false, rule: 'HISTORY-01' })
    expect(replay(run.header, old, entries.slice(0, -1))).toMatchObject({ ok: true })
  })
})
