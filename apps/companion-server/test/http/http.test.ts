import { rm } from 'node:fs/promises'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { fromBase64Url } from '@lux/crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuditEntry, auditHash, auditLeaf } from '../../src/audit/entry.ts'
import { type Credentials, createIdentity } from '../../src/auth/tokens.ts'
import { openOwnerDatabase } from '../../src/database/open.ts'
import { openServer } from '../../src/server.ts'
import { pinPolicy } from '../../src/state/policies.ts'
import { keysOf, realBundle } from '../support/real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

type Opened = Awaited<ReturnType<typeof openServer>>
let folder: string
let server: Opened
let bundle: Awaited<ReturnType<typeof realBundle>>
const tokens: Record<'user' | 'reader' | 'operator' | 'stranger', string> = {
  user: '',
  reader: '',
  operator: '',
  stranger: '',
}
const base = '/api/v1/kms/keys'

beforeAll(async () => {
  folder = await makeFolder()
  const state = await makeServerState(folder)
  const card = await cardOf(state)
  bundle = await realBundle({ keys: keysOf('http'), card, transport: await offerTransport(state) })
  await pinPolicy(state, 'production', encodePolicyFile(bundle.policy))
  server = await openServer(state, false)
  const { database } = server.services
  tokens.operator = await logIn(
    await createIdentity(database, { name: 'o', role: 'operator', project: null, organisation: null }),
  )
})

afterAll(async () => {
  await server.app.close()
  await rm(folder, { recursive: true, force: true })
})

async function logIn({ clientId, clientSecret }: Credentials): Promise<string> {
  const reply = await server.app.inject({
    method: 'POST',
    url: '/api/v1/auth/universal-auth/login',
    payload: { clientId, clientSecret },
  })
  expect(reply.json()).toMatchObject({ tokenType: 'Bearer', expiresIn: 2_592_000 })
  return reply.json().accessToken
}

