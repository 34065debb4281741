import { writeFile } from 'node:fs/promises'
import { canonicalString, encodeCanonical, fromHex, verifySignature } from '@lux/crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../../src/access/authorize.ts'
import { checkpointContext } from '../../src/audit/checkpoint.ts'
import { entryNode, leadsTo } from '../../src/audit/merkle.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { auditHash, auditLeaf } from '../../src/audit/writer.ts'
import { retainAudit, verifyAuditLog } from '../../src/commands/operator.ts'
import { type OpenDatabase, openOwnerDatabase } from '../../src/platform/database/open.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let owner: OpenDatabase
const deployment: Caller = {
  identity: 'auditor',
  grants: [{ role: 'auditor', organisation: null, project: null }],
}

beforeAll(async () => {
  kms = await openKms()
  owner = await openOwnerDatabase({ folder: kms.state.database })
})

afterAll(async () => {
  await owner.close()
  await kms.close()
})

const verdict = () => verifyAuditLog(kms.state, null)
/** Every entry that is there now is covered. */
const settled = () =>
  expect
    .poll(
      async () => {
        const { database } = kms.server.services
        const { count } = await database
          .selectFrom('audit')
          .innerJoin('audit_writer', 'audit_writer.writer', 'audit.writer')
          .whereRef('audit.seq', '>', 'audit_writer.checkpointed_seq')
          .select(({ fn }) => fn.countAll<string>().as('count'))
          .executeTakeFirstOrThrow()
        return count
      },
      { timeout: 15_000 },
    )
    .toBe('0')

test('AUDIT-02 a receipt is redeemed for the entry, a path and a signed checkpoint that need no trust in the server', async () => {
  const id = await kms.make('receipts')
  const reply = await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })
  const [, w, s, h, salt] =
    /^v1;w=([0-9a-f]+);s=(\d+);h=([\w-]+);salt=([\w-]+)$/.exec(String(reply.headers['audit-receipt'])) ?? []
  const redeem = async () => (await kms.get(`/api/v1/audit/receipts?w=${w}&s=${s}`)).body.receipt
  await expect.poll(async () => (await redeem()).state, { timeout: 15_000 }).toBe('checkpointed')
  const found = await redeem()
  expect(found.entry).toMatchObject({ operation: 'key.encrypt', outcome: 'ok', key: id, door: 'http' })
  expect(found.salt).toBe(Buffer.from(salt ?? '', 'base64url').toString('hex'))
  const hash = auditHash(fromHex(found.prev), auditLeaf(fromHex(found.salt), found.entry))
  expect(Buffer.from(hash).toString('base64url')).toBe(h)
  const { payload, signatures } = found.checkpoint
  const { card, audience } = await readCard(kms.state)
  expect(payload.audience).toBe(audience)
  expect(
    verifySignature(card.receiptKey, checkpointContext, encodeCanonical(payload), signatures[0]).ok,
  ).toBe(true)
  const path = found.path.map(({ side, hash: other }: { side: string; hash: string }) => ({
    side,
    hash: fromHex(other),
  }))
  const node = entryNode(w ?? '', BigInt(s ?? 0), hash)
  expect(leadsTo(fromHex(payload.root), node, path)).toBe(true)
  expect(leadsTo(fromHex(payload.root), entryNode(w ?? '', 1n, hash), path)).toBe(false)
  const byRequest = await kms.get(`/api/v1/audit/receipts?reqId=${reply.headers['x-request-id']}`)
  expect(byRequest.body.receipt.seq).toBe(s)
  // Another caller's entry is as absent, but for who reads the audit of its project.
  const { auditLog } = kms.server.services
  const of = { writer: w ?? '', seq: s ?? '' }
  expect(await auditLog.redeem(kms.callAs(kms.chief), of)).toMatchObject({ rule: 'OBJECT-ABSENT' })
  expect((await auditLog.redeem(kms.callAs(deployment), of)).ok).toBe(true)
  expect((await kms.get('/api/v1/audit/receipts?w=abc')).status).toBe(422)
})

