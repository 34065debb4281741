import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type KyselyPlugin, sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Checkpoint } from '../../src/audit/checkpoint.ts'
import { openCoverage } from '../../src/audit/coverage.ts'
import { openPins } from '../../src/audit/pins.ts'
import { auditHash, auditLeaf, ownEntry } from '../../src/audit/writer.ts'
import { acceptState } from '../../src/commands/accept-state.ts'
import { verifyAuditLog } from '../../src/commands/operator.ts'
import { type OpenDatabase, openOwnerDatabase } from '../../src/platform/database/open.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
import { openServer } from '../../src/server.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { pinFileOf } from '../support/server-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let owner: OpenDatabase
let key = ''

beforeAll(async () => {
  kms = await openKms()
  owner = await openOwnerDatabase({ folder: kms.state.database })
  key = await kms.make('attacked')
})

afterAll(async () => {
  await owner.close()
  await kms.close()
})

const pin = async () => Buffer.from((await readFile(await pinFileOf(kms.state), 'utf8')).trim())
const patient = { timeout: 30_000, interval: 250 }
const ruleOf = async () => {
  const verdict = await verifyAuditLog(kms.state, null)
  return verdict.ok ? 'ok' : verdict.rule
}
/** What /readiness says of the audit log. */
const partOf = async ({ app }: Pick<typeof kms.server, 'app'>) => {
  const reply = await app.inject({ method: 'GET', url: '/readiness' })
  return reply.json().parts?.find((one: { part: string }) => one.part === 'audit')?.code ?? 'ok'
}
const part = () => partOf(kms.server)
const encrypt = () => kms.post(`${key}/encrypt`, { plaintext: 'AAAA' })
/** The receipt of an entry, once a checkpoint covers it. */
async function covered(reply: Awaited<ReturnType<typeof encrypt>>) {
  const [, w, s] = /^v1;w=([0-9a-f]+);s=(\d+);/.exec(String(reply.headers['audit-receipt'])) ?? []
  const state = async () => (await kms.get(`/api/v1/audit/receipts?w=${w}&s=${s}`)).body.receipt.state
  await expect.poll(state, patient).toBe('checkpointed')
  return { writer: w ?? '', seq: s ?? '' }
}

/** An entry of last year in a chain of its own, as whoever may write the database makes one; `mac`: of another entry. */
async function forge(mac: Buffer | null = null): Promise<string> {
  const writer = randomBytes(12).toString('hex')
  const salt = randomBytes(16)
  const time = new Date('2025-06-01T12:00:00.000Z')
  const entry = { ...ownEntry('key.encrypt', time), identity: 'nobody' }
  const prev = Buffer.alloc(32)
  const hash = Buffer.from(auditHash(prev, auditLeaf(salt, entry)))
  await owner.database.insertInto('audit_writer').values({ writer }).execute()
  await owner.database
    .insertInto('audit')
    .values({
      ...{ writer, seq: '1', prev, salt, hash, entry: JSON.stringify(entry), req_id: entry.reqId, time },
      ...{ identity_id: 'nobody', project_id: null, operation: entry.operation, outcome: 'ok' },
      ...(mac === null ? {} : { mac }),
    })
    .execute()
  return writer
}

async function without(writer: string): Promise<void> {
  await sql`delete from audit where writer = ${writer}`.execute(owner.database)
  await sql`delete from audit_writer where writer = ${writer}`.execute(owner.database)
}

test('AUDIT-05 chains whose rows say that they are closed and covered get their checkpoints all the same', async () => {
  await covered(await encrypt())
  await sql`update audit_writer set closed = true, checkpointed_seq = 1000000`.execute(owner.database)
  const { writer, seq } = await covered(await encrypt())
  // Half of what came since is taken out again, and the newest checkpoint is the one that was shipped.
  const shipped = kms.server.services.auditLog.latestCheckpoint(
    kms.callAs({ identity: 'a', grants: [{ role: 'auditor', organisation: null, project: null }] }),
    {},
  )
  const known = Buffer.from(JSON.stringify(given(await shipped)))
  await sql`create table taken as select * from audit where writer = ${writer} and seq >= ${seq}`.execute(
    owner.database,
  )
  await sql`delete from audit where writer = ${writer} and seq >= ${seq}`.execute(owner.database)
  expect(await verifyAuditLog(kms.state, known)).toMatchObject({ ok: false, rule: 'AUDIT-GAP' })
  await expect.poll(part, patient).toBe('AUDIT-GAP')
  await sql`insert into audit select * from taken`.execute(owner.database)
  await sql`drop table taken`.execute(owner.database)
  await expect.poll(part, patient).toBe('ok')
  expect(await ruleOf()).toBe('ok')
})

test('AUDIT-05 of chains that have nothing new, entries are asked for together', async () => {
  const idle = Array.from({ length: 5 }, () => randomBytes(12).toString('hex'))
  await owner.database
    .insertInto('audit_writer')
    .values(idle.map((writer) => ({ writer })))
    .execute()
  const coverage = openCoverage({
    ...{ database: owner.database, macs: { checker: async () => () => true }, pins: openPins(kms.state) },
    signedBy: {
      receiptKey: (await readCard(kms.state)).card.receiptKey,
      audience: kms.server.services.audience,
    },
  })
  const asked = vi.spyOn(owner.database, 'selectFrom')
  try {
    const found = await coverage.uncovered(owner.database, 1)
    expect(found?.faults).toEqual([])
    const ofEntries = asked.mock.calls.filter(([table]) => String(table) === 'audit')
    expect(ofEntries).toHaveLength(found?.spans.length ?? -1)
  } finally {
    asked.mockRestore()
    await owner.database.deleteFrom('audit_writer').where('writer', 'in', idle).execute()
  }
})