const as = (who: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[who]}` })
const post = (who: keyof typeof tokens, url: string, payload: object) =>
  server.app.inject({ method: 'POST', url, payload, headers: as(who) })
const get = (who: keyof typeof tokens, url: string) =>
  server.app.inject({ method: 'GET', url, headers: as(who) })

test('HTTP-01 an operator uploads a bundle over a real connection and gets the signed receipt, again and again', async () => {
  const address = await server.app.listen({ host: '127.0.0.1', port: 0 })
  const upload = () =>
    fetch(`${address}/api/v1/ceremonies/bundles`, {
      method: 'POST',
      headers: { ...as('operator'), 'content-type': 'application/zip' },
      body: Buffer.from(bundle.bytes),
    })
  const first = await upload()
  expect(first.status).toBe(200)
  const body = (await first.json()) as { bundleDigest: string; receipt: object }
  expect(body).toMatchObject({
    bundleDigest: bundle.digest,
    receipt: { payload: { kind: 'receipt', sequence: '1' } },
  })
  expect(await (await upload()).json()).toEqual(body)
  expect((await get('operator', `/api/v1/ceremonies/bundles/${bundle.digest}/receipt`)).json()).toEqual(
    body.receipt,
  )
  expect((await get('operator', '/api/v1/ceremonies/bundles')).json().bundles).toMatchObject([
    { state: 'imported' },
  ])
  const wrong = await fetch(`${address}/api/v1/ceremonies/bundles`, {
    method: 'POST',
    headers: { ...as('operator'), 'content-type': 'application/zip' },
    body: Buffer.from('not a bundle, but long enough to be looked at'),
  })
  expect(wrong.status).toBe(422)
  expect(await wrong.json()).toMatchObject({
    error: 'BundleRefused',
    rule: 'ZIP-PROFILE',
    message: expect.any(String),
  })

  const { database } = server.services
  const project = { project: 'payments', organisation: 'org' }
  tokens.user = await logIn(await createIdentity(database, { name: 'u', role: 'user', ...project }))
  tokens.reader = await logIn(await createIdentity(database, { name: 'r', role: 'reader', ...project }))
  await database
    .insertInto('project')
    .values({ id: 'other', organisation_id: 'org', name: 'Other' })
    .execute()
  const other = { name: 's', role: 'user' as const, project: 'other', organisation: 'org' }
  tokens.stranger = await logIn(await createIdentity(database, other))
})

test('HTTP-02 a project key of the ceremony encrypts and decrypts, with AAD bound', async () => {
  const listed = (await get('user', `${base}?projectId=payments`)).json()
  expect(listed).toMatchObject({
    totalCount: 1,
    keys: [
      {
        id: 'orders',
        name: 'Orders',
        orgId: 'org',
        projectId: 'payments',
        encryptionAlgorithm: 'aes-256-gcm',
        version: 1,
      },
    ],
  })
  expect((await get('user', `${base}/orders`)).json()).toEqual({ key: listed.keys[0] })
  expect((await get('user', `${base}/key-name/Orders?projectId=payments`)).json()).toEqual({
    key: listed.keys[0],
  })
  const plaintext = Buffer.from('four crates of lemons').toString('base64')
  const aad = Buffer.from('order 7').toString('base64')
  const { ciphertext } = (
    await post('user', `${base}/orders/encrypt`, { plaintext, aad, keyId: 'orders' })
  ).json()
  expect(Buffer.from(ciphertext, 'base64').includes('lemons')).toBe(false)
  expect((await post('user', `${base}/orders/decrypt`, { ciphertext, aad })).json()).toEqual({ plaintext })
  const moved = await post('user', `${base}/orders/decrypt`, { ciphertext })
  expect(moved.statusCode).toBe(400)
  expect(moved.json()).toMatchObject({ code: 'ENVELOPE-TAG', statusCode: 400, reqId: expect.any(String) })
})

test('HTTP-03 what is not visible is 404 like what is absent; what is visible and not allowed is 403', async () => {
  const absent = await get('stranger', `${base}/nothing`)
  const hidden = await get('stranger', `${base}/orders`)
  expect(hidden.statusCode).toBe(404)
  const { reqId: _one, ...hiddenBody } = hidden.json()
  const { reqId: _two, ...absentBody } = absent.json()
  expect(hiddenBody).toEqual(absentBody)
  expect((await post('stranger', `${base}/orders/encrypt`, { plaintext: '' })).statusCode).toBe(404)
  expect((await get('stranger', `${base}?projectId=payments`)).statusCode).toBe(404)
  expect((await get('stranger', `${base}/key-name/Orders?projectId=payments`)).statusCode).toBe(404)
  const denied = await post('reader', `${base}/orders/encrypt`, { plaintext: '' })
  expect(denied.statusCode).toBe(403)
  expect(denied.json()).toMatchObject({ error: 'PermissionDenied', details: [expect.any(String)] })
  expect((await get('user', '/api/v1/ceremonies/bundles')).statusCode).toBe(403)
})

test('HTTP-04 wrong input is refused before anything is done with it', async () => {
  const encrypt = (payload: object) => post('user', `${base}/orders/encrypt`, payload)
  const unknown = await encrypt({ plaintext: '', extra: 1 })
  expect(unknown.statusCode).toBe(422)
  expect(unknown.json()).toMatchObject({ error: 'ValidationFailure', message: expect.any(String) })
  expect((await encrypt({})).statusCode).toBe(422)
  expect((await encrypt({ plaintext: 7 })).statusCode).toBe(422)
  expect((await encrypt({ plaintext: 'AA=' })).statusCode).toBe(422)
  expect((await encrypt({ plaintext: 'AA', keyId: 'orders' })).statusCode).toBe(422)
  expect((await encrypt({ plaintext: '', keyId: 'another' })).statusCode).toBe(400)
  expect((await encrypt({ plaintext: Buffer.alloc((1 << 20) + 1).toString('base64') })).statusCode).toBe(413)
  expect((await encrypt({ plaintext: 'A'.repeat(2 << 20) })).statusCode).toBe(413)
  expect((await post('user', `${base}/orders/decrypt`, { ciphertext: 'AAAA' })).json()).toMatchObject({
    code: 'ENVELOPE-MALFORMED',
  })
  const broken = await server.app.inject({
    method: 'POST',
    url: `${base}/orders/encrypt`,
    headers: { ...as('user'), 'content-type': 'application/json' },
    payload: '{"plaintext":',
  })
  expect(broken.statusCode).toBe(400)
  expect((await get('user', '/api/v3/secrets/raw')).json()).toMatchObject({
    statusCode: 404,
    message: expect.any(String),
  })
})

test('HTTP-05 a wrong secret and an unknown client look the same, and ten failures lock only that source', async () => {
  const { database } = server.services
  const made = await createIdentity(database, {
    name: 'l',
    role: 'user',
    project: 'payments',
    organisation: 'org',
  })
  const attempt = (clientId: string, clientSecret: string, remoteAddress = '10.0.0.1') =>
    server.app.inject({
      method: 'POST',
      url: '/api/v1/auth/universal-auth/login',
      payload: { clientId, clientSecret },
      remoteAddress,
    })
  const [wrong, unknown] = [await attempt(made.clientId, 'wrong'), await attempt('nobody', 'wrong')]
  expect([wrong.statusCode, unknown.statusCode]).toEqual([401, 401])
  expect(wrong.json().message).toBe(unknown.json().message)
  for (let n = 0; n < 9; n++) await attempt(made.clientId, 'wrong')
  expect((await attempt(made.clientId, made.clientSecret)).statusCode).toBe(401)
  expect((await attempt(made.clientId, made.clientSecret, '10.0.0.2')).statusCode).toBe(200)
  expect((await server.app.inject({ method: 'GET', url: `${base}/orders` })).statusCode).toBe(401)
})

test('HTTP-06 a revoked identity is out within a second', async () => {
  const { database } = server.services
  const made = await createIdentity(database, {
    name: 'gone',
    role: 'user',
    project: 'payments',
    organisation: 'org',
  })
  const authorization = `Bearer ${await logIn(made)}`
  const read = () => server.app.inject({ method: 'GET', url: `${base}/orders`, headers: { authorization } })
  expect((await read()).statusCode).toBe(200)
  await database
    .updateTable('identity')
    .set({ revoked_at: new Date() })
    .where('id', '=', made.identity)
    .execute()
  await new Promise((done) => setTimeout(done, 1050))
  expect((await read()).statusCode).toBe(401)
})

test('AUDIT-01 every reply carries a receipt of a durable entry, and the chain of the writer adds up', async () => {
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => post('user', `${base}/orders/encrypt`, { plaintext: 'AAAA' })),
  )
  const rows = await server.services.database.selectFrom('audit').selectAll().orderBy('seq').execute()
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
    const entry: AuditEntry = JSON.parse(row.entry)
    expect(new Uint8Array(row.prev)).toEqual(previous)
    previous = new Uint8Array(auditHash(previous, auditLeaf(row.salt, entry)))
    expect(new Uint8Array(row.hash)).toEqual(previous)
    expect(row.entry).not.toContain('AAAA')
  }
})

test('AUDIT-UNAVAILABLE no reply leaves while the log cannot be written, and a new chain begins after', async () => {
  const before = server.services.audit.id
  const owner = await openOwnerDatabase({ folder: server.services.state.database })
  try {
    await sql`revoke insert on audit from custody_app`.execute(owner.database)
    const withheld = await post('user', `${base}/orders/encrypt`, { plaintext: 'AAAA' })
    expect([withheld.statusCode, withheld.json().message]).toEqual([503, 'AUDIT-UNAVAILABLE'])
    expect(withheld.body).not.toContain('ciphertext')
    await sql`grant insert on audit to custody_app`.execute(owner.database)
  } finally {
    await owner.close()
  }
  const reply = await post('user', `${base}/orders/encrypt`, { plaintext: 'AAAA' })
  expect(reply.statusCode).toBe(200)
  const { id } = server.services.audit
  expect(id).not.toBe(before)
  expect(reply.headers['audit-receipt']).toContain(`v1;w=${id};s=2;`)
  const rows = await server.services.database
    .selectFrom('audit')
    .select('entry')
    .where('writer', '=', id)
    .orderBy('seq')
    .execute()
  expect(rows.map(({ entry }) => JSON.parse(entry).operation)).toEqual([
    'audit.open',
    'POST /api/v1/kms/keys/:keyId/encrypt',
  ])
})

test('HTTP-07 security headers are on every reply and health says when the server is ready', async () => {
  const reply = await server.app.inject({ method: 'GET', url: '/readiness' })
  expect([reply.statusCode, reply.json()]).toEqual([200, { status: 'ready' }])
  expect(reply.headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
  })
  expect(reply.headers['access-control-allow-origin']).toBeUndefined()
})

test('KEY-ROW-CHANGED a row that somebody edited in the database is not unwrapped', async () => {
  const { database, keys } = server.services
  await sql`update key_version set algorithm = 'AES-128' where key_id = 'orders'`.execute(database)
  const refused = await post('user', `${base}/orders/encrypt`, { plaintext: '' })
  expect([refused.statusCode, refused.json().message]).toEqual([503, 'KEY-ROW-CHANGED'])
  await sql`update key_version set algorithm = 'AES-256' where key_id = 'orders'`.execute(database)
  await sql`update project_kek set bundle_digest = ${'ab'.repeat(32)}`.execute(database)
  keys.forgetAll()
  expect((await post('user', `${base}/orders/encrypt`, { plaintext: '' })).json().message).toBe(
    'KEY-ROW-CHANGED',
  )
})
