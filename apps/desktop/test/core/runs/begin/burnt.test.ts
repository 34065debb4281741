import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { planFromScript } from '@lux/ceremony/plan'
import { encodePolicyFile, newPolicy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import { cardCodec, planApprovalCodec, planLockCodec } from '@lux/ceremony/wire'
import { type Json, utf8 } from '@lux/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FakeCore } from '../../../../../../packages/ceremony/test/engine/fake-core.ts'
import {
  type ScriptName,
  describe as said,
  scriptBytes,
  valuesFor,
} from '../../../../../../packages/ceremony/test/engine/plans.ts'
import { someone } from '../../../../../../packages/ceremony/test/engine/seats.ts'
import { beginProduction, type ProductionRequest } from '../../../../src/core/runs/begin/begin-production.ts'
import { burntIn } from '../../../../src/core/runs/begin/burnt.ts'
import { burntInStore, identifiersInStore } from '../../../../src/core/services/ceremonies/lineage.ts'
import { systemClock, systemEntropy } from '../../../../src/core/system.ts'

const build = 'b1'.repeat(32)
const library = 'c2'.repeat(32)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'burnt-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Locked by every officer, under a policy that names them. */
function locked(script: ScriptName) {
  const values = valuesFor(script, 'production', false)
  // As valuesFor makes them.
  const people = values.people as { role: string; name: string }[]
  const sat = people.map(({ role, name }) => someone(role, name, 'production'))
  const cardsOf = (role: string) =>
    sat
      .filter((one) => one.role === role)
      .map(({ card }) => {
        const read = cardCodec.check(card)
        if (!read.ok) throw new Error(read.detail)
        return read.value
      })
  const policy = newPolicy({
    organisation: { id: 'example', name: 'Example' },
    domain: 'production',
    softTokens: true,
    expiry: '2099-01-01T00:00:00.000Z',
    acceptedTools: [build],
    officers: cardsOf('officer'),
    officerQuorum: 2,
    witnesses: cardsOf('witness'),
    witnessQuorum: 2,
    leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
  })
  const officers = sat.filter(({ role }) => role === 'officer').map(({ identity }) => identity)
  const made = planFromScript(scriptBytes(script), {
    ...values,
    policy: policyDigest(policy),
    tool: build,
    library,
  })
  if (!made.ok) throw new Error(said(made.refusals))
  const { plan, hash: planHash, text } = made.value
  const terms = { planHash, rehearsalDigest: 'ee'.repeat(32), diffDigest: null }
  const request: ProductionRequest = {
    folder: join(folder, script),
    plan: utf8(text),
    transports: new Map(),
    attestations: new Map(),
    policy: encodePolicyFile({
      policy,
      signatures: officers.map((by) => policyDocument.sign(by, policy, 'production')),
    }),
    lock: planLockCodec.encode({
      ...terms,
      policyDigest: policyDigest(policy),
      signatures: officers.map((by) =>
        planApprovalCodec.sign(by, { domain: 'production', ...terms }, 'production'),
      ),
    }),
    cards: new Map<string, Json>(sat.map(({ digest, card }) => [digest, card])),
    tokens: plan.tokens.map(({ role, serial }) => ({ role, serial })),
    public: null,
    library,
    burnt: new Set(),
    entropy: systemEntropy,
    clock: systemClock,
    measurement: { build, version: '0.1.0', files: 'ad'.repeat(32), kernel: 'Linux 6.1', tpmQuote: 'none' },
  }
  return { plan, hash: planHash, request }
}

test('BACKUP-SET-BURNT a production run is not begun with a set that a run of this store burnt, and nothing is written', () => {
  const { plan, hash, request } = locked('restore-drill')
  const earlier = new FakeCore(plan, hash, 'production')
  earlier.runTo('give-shares')
  expect(burntIn([earlier.state])).toEqual(new Set())
  earlier.runTo('restore-root')
  const burnt = burntIn([earlier.state])
  expect(burnt).toEqual(new Set([plan.recovery?.backup.set]))
  expect(() => beginProduction({ ...request, burnt })).toThrow(
    expect.objectContaining({ code: 'BACKUP-SET-BURNT' }),
  )
  expect(readdirSync(folder)).toEqual([])
  const begun = beginProduction({ ...request, burnt: new Set(['6b'.repeat(16)]) })
  expect(begun.start.backup).toEqual(plan.recovery?.backup)
  begun.folder.close()
})

test('PLAN-80 a production run is not begun whose plan asks for what no run shows yet, and nothing is written', () => {
  const { plan, request } = locked('root-kek')
  const device = { maker: 'Example', model: 'HSM 3000' }
  const asks = [
    { image: library },
    { tokens: plan.tokens.map((one) => ({ ...one, shim: library })) },
    { tokens: plan.tokens.map((one) => ({ ...one, device })) },
  ]
  for (const more of asks)
    expect(() =>
      beginProduction({ ...request, plan: utf8(`${JSON.stringify({ ...plan, ...more })}\n`) }),
    ).toThrow(expect.objectContaining({ code: 'PLAN-80' }))
  expect(readdirSync(folder).filter((name) => name === 'root-kek')).toEqual([])
})

test('the store is asked for what its production runs burnt, where a plan uses a backup, and a run that nobody can read stops it', () => {
  const { plan, hash } = locked('share-check')
  const drill = locked('restore-drill')
  const run = (domain: 'production' | 'rehearsal') => {
    const core = new FakeCore(drill.plan, drill.hash, domain)
    core.runTo('restore-root')
    return core.state
  }
  const backup = locked('root-backup')
  const made = new FakeCore(backup.plan, backup.hash, 'production')
  made.runTo('acknowledge-custodians')
  expect(made.state.backups).toHaveLength(1)
  const states = new Map([
    ['drill', run('production')],
    ['rehearsal', run('rehearsal')],
    ['check', new FakeCore(plan, hash, 'production').state],
    ['backup', made.state],
  ])
  const store = (ids: string[]) =>
    // What is asked of them: the folders of the store, and the run of each.
    ({
      store: { runs: () => ids.map((id) => ({ id, folder: `/store/${id}` })) },
      runs: {
        get(id: string) {
          const state = states.get(id)
          if (state === undefined) throw Object.assign(new Error('denied'), { code: 'EACCES' })
          return { run: { folder: { state } } }
        },
      },
    }) as unknown as Parameters<typeof burntInStore>[1]
  expect(burntInStore(plan, store(['check', 'rehearsal']))).toEqual(new Set())
  expect(burntInStore(plan, store(['check', 'drill']))).toEqual(new Set([drill.plan.recovery?.backup.set]))
  expect(() => burntInStore(plan, store(['drill', 'gone']))).toThrow(
    expect.objectContaining({ code: 'LINEAGE-UNREADABLE' }),
  )
  expect(identifiersInStore(store(['check', 'backup', 'gone']))).toEqual(
    new Set(states.get('backup')?.backups.map(({ identifier }) => identifier)),
  )
  expect(identifiersInStore(store(['drill']))).toEqual(new Set([drill.plan.recovery?.backup.identifier]))
})
