import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { receiptCodec } from '@lux/ceremony/wire'
import { encodeCanonical, verifySignature } from '@lux/crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type SampleBundle,
  sampleCeremonyId,
} from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import { sampleDecommission } from '../../../../packages/ceremony/test/support/sample-decommission.ts'
import { destroyReplacedRoot } from '../../src/commands/destroy-root.ts'
import { shredContext } from '../../src/keys/operations/ending.ts'
import { type RootEvidence, rootReceiptContext } from '../../src/keys/replaced-root.ts'
import type { StateFolder } from '../../src/platform/state-folder/folder.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import type { Outcome } from '../../src/refusal.ts'
import { openServer } from '../../src/server.ts'
import { createIdentity } from '../support/create-identity.ts'
import { chunksOf, keysOf, type RealOptions, realBundle } from '../support/real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

type Earlier = { bundle: string; id: string; version: number }

let folder = ''
let state: StateFolder
let first: SampleBundle
let server: Awaited<ReturnType<typeof openServer>>
let post: (url: string, payload: object, status?: number) => Promise<Record<string, never>>
const kept: string[] = []
const tokenOfTheCeremony = 'a1b2c3d4'

/** The next bundle for this server, with a transport key of its own, which a server offers while it does not run. */
async function bundle(options: Omit<RealOptions, 'card' | 'transport'>): Promise<SampleBundle> {
  const transport = await offerTransport(state)
  return realBundle({ card: await cardOf(state), transport, version: 2, ...options })
}

async function open(): Promise<void> {
  server = await openServer(state, false)
}

async function take({ bytes }: SampleBundle) {
  return server.services.importer.importStream(chunksOf(bytes))
}

/** A new root and a new key of the organisation, and nothing below them, in the place of those of an earlier bundle. */
function rotated(earlier: string, version = 1, ofOrganisation = earlier): NonNullable<RealOptions['alter']> {
  const link = (id: string): Earlier => ({ bundle: id === 'org' ? ofOrganisation : earlier, id, version })
  const gone = ['payments', 'orders']
  let blobs: readonly (string | null)[] = []
  return {
    plan: (plan) => ({
      ...plan,
      keys: plan.keys
        .filter(({ id }) => !gone.includes(id))
        .map((key) => ({ ...key, version: version + 1, replaces: link(key.id) })),
      parts: plan.parts.map((part) => ({
        ...part,
        steps: part.steps.filter(({ key }) => key === undefined || !gone.includes(key)),
      })),
    }),
    entries: (entries) =>
      entries
        .filter(({ stepId }) => !gone.some((id) => stepId === `make-${id}`))
        .map((entry, at) => ({ ...entry, seq: String(at) })),
    predicate(predicate) {
      blobs = predicate.wrapTree.filter(({ id }) => gone.includes(id)).map(({ blob }) => blob)
      return {
        ...predicate,
        keyEvidence: predicate.keyEvidence.filter(({ id }) => !gone.includes(id)),
        wrapTree: predicate.wrapTree
          .filter(({ id }) => !gone.includes(id))
          .map((node) => ({ ...node, version: version + 1, replaces: link(node.id) })),
      }
    },
    blobs: (all) => all.filter(({ sha256 }) => !blobs.includes(sha256)),
  }
}

/** A bundle that brings nothing: the roots of before, and what is revoked. */
function revoking(revokes: Earlier[]): NonNullable<RealOptions['alter']> {
  return {
    plan: (plan) => ({
      ...plan,
      revokes,
      parts: plan.parts.map((part) => ({
        ...part,
        steps: part.steps.flatMap((one) =>
          one.do === 'seal' ? [{ ...one, id: 'revoke-keys', do: 'revoke-keys' as const }, one] : [one],
        ),
      })),
    }),
    entries(entries) {
      const at = entries.findIndex(({ stepId }) => stepId === 'seal')
      const seal = entries[at]
      if (seal === undefined) throw new Error('no entry of the seal')
      const fact = { stage: 0, by: 'Ada', input: {} }
      const revoked = { ...seal, stepId: 'revoke-keys', kind: 'step.confirmed', fact }
      return [...entries.slice(0, at), revoked, ...entries.slice(at)].map((entry, seq) => ({
        ...entry,
        seq: String(seq),
      }))
    },
    predicate: (predicate) => ({ ...predicate, revokes }),
  }
}