test('AUDIT-03 an auditor asks, exports and counts what was done in his place, and no other', async () => {
  const { auditLog, organisations } = kms.server.services
  const { project, organisation } = kms
  const id = await kms.make('counted')
  for (let times = 0; times < 3; times++) await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })
  await kms.post(`${id}/decrypt`, { ciphertext: 'AAAA' })
  const place = { organisation: organisation.id, project: project.id }
  const made = given(
    await organisations.createIdentity(kms.callAs(kms.chief), {
      name: 'auditor',
      grants: [{ role: 'auditor', ...place }],
    }),
  )
  const { clientId, clientSecret } = made
  const login = await kms.post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  const headers = { authorization: `Bearer ${login.body.accessToken}` }
  const ask = (url: string) => kms.server.app.inject({ method: 'GET', url: `/api/v1/audit${url}`, headers })
  const usage = (await ask(`/usage?projectId=${project.id}&keyId=${id}`)).json().usage
  const counts = usage.map((one: Record<string, unknown>) => [one.operation, one.outcome, one.count])
  expect(counts.toSorted()).toEqual([
    ['key.create', 'ok', 1],
    ['key.decrypt', 'ENVELOPE-MALFORMED', 1],
    ['key.encrypt', 'ok', 3],
  ])
  const query = `?projectId=${project.id}&keyId=${id}&operation=key.encrypt&limit=2`
  const entries = (await ask(query)).json().entries
  expect(entries.map(({ entry }: { entry: { operation: string } }) => entry.operation)).toEqual([
    'key.encrypt',
    'key.encrypt',
  ])
  const exported = await ask(`/export?projectId=${project.id}&keyId=${id}`)
  expect(exported.headers['content-type']).toContain('application/x-ndjson')
  const lines = exported.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toHaveLength(5)
  for (const { prev, salt, entry, hash } of lines)
    expect(Buffer.from(auditHash(fromHex(prev), auditLeaf(fromHex(salt), entry))).toString('hex')).toBe(hash)
  const elsewhere = await kms.makeProject('Unseen')
  expect((await ask(`?projectId=${elsewhere.id}`)).statusCode).toBe(404)
  expect((await ask('')).statusCode).toBe(403)
  expect((await kms.get(`/api/v1/audit?projectId=${project.id}`)).status).toBe(403)
  expect(await auditLog.usage(kms.callAs(kms.admin), {})).toMatchObject({
    rule: 'ROLE-REFUSED',
  })
})

