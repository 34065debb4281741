import { expect, test } from 'vitest'
import type { Account } from '../../src/account/told.ts'
import { comparedNow } from '../../src/engine/compare.ts'
import { accountOf, readEntry } from '../../src/exports/engine.ts'
import type { Header } from '../../src/exports/transcript.ts'
import { FakeCore } from '../engine/fake-core.ts'
import { copyOf } from '../engine/plans.ts'
import { production } from '../engine/runs.ts'

const library = 'ab'.repeat(32)

function headerOf(run: FakeCore): Header {
  return {
    ...run.header,
    v: 3,
    created: '2026-01-31T08:59:00.000Z',
    planPolicy: run.header.policyDigest,
    tool: { version: '1.2.0', build: 'cd'.repeat(32) },
    machine: { measurement: 'ef'.repeat(32), kernel: '6.1.0', tpmQuote: '' },
    roster: [],
    standIns: [],
    tokens: run.plan.tokens.map(({ role, profile, serial }) => ({ role, profile, library, serial })),
  }
}

const told = (run: FakeCore): Account =>
  accountOf(
    headerOf(run),
    run.state,
    run.disk.entries.map((stored) => {
      const read = readEntry(stored)
      if (!read.ok) throw new Error(read.detail)
      return read.entry
    }),
  )

/** A production run to its end; one officer comes late, and a step is reported and gone on with. */
function heldRun(): FakeCore {
  const run = new FakeCore({ ...copyOf(production.plan), v: 3 }, production.hash, 'production')
  run.runTo('roll-call')
  const here = [...new Set(production.plan.people.map(({ name }) => name))]
  // Who says something before the roll call, and is away at it, comes later than that.
  run.must({ type: 'note', by: 'Officer Three', text: 'I fetch my key.' })
  run.must({
    ...{ type: 'proceed', step: 'roll-call', by: 'Administrator', input: {}, heard: [] },
    ...{ here: here.filter((name) => name !== 'Officer Three'), now: '2026-01-31T09:00:00.000Z' },
  })
  run.must({ type: 'note', by: 'Officer Three', text: 'I have come.' })
  run.runTo('generate-root')
  const reported = { expected: 'bag 4402', happened: 'bag 4420' }
  run.must({ type: 'deviate', by: 'Witness One', step: 'generate-root', ...reported })
  // Somebody signs a proposal that is given up for another one.
  const first = { decision: 'continue', reason: 'it looks like it' } as const
  run.must({ type: 'decide-exception', by: 'Officer Two', ...first, head: run.head() })
  run.step()
  run.decide('continue', 'the label was misread')
  run.runToEnd()
  return run
}

test('ACCOUNT a run is told with people, clocks, keys, deviations, signatures, and what its bundle holds', () => {
  const run = heldRun()
  const account = told(run)
  const steps = account.parts.flatMap((part) => part.steps)
  const at = (id: string) => steps.find((step) => step.id === id)

  expect(account).toMatchObject({ domain: 'production', title: run.plan.title, state: 'Closed' })
  expect(account.organisation).toBe(run.plan.organisation.name)
  expect(account.people.find(({ name }) => name === 'Officer Three')).toMatchObject({ presence: 'late' })
  expect(account.people.find(({ name }) => name === 'Operator')).toMatchObject({ presence: 'here' })
  const since = (who: string) => account.people.find(({ name }) => name === who)?.since ?? ''
  expect(since('Officer Three') > since('Operator')).toBe(true)
  expect(account.clocks).toEqual([
    { step: 'clock-check', read: '2026-01-31T09:00Z', at: expect.any(String), seconds: expect.any(Number) },
  ])
  expect(at('roll-call')).toMatchObject({ number: 1, by: ['Administrator'], entries: { first: 1 } })
  expect(at('open-run')?.heard).toEqual(
    ['plan', 'policy'].map((what) => ({ what, names: expect.arrayContaining([expect.any(String)]) })),
  )
  expect(at('open-run')?.signed.map(({ what }) => what)).toContain('opening')
  expect(at('generate-root')).toMatchObject({ deviations: [1], evidence: ['E1'] })
  expect(account.deviations).toEqual([
    {
      ...{ id: 1, step: 'generate-root', by: 'Witness One', expected: 'bag 4402', happened: 'bag 4420' },
      ...{ decision: 'continue', decidedBy: 'Officer One', reason: 'the label was misread' },
      ...{
        at: expect.any(String),
        decidedAt: expect.any(String),
        signed: [expect.any(String), expect.any(String)],
      },
    },
  ])
  const [ceremony, root] = account.keys
  expect(ceremony).toMatchObject({ id: 'ceremony', level: 'ceremony', evidence: 'E1' })
  expect(root).toMatchObject({ level: 'root', ckaId: expect.stringMatching(/^[0-9a-f]{32}$/) })
  expect(root?.proof).toMatch(/^[0-9a-f]{64}$/)
  // Only the ceremony's key and the root are in the token when it ends.
  expect(account.keys.map(({ wrapped }) => wrapped)).toEqual([false, false, true, true, true])
  expect(account.threshold).toEqual({
    keyId: expect.stringMatching(/^[0-9a-f]{64}$/),
    t: 2,
    holders: ['Holder One', 'Holder Two', 'Holder Three'],
  })
  expect(account.servers).toEqual([{ name: 'node-1', id: expect.stringMatching(/^[0-9a-f]{64}$/) }])
  // The bundle ends where its last checkpoint does; what came after tells of export, receipt and close.
  expect(account.entries).toBe(run.disk.entries.length)
  expect(account.bundle?.entries).toBe(account.checkpoints.at(-1)?.size)
  expect(account.bundle?.entries).toBeLessThan(account.entries)
  expect(account.unproved).toEqual(['hardware', 'room', 'clock', 'shares', 'signed-before'])
})

test('ACCOUNT words that somebody heard differently are read again, which is not to go on', () => {
  const run = new FakeCore({ ...copyOf(production.plan), v: 3 }, production.hash, 'production')
  run.runTo('open-run')
  const [plan] = comparedNow(run.state)
  run.must({ type: 'differs', by: 'Witness One', digest: plan?.digest ?? '', card: 3 })
  run.decide('continue', 'a door slammed')
  expect(told(run).deviations).toMatchObject([{ id: 1, decision: 'read-again', reason: 'a door slammed' }])
})

test('ACCOUNT of a run that has just begun nothing is said that is not there', () => {
  const run = new FakeCore({ ...copyOf(production.plan), v: 3 }, production.hash, 'production')
  run.runTo('roll-call')
  const account = told(run)
  expect(account).toMatchObject({ bundle: null, ended: null, keys: [], deviations: [], clocks: [] })
  expect(account.people.every(({ presence }) => presence === 'not-recorded')).toBe(true)
})
