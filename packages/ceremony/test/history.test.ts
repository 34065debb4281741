import { describe, expect, it } from 'vitest'
import { initialState, readEntry, replay, view } from '../src/index.ts'
import { fresh } from './engine/runs.ts'

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

  it('has nothing before its first entry', () => {
    expect(view(initialState(run.header, run.plan))).toMatchObject({
      state: 'Created',
      needs: { kind: 'start' },
      current: null,
    })
  })
})