beforeAll(async () => {
  folder = await makeFolder()
  state = await makeServerState(folder)
  first = await bundle({ keys: keysOf('first') })
  const pinned = await pinPolicy(state, 'production', encodePolicyFile(first.policy))
  expect(pinned).toMatchObject({ ok: true })
  await open()
  expect(await take(first)).toMatchObject({ state: 'imported' })
  const { clientId, clientSecret } = await createIdentity(server.services.database, {
    name: 'service',
    grants: [{ role: 'service', project: 'payments', organisation: 'org' }],
  })
  let token = ''
  post = async (url, payload, status = 200) => {
    const headers = { authorization: `Bearer ${token}` }
    const reply = await server.app.inject({ method: 'POST', url, headers, payload })
    expect(reply.statusCode, reply.body).toBe(status)
    return reply.json()
  }
  token = (await post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })).accessToken as never
}, 60_000)
afterAll(async () => {
  await server?.app.close()
  await rm(folder, { recursive: true, force: true })
})

const plaintext = Buffer.from('a message').toString('base64')
const at = '/api/v1/kms/keys/orders'
const keks = (table: 'organisation_kek' | 'project_kek') =>
  server.services.database.selectFrom(table).selectAll().orderBy('version').execute()

test('ROTATE-01 a new root with a new organisation key replaces the old: project keys move under it, also after a crash, and every ciphertext opens', async () => {
  kept.push((await post(`${at}/encrypt`, { plaintext })).ciphertext as never)
  await server.app.close()
  const second = await bundle({
    keys: keysOf('second'),
    sequence: '2',
    previous: first.digest,
    alter: rotated(first.digest),
  })
  await open()
  const taken = await take(second)
  if (taken.state !== 'imported') throw new Error(`${taken.rule}: ${taken.detail}`)
  const { payload } = taken.receipt
  expect(payload.replaced).toEqual([
    { bundle: first.digest, id: 'root', version: 1 },
    { bundle: first.digest, id: 'org', version: 1 },
  ])
  const group = {
    role: 'server',
    members: [{ name: 'server', keys: (await cardOf(state)).receiptKey }],
    quorum: 1,
  }
  expect(receiptCodec.verify(taken.receipt, 'production', [group]).ok).toBe(true)
  const roots = await server.services.database
    .selectFrom('root_config')
    .select(['root_id', 'state'])
    .where('origin', '=', 'ceremony')
    .orderBy('state')
    .execute()
  expect(roots).toEqual([
    { root_id: keysOf('second').rootId, state: 'current' },
    { root_id: keysOf('first').rootId, state: 'retained' },
  ])
  expect((await keks('organisation_kek')).map(({ version, state: of }) => [version, of])).toEqual([
    [1, 'decrypt-only'],
    [2, 'enabled'],
  ])
  // As a crash right after the import leaves it: the project's key is under the old one still, and opens.
  await server.app.close()
  await open()
  expect((await keks('project_kek')).map((kek) => kek.wrapping_kek_version)).toEqual([1])
  expect(await post(`${at}/decrypt`, { ciphertext: kept[0] })).toMatchObject({ plaintext })
  expect(await server.services.rotation.goOn()).toBeGreaterThan(0)
  expect((await keks('project_kek')).map((kek) => kek.wrapping_kek_version)).toEqual([2])
  expect(await server.services.rotation.goOn()).toBe(0)
  expect(await keks('organisation_kek')).toHaveLength(2)
  server.services.unwrapping.forgetAll()
  expect(await post(`${at}/decrypt`, { ciphertext: kept[0] })).toMatchObject({ plaintext })
  kept.push((await post(`${at}/encrypt`, { plaintext })).ciphertext as never)
  kept.push(second.digest)
})

test('KEY-REPLACES and ROOT-CURRENT refuse a rotation of what is not here, and nothing changes', async () => {
  await server.app.close()
  const wrong = await bundle({
    keys: keysOf('third'),
    sequence: '3',
    previous: kept[2] ?? null,
    alter: rotated('6b'.repeat(32)),
  })
  await open()
  expect(await take(wrong)).toMatchObject({ state: 'refused', rule: 'ROOT-CURRENT' })
  await server.app.close()
  const other = await bundle({
    keys: keysOf('third'),
    sequence: '3',
    previous: kept[2] ?? null,
    alter: rotated(kept[2] ?? '', 2, '6b'.repeat(32)),
  })
  await open()
  expect(await take(other)).toMatchObject({ state: 'refused', rule: 'KEY-REPLACES' })
  expect((await keks('organisation_kek')).map(({ version, state: of }) => [version, of])).toEqual([
    [1, 'decrypt-only'],
    [2, 'enabled'],
  ])
  expect(await post(`${at}/decrypt`, { ciphertext: kept[1] })).toMatchObject({ plaintext })
})