test('AUDIT-GAP a checkpoint that is made while a look reads is no gap', async () => {
  const writer = await forge(randomBytes(32))
  try {
    const coverage = openCoverage({
      ...{ database: owner.database, macs: { checker: async () => () => true }, pins: openPins(kms.state) },
      signedBy: {
        receiptKey: (await readCard(kms.state)).card.receiptKey,
        audience: kms.server.services.audience,
      },
    })
    const { hash } = await owner.database
      .selectFrom('audit')
      .select('hash')
      .where('writer', '=', writer)
      .executeTakeFirstOrThrow()
    const range = { writer, from: '1', to: '1', hash: hash.toString('hex') }
    const meanwhile: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        const isRead = result.rows.some((row) => row.hash instanceof Buffer && row.hash.equals(hash))
        if (isRead) coverage.made({ seq: '1', ranges: [range] } as unknown as Checkpoint)
        return result
      },
    }
    const found = await coverage.uncovered(owner.database.withPlugin(meanwhile), 100)
    expect(found?.faults).toEqual([])
    expect(coverage.coveredOf(writer)).toBe(1n)
  } finally {
    await without(writer)
  }
})

test('AUDIT-FORGED an entry that no server wrote is covered by no checkpoint, whatever MAC it bears, and is named', async () => {
  const { mac } = await owner.database
    .selectFrom('audit')
    .select('mac')
    .orderBy('time', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  const writers = [await forge(), await forge(mac)]
  // A checkpoint of a later entry, and none of it.
  await covered(await encrypt())
  const ranges = sql`select from audit_checkpoint_range where writer = any(${writers}::text[])`
  expect((await ranges.execute(owner.database)).rows).toEqual([])
  expect(await ruleOf()).toBe('AUDIT-FORGED')
  await expect.poll(part, patient).toBe('AUDIT-FORGED')
  const [first = '', second = ''] = writers
  await without(first)
  expect(await ruleOf()).toBe('AUDIT-FORGED')
  // Said to be covered already, it is not believed either.
  await sql`insert into audit_checkpoint_range (checkpoint, writer, from_seq, to_seq)
    select max(seq), ${second}, 1, 1 from audit_checkpoint`.execute(owner.database)
  await expect.poll(part, patient).toBe('AUDIT-CHECKPOINT')
  await sql`delete from audit_checkpoint_range where writer = ${second}`.execute(owner.database)
  await without(second)
  await expect.poll(part, patient).toBe('ok')
  expect(await ruleOf()).toBe('ok')
})

test('AUDIT-06 a log that was cut together with its checkpoints is known by the state folder, until somebody accepts it', async () => {
  const before = given(await verifyAuditLog(kms.state, null)).head?.seq ?? ''
  const { writer, seq } = await covered(await encrypt())
  // The state folder knows a note over what is cut. Another may be at it for a moment.
  const noted = async ({ services }: Pick<typeof kms.server, 'services'>) =>
    (await services.treeLog.advance())?.size ?? 0
  await expect.poll(() => noted(kms.server), patient).toBeGreaterThan(Number(before))
  await kms.server.app.close()
  await owner.close()
  owner = await openOwnerDatabase({ folder: kms.state.database })
  await sql`delete from audit_checkpoint_range where checkpoint > ${before}`.execute(owner.database)
  await sql`delete from audit_checkpoint where seq > ${before}`.execute(owner.database)
  await sql`delete from audit where writer = ${writer} and seq >= ${seq}`.execute(owner.database)
  expect(await ruleOf()).toBe('AUDIT-CHECKPOINT')
  await owner.close()
  const server = await openServer(kms.state, false)
  try {
    owner = await openOwnerDatabase({ folder: kms.state.database })
    await expect.poll(() => partOf(server), patient).toBe('AUDIT-CHECKPOINT')
    const seen = given(await acceptState(kms.state, () => undefined, null)).faults
    expect(seen.map(({ code, of }) => [code, of])).toEqual([
      ['AUDIT-CHECKPOINT', 'checkpoint'],
      ['AUDIT-GAP', 'pin'],
    ])
    expect(await ruleOf()).toBe('AUDIT-CHECKPOINT')
    given(await acceptState(kms.state, () => undefined, pin))
    const { rows } = await sql<{ outcome: string }>`select outcome from audit
      where operation = 'audit.accept'`.execute(owner.database)
    expect(rows.map(({ outcome }) => JSON.parse(outcome).faults)).toEqual([
      seen.map(({ code, detail }) => `${code} ${detail}`),
    ])
    await expect.poll(() => partOf(server), patient).toBe('ok')
    expect(await ruleOf()).toBe('ok')
    await expect.poll(() => noted(server), patient).toBeGreaterThan(Number(before))
    expect(await ruleOf()).toBe('ok')

    // An entry of a chain that goes on is gone before a checkpoint covers it: the next one begins another chain, once that is accepted.
    const { audit } = server.services
    const chain = audit.id
    const enter = () => audit.append(ownEntry('audit.start', new Date()))
    await owner.database.transaction().execute(async (work) => {
      // No checkpoint is made meanwhile.
      await sql`select pg_advisory_xact_lock(${0x6c757803})`.execute(work)
      const gone = await enter()
      await sql`delete from audit where writer = ${chain} and seq = ${gone.seq}`.execute(work)
      await enter()
    })
    await expect.poll(() => partOf(server), patient).toBe('AUDIT-GAP')
    given(await acceptState(kms.state, () => undefined, pin))
    await expect.poll(() => partOf(server), patient).toBe('ok')
    await expect.poll(async () => (await enter()).writer, patient).not.toBe(chain)
    expect(await ruleOf()).toBe('AUDIT-GAP')
  } finally {
    await server.app.close()
  }
})