test('AUDIT-CHANGED verify-audit walks all, and names an entry that was changed, taken out or a writer that was dropped', async () => {
  await settled()
  const whole = given(await verdict())
  expect(whole.pending).toBe(0)
  expect(whole.entries).toBeGreaterThan(10)
  expect(whole.checkpoints).toBeGreaterThan(0)
  const victim = (
    await sql<{ writer: string; seq: string }>`select writer, seq from audit where operation = 'key.encrypt'
      order by seq limit 1`.execute(owner.database)
  ).rows[0]
  if (victim === undefined) throw new Error('nothing was encrypted')
  /** What is said while the log is so; then it is put back. */
  const during = async (...changes: readonly ReturnType<typeof sql>[]) => {
    let rule = ''
    await sql`create table kept as select * from audit`.execute(owner.database)
    for (const change of changes) await change.execute(owner.database)
    const found = await verdict()
    rule = found.ok ? 'ok' : found.rule
    await sql`truncate audit`.execute(owner.database)
    await sql`insert into audit select * from kept`.execute(owner.database)
    await sql`drop table kept`.execute(owner.database)
    return rule
  }
  const at = sql`writer = ${victim.writer} and seq = ${victim.seq}`
  expect(
    await during(sql`update audit set entry = replace(entry, 'key.encrypt', 'key.decrypt') where ${at}`),
  ).toBe('AUDIT-CHANGED')
  expect(await during(sql`update audit set operation = 'key.read' where ${at}`)).toBe('AUDIT-CHANGED')
  expect(await during(sql`update audit set entry = 'no JSON' where ${at}`)).toBe('AUDIT-CHANGED')
  // Each column that questions are answered by, to no value too.
  for (const column of ['operation', 'outcome', 'identity_id', 'organisation_id', 'project_id', 'key_id'])
    for (const value of ['other', null])
      expect([
        column,
        value,
        await during(sql`update audit set ${sql.ref(column)} = ${value} where ${at}`),
      ]).toEqual([column, value, 'AUDIT-CHANGED'])
  const early = sql`operation = null, outcome = null, organisation_id = null, key_id = null`
  expect(await during(sql`update audit set ${early} where ${at}`)).toBe('AUDIT-CHANGED')
  expect(await during(sql`update audit set time = time - interval '1 day' where ${at}`)).toBe('AUDIT-CHANGED')
  expect(await during(sql`update audit set req_id = 'other' where ${at}`)).toBe('AUDIT-CHANGED')
  // As a retention would, but none says so.
  const { entry, salt } = await owner.database
    .selectFrom('audit')
    .select(['entry', 'salt'])
    .where('writer', '=', victim.writer)
    .where('seq', '=', victim.seq)
    .executeTakeFirstOrThrow()
  const leaf = Buffer.from(auditLeaf(salt, JSON.parse(entry ?? '')))
  const emptied = sql`entry = null, leaf = ${leaf}, operation = null, outcome = null, identity_id = null, key_id = null`
  expect(await during(sql`update audit set ${emptied} where ${at}`)).toBe('AUDIT-GAP')
  expect(await during(sql`delete from audit where ${at}`)).toBe('AUDIT-GAP')
  expect(await during(sql`delete from audit where writer = ${victim.writer}`)).toBe('AUDIT-GAP')
  expect(await during(sql`delete from audit where writer = ${victim.writer} and seq >= ${victim.seq}`)).toBe(
    'AUDIT-GAP',
  )
  expect((await verdict()).ok).toBe(true)

  // A log that was rolled back with its checkpoints is known by one that was kept elsewhere.
  const { auditLog } = kms.server.services
  const shipped = given(await auditLog.latestCheckpoint(kms.callAs(deployment), {}))
  const file = `${kms.state.root}/shipped.json`
  await writeFile(file, canonicalString(shipped as never))
  const text = Buffer.from(canonicalString(shipped as never))
  expect((await verifyAuditLog(kms.state, text)).ok).toBe(true)
  const forked = Buffer.from(text.toString().replace(/"root":"../, '"root":"00'))
  expect(await verifyAuditLog(kms.state, forked)).toMatchObject({ rule: 'AUDIT-CHECKPOINT' })
})

test('AUDIT-04 what is no longer kept leaves its place in the chain, which verifies as before', async () => {
  await settled()
  const soon = new Date(Date.now() + 60_000)
  const before = given(await verdict())
  const { card, audience } = await readCard(kms.state)
  const upTo = before.head?.seq ?? ''
  const asOfThen = async () =>
    verifyAudit(kms.server.services.database, { receiptKey: card.receiptKey, audience, upTo })
  const { dropped } = given(await retainAudit(kms.state, soon))
  expect(dropped).toBeGreaterThan(10)
  const rows = await sql<{ entry: string | null }>`select entry from audit where leaf is not null`.execute(
    owner.database,
  )
  expect(rows.rows.every(({ entry }) => entry === null)).toBe(true)
  await settled()
  const after = given(await verdict())
  expect(after.entries).toBeGreaterThanOrEqual(before.entries)
  expect([before.dropped, after.dropped]).toEqual([0, dropped])
  // Up to an earlier checkpoint too, though what says it came later.
  expect(given(await asOfThen())).toMatchObject({ pending: 0, dropped, head: before.head })
  // And a range that says less than the checkpoint that was signed hides nothing.
  await sql`create table ranges as select * from audit_checkpoint_range`.execute(owner.database)
  await sql`delete from audit_checkpoint_range where checkpoint = ${upTo}`.execute(owner.database)
  expect(await asOfThen()).toMatchObject({ ok: false, rule: 'AUDIT-GAP' })
  await sql`insert into audit_checkpoint_range select * from ranges where checkpoint = ${upTo}`.execute(
    owner.database,
  )
  await sql`drop table ranges`.execute(owner.database)
  const kept = sql<{ operation: string; outcome: string }>`select operation, outcome from audit
    where operation = 'audit.retain'`
  const [said] = (await kept.execute(owner.database)).rows
  expect(JSON.parse(said?.outcome ?? '')).toMatchObject({ before: soon.toISOString() })
  // The next retention drops more, and leaves what the one before said.
  const { dropped: more } = given(await retainAudit(kms.state, soon))
  expect(given(await verdict()).dropped).toBe(dropped + more)
  expect((await kept.execute(owner.database)).rows).toHaveLength(2)
  await settled()
  expect(given(await retainAudit(kms.state, new Date(0)))).toEqual({ dropped: 0 })
  expect((await kms.post('', { projectId: kms.project.id, name: 'later' })).status).toBe(200)
})