test('REVOKE-01 a revoked root and a revoked key serve nothing afterwards; the receipt names them, and what moved away in time serves on', async () => {
  await server.app.close()
  const revokes = [
    { bundle: first.digest, id: 'root', version: 1 },
    { bundle: first.digest, id: 'orders', version: 1 },
  ]
  const { rootId } = keysOf('second')
  const orders = await bundle({
    keys: keysOf('second'),
    sequence: '3',
    previous: kept[2] ?? null,
    alter: withRevoked(rotated(first.digest), revoking(revokes)),
  })
  await open()
  const taken = await take(orders)
  if (taken.state !== 'imported') throw new Error(`${taken.rule}: ${taken.detail}`)
  expect(taken.receipt.payload.revoked).toEqual(revokes)
  const reply = await post(`${at}/decrypt`, { ciphertext: kept[0] }, 400)
  expect(reply).toMatchObject({ code: 'KEY-VERSION-DISABLED' })
  await post(`${at}/encrypt`, { plaintext }, 400)
  const states = await server.services.database
    .selectFrom('root_config')
    .select(['root_id', 'state'])
    .where('origin', '=', 'ceremony')
    .orderBy('state')
    .execute()
  expect(states).toEqual([
    { root_id: rootId, state: 'current' },
    { root_id: keysOf('first').rootId, state: 'revoked' },
  ])
  expect((await keks('project_kek')).map((kek) => kek.state)).toEqual(['enabled'])
  expect((await keks('organisation_kek')).map((kek) => kek.state)).toEqual(['revoked', 'enabled'])
  kept.push(orders.digest)
})

