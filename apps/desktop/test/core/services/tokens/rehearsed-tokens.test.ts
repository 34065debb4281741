import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isOfRehearsal, type Plan, rehearsalLabel } from '@lux/ceremony/plan'
import { ExpectedError } from '@lux/node-files'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { planOf } from '../../../../src/core/services/setups/setup-plan.ts'
import type { Setup } from '../../../../src/core/services/setups/setup-state.ts'
import type { ServiceContext } from '../../../../src/core/services/shared/service-context.ts'
import {
  rehearsedSerials,
  requireUnrehearsed,
} from '../../../../src/core/services/tokens/rehearsed-tokens.ts'

const resources = fileURLToPath(new URL('../../../../../../resources', import.meta.url))

let path: string
beforeAll(() => {
  path = mkdtempSync(join(tmpdir(), 'rehearsed-tokens-'))
})
afterAll(() => rmSync(path, { recursive: true, force: true }))

type Initialised = { domain: 'production' | 'rehearsal'; serial: string; at: string }

/** A store with runs that initialised a token each; `null` is a run that cannot be read. Only what is looked at is there. */
function store(...made: (Initialised | null)[]): ServiceContext {
  const runs = made.map((one, id) => ({ id: String(id), folder: String(id), one }))
  const tokens = [
    { serial: 'a1', label: 'Lux ceremony', slot: '7', initialised: true },
    { serial: 'b2', label: 'Acme root', slot: '9', initialised: true },
    { serial: 'c3', label: 'stand-in ceremony', slot: '11', initialised: true },
    { serial: '', label: '', slot: '12', initialised: false },
  ]
  return {
    program: { resources, measurement: { build: 'b1'.repeat(32) } },
    hsm: () => ({ tokens: async () => tokens, library: { sha256: 'ab'.repeat(32) } }),
    store: { path, runs: () => runs, scripts: () => [] },
    runs: {
      get: (id: string) => {
        const { one } = runs[Number(id)]!
        if (one === null) throw new ExpectedError('STORE-DAMAGED', 'torn')
        const { domain, serial, at } = one
        const steps = [{ step: { do: 'initialise-token' }, started: at, finished: at }]
        const state = { domain, steps, tokens: [{ role: 'ceremony', serial, initialised: true }] }
        return { run: { folder: { state } } }
      },
    },
  } as unknown as ServiceContext
}
const rehearsed: Initialised = { domain: 'rehearsal', serial: 'a1', at: '2026-12-01T10:00:00.000Z' }
const plan = (serial: string) => ({ tokens: [{ role: 'ceremony', serial }] }) as unknown as Plan
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: ExpectedError) => error.code,
  )

test('TOKEN-REHEARSED a plan of production works in no token that a rehearsal made, as the store or its label tells', async () => {
  const parts = store(rehearsed)
  expect(await code(requireUnrehearsed(parts, plan('a1')))).toBe('TOKEN-REHEARSED')
  expect(await code(requireUnrehearsed(parts, plan('c3')))).toBe('TOKEN-REHEARSED')
  expect(await code(requireUnrehearsed(parts, plan('b2')))).toBe(null)
  expect(await code(requireUnrehearsed(parts, plan('new')))).toBe(null)
})

test('LINEAGE-UNREADABLE a run that cannot be read may have made the token, unless the run makes its own', async () => {
  expect(await code(requireUnrehearsed(store(null), plan('b2')))).toBe('LINEAGE-UNREADABLE')
  expect(await code(requireUnrehearsed(store(null), plan('new')))).toBe(null)
})

test('a token is the organisation’s again once a production run or an officer has erased it, and not before', () => {
  const { domain: _domain, ...same } = rehearsed
  const later = { ...same, domain: 'production', at: '2026-12-01T11:00:00.000Z' } as const
  const earlier = { ...same, domain: 'production', at: '2026-12-01T09:00:00.000Z' } as const
  expect([...rehearsedSerials(store(later, rehearsed))]).toEqual([])
  expect([...rehearsedSerials(store(earlier, rehearsed))]).toEqual(['a1'])
  const erased = (outcome: string, at: string) =>
    `${JSON.stringify({ at, act: 'erase-token', serial: 'a1', outcome })}\n`
  const log = join(path, 'token-acts.jsonl')
  writeFileSync(log, `${erased('begun', later.at)}${erased('done', earlier.at)}torn`)
  expect([...rehearsedSerials(store(rehearsed))]).toEqual(['a1'])
  writeFileSync(log, erased('done', later.at))
  expect([...rehearsedSerials(store(rehearsed))]).toEqual([])
  rmSync(log)
})

test('production offers no rehearsal’s token, and each serial with its label and slot; a rehearsal of people offers all', async () => {
  const setup = (domain: Setup['domain']) => ({
    ...{ v: 1, domain, title: 'Root 2026', organisation: { id: '', name: '' }, script: 'root-kek' },
    ...{
      expiry: '2027-12-01T00:00:00.000Z',
      officerQuorum: null,
      witnessQuorum: null,
      approverThreshold: null,
    },
    ...{ softTokens: true, leastEvidence: 'E0', otherTools: [], values: {}, cards: [], servers: [] },
    ...{ adopted: null, signed: null, rehearsal: null, approvals: [], run: null },
  })
  const serials = async (domain: Setup['domain']) => {
    const { fields } = await planOf(store(rehearsed), setup(domain) as unknown as Setup)
    return fields.find(({ name }) => name === 'serial')
  }
  const production = await serials('production')
  expect(production?.choices).toEqual(['b2'])
  expect(production?.tokens).toEqual([{ serial: 'b2', label: 'Acme root', slot: '9' }])
  expect((await serials('rehearsal'))?.choices).toEqual(['a1', 'b2', 'c3'])
})

test('a token that a rehearsal initialises says so by its label, in the 32 bytes that a label has', () => {
  expect(rehearsalLabel('Lux ceremony')).toBe('rehearsal Lux ceremony')
  const long = rehearsalLabel('وحدة الجذر للمراسم السنوية')
  expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(32)
  expect([long, 'stand-in ceremony', 'Lux ceremony'].map(isOfRehearsal)).toEqual([true, true, false])
})
