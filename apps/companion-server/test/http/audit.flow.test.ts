import { readFile, rm } from 'node:fs/promises'
import { fromBase64Url } from '@lux/crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuditEntry, auditHash, auditLeaf } from '../../src/audit/writer.ts'
import { acceptState } from '../../src/commands/accept-state.ts'
import { migrateDown } from '../../src/platform/database/migrate.ts'
import { openOwnerDatabase } from '../../src/platform/database/open.ts'
import { openServer } from '../../src/server.ts'
import { openHttp } from '../support/http-under-test.ts'
import { pinFileOf } from '../support/server-under-test.ts'

let http: Awaited<ReturnType<typeof openHttp>>
const base = '/api/v1/kms/keys'

beforeAll(async () => {
  http = await openHttp('audit')
  await http.takeIn()
})

afterAll(() => http.close())

test('AUDIT-01 every reply carries a receipt of a durable entry, and the chain of the writer adds up', async () => {
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => http.post('user', `${base}/orders/encrypt`, { plaintext: 'AAAA' })),
  )
  const rows = await http.server.services.database.selectFrom('audit').selectAll().orderBy('seq').execute()
  const byRequest = new Map(rows.map((row) => [row.req_id, row]))
  for (const reply of replies) {
    const parts = /^v1;w=([0-9a-f]{24});s=(\d+);h=([\w-]+);salt=([\w-]+)$/.exec(
      String(reply.headers['audit-receipt']),
    )
    const row = byRequest.get(String(reply.headers['x-request-id']))
    expect(row?.seq).toBe(parts?.[2])
    expect(row?.hash.equals(fromBase64Url(parts?.[3] ?? ''))).toBe(true)
  }
  let previous = new Uint8Array(32)
  for (const [index, row] of rows.entries()) {
    expect(row.seq).toBe(String(index + 1))
    const entry: AuditEntry = JSON.parse(row.entry!)
    expect(new Uint8Array(row.prev)).toEqual(previous)
    previous = new Uint8Array(auditHash(previous, auditLeaf(row.salt, entry)))
    expect(new Uint8Array(row.hash)).toEqual(previous)
    expect(row.entry).not.toContain('AAAA')
  }
})

test('AUDIT-UNAVAILABLE no reply leaves while the log cannot be written, and a new chain begins after', async () => {
  const before = http.server.services.audit.id
  const owner = await openOwnerDatabase({ folder: http.server.services.state.database })
  try {
    await sql`revoke insert on audit from custody_app`.execute(owner.database)
    const withheld = await http.post('user', `${base}/orders/encrypt`, { plaintext: 'AAAA' })
    expect([withheld.statusCode, withheld.json().code]).toEqual([503, 'AUDIT-UNAVAILABLE'])
    expect(withheld.body).not.toContain('ciphertext')
    await sql`grant insert on audit to custody_app`.execute(owner.database)
  } finally {
    await owner.close()
  }
  const reply = await http.post('user', `${base}/orders/encrypt`, { plaintext: 'AAAA' })
  expect(reply.statusCode).toBe(200)
  const { id } = http.server.services.audit
  expect(id).not.toBe(before)
  expect(reply.headers['audit-receipt']).toContain(`v1;w=${id};s=2;`)
  const rows = await http.server.services.database
    .selectFrom('audit')
    .select('entry')
    .where('writer', '=', id)
    .orderBy('seq')
    .execute()
  expect(rows.map(({ entry }) => JSON.parse(entry!).operation)).toEqual(['audit.open', 'key.encrypt'])
})

test('KEY-ROW-CHANGED a row that somebody edited in the database is not unwrapped', async () => {
  const { database, unwrapping } = http.server.services
  await sql`update key_version set algorithm = 'AES-128' where key_id = 'orders'`.execute(database)
  const refused = await http.post('user', `${base}/orders/encrypt`, { plaintext: '' })
  expect([refused.statusCode, refused.json().code]).toEqual([503, 'ROW-FORGED'])
  await sql`update key_version set algorithm = 'AES-256' where key_id = 'orders'`.execute(database)
  await sql`update project_kek set wrapped = wrapped || '\\x00'`.execute(database)
  unwrapping.forgetAll()
  expect((await http.post('user', `${base}/orders/encrypt`, { plaintext: '' })).json().code).toBe(
    'KEY-ROW-CHANGED',
  )
})

test('DATABASE-01 a database of version 0.1 opens, and its identities use its keys as before', async () => {
  const made = await openHttp('version 0.1')
  await made.takeIn()
  const { ciphertext } = (await made.post('user', `${base}/orders/encrypt`, { plaintext: 'AAAA' })).json()
  const { state } = made
  await made.server.app.close()
  const owner = await openOwnerDatabase({ folder: state.database })
  try {
    // Version 0.1 knew three.
    for (let last = ''; last !== '0004-online-keys'; ) [last = ''] = await migrateDown(owner.database)
    const roles = await sql`select role from identity order by 1`.execute(owner.database)
    expect(roles.rows).toEqual([{ role: 'operator' }, { role: 'user' }])
  } finally {
    await owner.close()
  }
  // Nothing was sealed then.
  const pin = async () => Buffer.from((await readFile(await pinFileOf(state), 'utf8')).trim())
  expect(await acceptState(state, () => undefined, pin)).toMatchObject({ value: { accepted: true } })
  const server = await openServer(state, false)
  try {
    const ask = (who: 'user' | 'operator', url: string, payload: object) =>
      server.app.inject({ method: 'POST', url, payload, headers: made.as(who) })
    const opened = await ask('user', `${base}/orders/decrypt`, { ciphertext })
    expect([opened.statusCode, opened.json()]).toEqual([200, { plaintext: 'AAAA' }])
    expect((await ask('operator', `${base}/orders/decrypt`, { ciphertext })).statusCode).toBe(404)
    const bundles = {
      method: 'GET',
      url: '/api/v1/ceremonies/bundles',
      headers: made.as('operator'),
    } as const
    expect((await server.app.inject(bundles)).json().bundles).toHaveLength(1)
  } finally {
    await server.app.close()
    await rm(state.root, { recursive: true, force: true })
  }
})