test('ROOT-IN-USE, ROOT-EVIDENCE, ROOT-DESTROYED a replaced root is destroyed once nothing is under it, at level S2 once its backup is burnt, and its backup brings it back nowhere', async () => {
  const [old, next] = [keysOf('first').rootId, keysOf('second').rootId]
  await server.app.close()
  const decommissions = []
  for (const keys of [keysOf('first'), keysOf('second'), { ...keysOf('second'), rootId: old }])
    decommissions.push(
      await bundle({
        ...sampleDecommission(),
        keys,
        ceremonyId: '5d'.repeat(16),
        rootBorn: sampleCeremonyId,
      }),
    )
  const [ofOld, ofNext, ofAnotherKey] = decommissions as [SampleBundle, SampleBundle, SampleBundle]
  await open()
  const { services } = server
  const caller = {
    identity: 'root',
    grants: [{ role: 'server-admin', organisation: null, project: null } as const],
  }
  const call = { caller, door: 'direct', reqId: 'r', receipt: null } as const
  const destroy = (root: string, evidence: readonly RootEvidence[] = []) =>
    services.replacedRoots.destroy(call, { root, evidence })
  expect(await destroy(next)).toMatchObject({ ok: false, rule: 'ROOT-IN-USE' })
  expect(await destroy('00'.repeat(16))).toMatchObject({ ok: false, rule: 'OBJECT-ABSENT' })
  const set = 'ab'.repeat(16)
  // As the import of a root that was born with a backup leaves it.
  await sql`update bundle_import set provenance = provenance || ${JSON.stringify({ backups: [{ id: 'root', set }] })}::jsonb
    where digest = ${first.digest}`.execute(services.database)
  const { ckaId } = given(await destroy(old)).payload
  expect(given(await destroy(old)).payload).toMatchObject({
    level: 'S1',
    root: old,
    backups: [{ set, burntBy: null }],
    destroyedIn: services.token.tokens.map(({ serial }) => serial),
  })
  await expect(services.token.use((device) => device.proofOf('kek', ckaId))).rejects.toMatchObject({
    code: 'HSM-KEY-ABSENT',
  })
  expect((await keks('organisation_kek')).map(({ state: of, wrapped }) => [of, wrapped.length > 0])).toEqual([
    ['destroyed', false],
    ['enabled', true],
  ])
  const said = ({ digest, predicate, header }: SampleBundle): RootEvidence => ({
    digest,
    begun: header.created,
    ...predicate,
  })
  const drill = (rootId: string, use: 'check' | 'drill' = 'drill') =>
    // Of what a drill's bundle says, what burns.
    ({ ...said(first), digest: 'cd'.repeat(32), recovery: { use, backup: { rootId, set } } }) as RootEvidence
  for (const silent of [drill(next), drill(old, 'check'), said(ofNext), said(ofAnotherKey)])
    expect(await destroy(old, [silent])).toMatchObject({ ok: false, rule: 'ROOT-EVIDENCE' })
  const restored = (serial: string, key = ckaId, begun: string | null = '2026-01-01T00:00:00.000Z') => {
    const recovery = { use: 'restore', backup: { rootId: old, set }, restored: { serial, ckaId: key } }
    // Of what a restore's bundle says, what burns and what lives on.
    return { ...said(first), digest: 'ce'.repeat(32), begun, recovery } as RootEvidence
  }
  const levelOf = async (...evidence: RootEvidence[]) => given(await destroy(old, evidence)).payload.level
  const [ownSerial = ''] = services.token.tokens.map(({ serial }) => serial)
  expect(await levelOf(restored('SPARE'))).toBe('S1')
  expect(await levelOf(restored('SPARE'), said(ofOld))).toBe('S1')
  expect(await levelOf(restored(tokenOfTheCeremony), said(ofOld))).toBe('S2')
  expect(await levelOf(restored(tokenOfTheCeremony, ckaId, '2027-01-01T00:00:00.000Z'), said(ofOld))).toBe(
    'S1',
  )
  expect(await levelOf(restored(tokenOfTheCeremony, ckaId, null), said(ofOld))).toBe('S1')
  // The token of its birth has it still, and a bundle that was taken in here says so.
  const born = { serial: tokenOfTheCeremony, bundle: first.digest }
  expect(await levelOf(restored(ownSerial))).toBe('S1')
  expect(given(await destroy(old, [drill(old)])).payload).toMatchObject({ level: 'S1', livesIn: [born] })
  expect(given(await destroy(old, [restored('SPARE'), said(ofOld)])).payload.livesIn).toEqual([
    { serial: 'SPARE', bundle: 'ce'.repeat(32) },
  ])
  expect(await levelOf(restored(ownSerial), said(ofOld))).toBe('S2')
  expect(await levelOf(restored(ownSerial, '6b'.repeat(16)))).toBe('S1')
  const { payload, signatures } = given(await destroy(old, [drill(old), said(ofOld)]))
  expect(payload).toMatchObject({ level: 'S2', backups: [{ set, burntBy: 'cd'.repeat(32) }], livesIn: [] })
  expect(payload.destroyedIn).toContain(tokenOfTheCeremony)
  const { receiptKey } = await cardOf(state)
  const bytes = encodeCanonical(payload)
  expect(verifySignature(receiptKey, rootReceiptContext, bytes, signatures[0])).toMatchObject({ ok: true })
  expect(verifySignature(receiptKey, shredContext, bytes, signatures[0])).toMatchObject({ ok: false })

  await server.app.close()
  // The birth gave the root one CKA_ID, this server another.
  expect(ofOld.predicate.decommissioned?.map((one) => one.ckaId)).not.toContain(ckaId)
  for (const [at, one] of [ofOld, ofNext].entries())
    await writeFile(join(folder, `decommission-${at}.zip`), one.bytes)
  const command = (at: number) =>
    destroyReplacedRoot(state, {
      root: old,
      bundles: [join(folder, `decommission-${at}.zip`)],
      out: join(folder, `receipt-${at}.json`),
    })
  const written = given(await command(0)).payload
  expect(written).toMatchObject({ level: 'S1', backups: [{ set, burntBy: null }] })
  expect(written.destroyedIn).toContain(tokenOfTheCeremony)
  expect(await command(1)).toMatchObject({ ok: false, rule: 'ROOT-EVIDENCE' })
  const back = await bundle({
    keys: keysOf('first'),
    sequence: '4',
    previous: kept[3] ?? null,
    alter: rotated(kept[3] ?? '', 2),
  })
  await open()
  expect(await take(back)).toMatchObject({ state: 'refused', rule: 'ROOT-DESTROYED' })
  await expect(server.services.token.use((device) => device.proofOf('kek', ckaId))).rejects.toMatchObject({
    code: 'HSM-KEY-ABSENT',
  })
})

function given<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.rule}: ${outcome.detail}`)
  return outcome.value
}

/** Both, one after the other. */
function withRevoked(
  one: NonNullable<RealOptions['alter']>,
  two: NonNullable<RealOptions['alter']>,
): NonNullable<RealOptions['alter']> {
  return {
    ...one,
    plan: (plan) => two.plan?.(one.plan?.(plan) ?? plan) ?? plan,
    entries: (entries) => two.entries?.(one.entries?.(entries) ?? entries) ?? entries,
    predicate: (predicate) => two.predicate?.(one.predicate?.(predicate) ?? predicate) ?? predicate,
  }
}
