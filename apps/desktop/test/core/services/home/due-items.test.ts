import { expect, test } from 'vitest'
import { dueItems, type RunFacts, type StoreFacts } from '../../../../src/core/services/home/due.ts'

const now = '2026-11-29T10:00:00.000Z'
const calm: StoreFacts = { newestRun: '2026-01-01T00:00:00.000Z', backup: { made: now, checked: true } }
const run = (facts: Partial<RunFacts>): RunFacts => ({
  id: 'a',
  title: 'Study 14',
  at: '2026-11-01T10:00:00.000Z',
  organisation: 'Meridian',
  policyExpiry: '2028-01-01T00:00:00.000Z',
  epoch: null,
  heartbeat: null,
  dealt: [],
  recovered: null,
  ...facts,
})
const epoch = { keyId: 'k', epochId: 'e0', holders: ['Yusuf', 'Samuel'] }
const due = (runs: RunFacts[], store = calm) =>
  dueItems(runs, store, now).map(({ kind, names, at, late }) => [kind, names, at?.slice(0, 10) ?? null, late])

test('nothing is due where nobody owes anything', () => {
  expect(due([])).toEqual([])
  expect(due([run({})])).toEqual([])
})

test('statements are due after the plan’s days, asked for two weeks before, and late then for everybody', () => {
  const said = [...epoch.holders]
  const at = (day: string) => [
    run({ at: `2026-${day}T10:00:00.000Z`, epoch, heartbeat: { dueDays: 30, said } }),
  ]
  expect(due(at('11-28'))).toEqual([])
  expect(due(at('11-10'))).toEqual([['heartbeat', [], '2026-12-10', false]])
  expect(due(at('10-10'))).toEqual([['heartbeat', said, '2026-11-09', true]])
})

test('whoever was silent is named at once', () => {
  const asked = run({ epoch, heartbeat: { dueDays: 365, said: ['Samuel'] } })
  expect(due([asked])).toEqual([['heartbeat', ['Yusuf'], '2027-11-01', true]])
})

test('a key that moved on owes nothing for the epoch before', () => {
  const asked = run({ at: '2025-01-01T00:00:00.000Z', epoch, heartbeat: { dueDays: 30, said: [] } })
  const moved = run({ id: 'b', epoch: { ...epoch, epochId: 'e1' } })
  expect(due([moved, asked])).toEqual([])
})

test('a backup wants a drill a year after it was dealt or last tried', () => {
  const dealt = run({ at: '2025-10-01T00:00:00.000Z', dealt: [{ set: 's', names: ['Clara'] }] })
  expect(due([dealt])).toEqual([['drill', ['Clara'], '2026-10-01', true]])
  expect(due([run({ id: 'b', recovered: 's' }), dealt])).toEqual([])
})

test('a policy is said to end sixty days before, by the newest run under it', () => {
  const soon = run({ policyExpiry: '2026-12-31T00:00:00.000Z' })
  expect(due([soon])).toEqual([['policy', [], '2026-12-31', false]])
  expect(due([run({ policyExpiry: '2026-11-01T00:00:00.000Z' })])).toEqual([
    ['policy', [], '2026-11-01', true],
  ])
  expect(due([soon, run({ id: 'b', at: now })])).toEqual([])
})

test('a store is backed up after its newest run, and the backup is read back', () => {
  const newestRun = '2026-11-20T00:00:00.000Z'
  expect(due([], { newestRun, backup: null })).toEqual([['store-backup', [], null, false]])
  const old = { made: '2026-11-19T00:00:00.000Z', checked: true }
  expect(due([], { newestRun, backup: old })).toEqual([['store-backup', [], null, false]])
  expect(due([], { newestRun, backup: { made: now, checked: false } })).toEqual([
    ['backup-check', [], '2026-11-29', false],
  ])
  expect(due([], { newestRun, backup: { made: now, checked: true } })).toEqual([])
})

test('what is late comes first, then what comes sooner', () => {
  const items = due(
    [
      run({ policyExpiry: '2026-12-31T00:00:00.000Z', epoch, heartbeat: { dueDays: 30, said: [] } }),
      run({ id: 'b', organisation: 'Other', policyExpiry: '2026-12-01T00:00:00.000Z' }),
    ],
    { newestRun: now, backup: null },
  )
  expect(items.map(([kind, , at, late]) => [kind, at, late])).toEqual([
    ['heartbeat', '2026-12-01', true],
    ['store-backup', null, false],
    ['policy', '2026-12-01', false],
    ['policy', '2026-12-31', false],
  ])
})
