import { describe, expect, it } from 'vitest'
import {
  decide,
  initialState,
  owed,
  readEntry,
  replay,
  type StoredEntry,
  view,
} from '../../src/exports/engine.ts'
import { fresh } from './runs.ts'

const decided = {
  type: 'decide-exception' as const,
  by: 'Administrator',
  reason: 'made under weaker rules',
  head: { size: '0', node: '00'.repeat(32), root: '00'.repeat(32) },
}

/** The history as a build without the rule about UNWRAP_TEMPLATE recorded it. */
function weakened(entries: readonly StoredEntry[], step: string): StoredEntry[] {
  return entries.map((entry) => {
    if (entry.kind !== 'step.performed' || entry.stepId !== step) return entry
    const fact = JSON.parse(JSON.stringify(entry.fact))
    fact.result.evidence.attributes.UNWRAP_TEMPLATE = ''
    return { ...entry, fact }
  })
}

describe('a history', () => {
  const run = fresh()
  run.runToEnd()
  const { entries } = run.disk

  it('replays to the live state', () => {
    const loaded = replay(run.header, run.plan, entries)
    expect(loaded.ok && loaded.state).toEqual(run.state)
  })

  it('holds no secret, and a state is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(run.state))).toEqual(run.state)
    expect(JSON.parse(JSON.stringify(view(run.state)))).toEqual(view(run.state))
    expect(JSON.stringify(entries)).not.toMatch(/"pin"/i)
  })

  it('HISTORY-01 refuses an unknown kind, and a fact or result of another shape', () => {
    const read = (change: object) => {
      const result = readEntry({ ...entries[3]!, ...change })
      return result.ok ? 'taken' : result.rule
    }
    expect(read({})).toBe('taken')
    expect(read({ kind: 'step.skipped' })).toBe('HISTORY-01')
    expect(read({ kind: 'toString' })).toBe('HISTORY-01')
    expect(read({ fact: { ...(entries[3]!.fact as object), more: 1 } })).toBe('HISTORY-01')
    expect(read({ fact: null })).toBe('HISTORY-01')
    const performed = entries.find(({ kind }) => kind === 'step.performed')!
    expect(readEntry({ ...performed, fact: { ...(performed.fact as object), result: {} } }).ok).toBe(false)
  })

  it('HISTORY-02 refuses an entry that is missing, twice, or before the start', () => {
    const load = (list: typeof entries) => {
      const loaded = replay(run.header, run.plan, list)
      return loaded.ok ? 'loaded' : loaded.rule
    }
    expect(load([...entries.slice(0, 5), ...entries.slice(6)])).toBe('HISTORY-02')
    expect(load([...entries.slice(0, 5), ...entries.slice(4)])).toBe('HISTORY-02')
    expect(load([{ ...entries[1]!, seq: '0' }])).toBe('HISTORY-02')
    expect(load([entries[0]!, { ...entries[0]!, seq: '1' }])).toBe('HISTORY-02')
  })

  it.each(['generate-root', 'read-back-root'])(
    'HISTORY-03 a weak %s that an earlier build took stands still as an exception, is never done again, and can be aborted',
    (step) => {
      const weak = weakened(entries, step)
      const place = weak.findIndex(({ kind, stepId }) => kind === 'step.performed' && stepId === step)
      const later = weak.findIndex(({ stepId }) => stepId === 'generate-organisation')
      for (const length of [place + 1, place + 2, later + 4]) {
        const loaded = replay(run.header, run.plan, weak.slice(0, length))
        if (!loaded.ok) throw new Error(loaded.detail)
        const { state } = loaded
        expect(owed(state)).toBeNull()
        expect(view(state)).toMatchObject({
          state: 'Exception',
          current: step,
          needs: { kind: 'exception', choices: ['abort'] },
          abortable: true,
        })
        expect(view(state).exceptions.at(-1)?.happened).toMatch(/^HISTORY-03: .*UNWRAP_TEMPLATE/)
        for (const decision of ['retry', 'continue'] as const)
          expect(decide(state, { ...decided, decision })).toMatchObject({ ok: false, rule: 'EXCEPTION-02' })

        const ended = decide(state, { ...decided, decision: 'abort' })
        if (!ended.ok) throw new Error(ended.detail)
        const more = ended.events.map((event, index) => ({
          ...event,
          seq: String(length + index),
          time: entries[0]!.time,
        })) as typeof entries
        const again = replay(run.header, run.plan, [...weak.slice(0, length), ...more])
        expect(again.ok && view(again.state)).toMatchObject({
          state: 'Aborted',
          needs: null,
          exceptions: [{ decision: 'abort', by: 'Administrator' }],
        })
      }
    },
  )

  it('HISTORY-03 a whole run of an earlier build with a weak reading is over, and nothing is owed of it', () => {
    const loaded = replay(run.header, run.plan, weakened(entries, 'read-back-root'))
    if (!loaded.ok) throw new Error(loaded.detail)
    expect(owed(loaded.state)).toBeNull()
    expect(view(loaded.state)).toMatchObject({ state: 'Closed', needs: null })
    expect(loaded.state.size).toBe(entries.length)
  })

  it('has nothing before its first entry', () => {
    expect(view(initialState(run.header, run.plan))).toMatchObject({
      state: 'Created',
      needs: { kind: 'start' },
      current: null,
    })
  })
})
