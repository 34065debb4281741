import { tmpdir } from 'node:os'
import { HsmError } from '@lux/hsm'
import { expect, test } from 'vitest'
import { openReadiness, type Readiness } from '../src/readiness.ts'
import { accept, EnvironmentError, refuse } from '../src/refusal.ts'

/** Authority as it was looked at last. */
const whole = { seen: { stopped: new Map(), forged: [] }, serves: true }

/** A database of which every query gives no row, and none is written where it fails. */
function databaseThat(fails: Error | null) {
  const query: object = new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'execute' ? async () => (fails === null ? [] : Promise.reject(fails)) : () => query,
    },
  )
  const work = async (asked: (work: object) => Promise<void>) => asked(query)
  return { selectFrom: () => query, transaction: () => ({ execute: work }), authority: whole }
}

/** All is well but for what is given. */
function readinessOf({
  database = databaseThat(null),
  sealed = null,
  root = null,
  audit = null,
  faults = [],
  clock = accept(new Date()),
  folder = tmpdir(),
}: {
  database?: object
  sealed?: object | null
  root?: Error | null
  audit?: Error | null
  faults?: readonly object[]
  clock?: object
  folder?: string
}): Readiness {
  const failing = async (error: Error | null) => {
    if (error !== null) throw error
  }
  const parts = {
    database,
    folder,
    token: { sealed, useAgain: () => failing(root) },
    audit: { check: () => failing(audit), head: null },
    coverage: { faults: async () => faults },
    clock: { trusted: async () => clock },
    settings: { node: 'n', keys: { rows: 'r' } },
  }
  // Nothing else of them is asked.
  return openReadiness(parts as unknown as Parameters<typeof openReadiness>[0])
}

const look = (parts: Parameters<typeof readinessOf>[0]) => readinessOf(parts).look()

test('READINESS-03 whoever asks while it is looked at hears the same, and takes no connection of his own', async () => {
  let began = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const database = {
    authority: whole,
    selectFrom: databaseThat(null).selectFrom,
    transaction: () => ({
      async execute(work: (asked: object) => Promise<void>) {
        began++
        await promise
        return work(databaseThat(null).selectFrom())
      },
    }),
  }
  const readiness = readinessOf({ database })
  const asked = Array.from({ length: 20 }, () => readiness.look())
  resolve()
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, () => []))
  expect(began).toBe(1)
  expect(await readiness.look()).toEqual([])
  expect(began).toBe(2)
})

test('READINESS-03 each part that is red is named by its code, several at once too', async () => {
  expect(await look({})).toEqual([])
  const [stopped, forged] = [new Map([['org', 'gone']]), ['token forged']]
  for (const [seen, code] of [
    [{ stopped, forged }, 'AUTHORITY-OTHER'],
    [{ stopped: new Map(), forged }, 'ROW-FORGED'],
  ] as const)
    expect(await look({ database: { ...databaseThat(null), authority: { seen, serves: true } } })).toEqual([
      { part: 'authority', code },
    ])
  const gone = new HsmError({ code: 'HSM-KEY-ABSENT', detail: 'gone', remedy: 'look' })
  expect(await look({ root: gone })).toEqual([{ part: 'root', code: 'HSM-KEY-ABSENT' }])
  const unwritten = new EnvironmentError('AUDIT-UNAVAILABLE', 'no room')
  expect(await look({ faults: [{ code: 'AUDIT-FORGED' }, { code: 'AUDIT-GAP' }] })).toEqual([
    { part: 'audit', code: 'AUDIT-FORGED' },
  ])
  // No file finds room in /proc.
  expect(await look({ audit: unwritten, clock: refuse('CLOCK-MOVED', ''), folder: '/proc' })).toEqual([
    { part: 'audit', code: 'AUDIT-UNAVAILABLE' },
    { part: 'disk', code: 'DISK-FULL' },
    { part: 'clock', code: 'CLOCK-MOVED' },
  ])
  expect(await look({ folder: '/nowhere/at/all' })).toEqual([{ part: 'disk', code: 'DISK-FAILED' }])
  const away = Object.assign(new Error('said'), { code: 'ECONNREFUSED' })
  expect(
    await look({ database: databaseThat(away), sealed: { code: 'TOKEN-PIN', detail: '' }, audit: unwritten }),
  ).toEqual([
    { part: 'root', code: 'TOKEN-PIN' },
    { part: 'database', code: 'DATABASE-UNAVAILABLE' },
  ])
})
