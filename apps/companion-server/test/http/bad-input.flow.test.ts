import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, connect as connectTo } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { verifyAudit } from '../../src/audit/verify.ts'
import { connect } from '../../src/platform/database/open.ts'
import { lawfully } from '../support/authority.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { cardOf } from '../support/server-under-test.ts'

// scripts/pages/bad-input.json has the table whose rows end here.
let kms: Awaited<ReturnType<typeof openKms>>
let id = ''
let port = 0

beforeAll(async () => {
  kms = await openKms({ maxBundleBytes: 200_000 })
  id = await kms.make('orders')
  // How often Node looks for slow clients: else half a minute, twice.
  Object.assign(kms.server.app.server, { connectionsCheckingInterval: 200 })
  await kms.server.app.listen({ host: '127.0.0.1', port: 0 })
  port = (kms.server.app.server.address() as AddressInfo).port
})
afterAll(() => {
  // Of a bundle that was cut the rest is not read, so the server would hear a minute late that its client has gone.
  kms.server.app.server.closeAllConnections()
  return kms.close()
})

const hostile = [
  "'; drop table key; --",
  "' or '1'='1",
  '%',
  '_'.repeat(32),
  '\\',
  '$1',
  'a\u0000b',
  '\r\nSet-Cookie: a=b',
  '{{7*7}}',
  '../../etc/passwd',
  '\u202ea',
]

test.each(hostile)(
  'INJECTION %j changes no row, adds no header and finds nothing that is not asked for',
  async (text) => {
    const { database } = kms.server.services
    const rows = async () =>
      (await sql<{ count: string }>`select count(*) as count from key`.execute(database)).rows
    const before = await rows()
    const inUrl = encodeURIComponent(text)
    const replies = [
      await kms.get(`key-name/${inUrl}?projectId=${kms.project.id}`),
      await kms.get(`${inUrl}`),
      await kms.get(`?projectId=${inUrl}`),
      await kms.get(`?projectId=${kms.project.id}&orderBy=${inUrl}`),
      await kms.post('', { projectId: kms.project.id, name: text }),
      await kms.post('', { projectId: text, name: 'good' }),
      await kms.get(`/api/v1/audit/entries?operation=${inUrl}`),
    ]
    for (const { status, headers, body } of replies) {
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(body.message).toEqual(expect.any(String))
      expect(headers['set-cookie']).toBe(undefined)
    }
    const found = await kms.get(`?projectId=${kms.project.id}&search=${inUrl}`)
    expect([200, 422]).toContain(found.status)
    if (found.status === 200) expect(found.body.keys).toEqual([])
    expect(await rows()).toEqual(before)
  },
)

/** What a server says to bytes that are sent to it, until it closes the connection. */
function sent(bytes: string, more?: (socket: ReturnType<typeof connectTo>) => void): Promise<string> {
  return new Promise((done, failed) => {
    const socket = connectTo(port, '127.0.0.1', () => {
      socket.write(bytes)
      more?.(socket)
    })
    let said = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    socket.on('close', () => done(said))
    socket.on('error', (error) => (said === '' ? failed(error) : done(said)))
  })
}

test('SLOW-CLIENT headers or a body that do not come are answered by 408, and the connection is closed', async () => {
  const { server } = kms.server.app
  expect([server.headersTimeout, server.requestTimeout]).toEqual([20_000, 300_000])
  // Its real patience is longer than a test.
  server.headersTimeout = 1
  server.requestTimeout = 1
  try {
    expect(await sent('GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ')).toMatch(/^HTTP\/1\.1 408 /)
    const head = `POST /api/v1/kms/keys/${id}/encrypt HTTP/1.1\r\nHost: a\r\nAuthorization: ${kms.headers.authorization}\r\n`
    const body = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"plaintext":"'
    expect(await sent(head + body)).toMatch(/^HTTP\/1\.1 408 /)
  } finally {
    server.headersTimeout = 20_000
    server.requestTimeout = 300_000
  }
  expect((await kms.get(id)).status).toBe(200)
})

test('HEADER-INJECTION a request with two lengths, a bare line end or an endless header is refused before it is read', async () => {
  const twice =
    'POST /api/v1/kms/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  expect(await sent(twice)).toMatch(/^HTTP\/1\.1 400 /)
  expect(await sent('GET /health HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  expect(await sent(`GET /health HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  )
})

test('BUNDLE-TOO-LARGE a bundle that goes on and on is cut at its cap, whether it says its length or not, and nothing of it is left', async () => {
  const staged = () =>
    readdirSync(kms.state.root, { recursive: true, encoding: 'utf8' }).filter(
      // Heads of the audit log are written all the while, each by way of a file beside it.
      (file) => !file.startsWith('postgres') && !file.startsWith('audit-heads'),
    )
  const before = staged().toSorted()
  const admin = await kms.bearer([{ role: 'server-admin', organisation: null, project: null }])
  const upload = (length: number | null) =>
    new Promise<{ status: number; sent: number }>((done, failed) => {
      const headers = {
        authorization: admin,
        'content-type': 'application/zip',
        ...(length === null ? {} : { 'content-length': length }),
      }
      let bytes = 0
      let over = false
      const asked = request({
        host: '127.0.0.1',
        port,
        path: '/api/v1/ceremonies/bundles',
        method: 'POST',
        headers,
      })
      asked.on('response', (reply) => {
        over = true
        reply.resume()
        done({ status: reply.statusCode ?? 0, sent: bytes })
        asked.destroy()
      })
      // The server may close while more is on its way.
      asked.on('error', (error) => (over ? undefined : failed(error)))
      const chunk = Buffer.alloc(16_384, 0x50)
      const more = () => {
        while (!over && bytes < 64 << 20) {
          bytes += chunk.length
          if (!asked.write(chunk)) {
            asked.once('drain', more)
            return
          }
        }
      }
      more()
    })
  for (const length of [64 << 20, null]) {
    const { status, sent: bytes } = await upload(length)
    expect([413, 422]).toContain(status)
    expect(bytes).toBeLessThan(32 << 20)
  }
  await vi.waitFor(() => expect(staged().toSorted()).toEqual(before), { timeout: 20_000 })
})

test('DATABASE-SLOW a query that waits too long ends in 503 by name, and the server goes on after it', async () => {
  const settings = kms.server.databaseSettings
  const owner = connect({ ...settings, user: 'custody_owner' })
  // Its limit ends a query as a cancelled one ends; nobody waits seven seconds to see it.
  const limit = await sql<{ statement_timeout: string }>`show statement_timeout`.execute(
    kms.server.services.database,
  )
  expect(limit.rows).toEqual([{ statement_timeout: '7s' }])
  const reply = await owner.transaction().execute(async (work) => {
    await sql`lock table key in access exclusive mode`.execute(work)
    const asked = kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })
    await expect
      .poll(async () => {
        const ended = await sql`
          select pg_cancel_backend(pid) from pg_locks where relation = 'key'::regclass and not granted`.execute(
          work,
        )
        return ended.rows.length
      })
      .toBe(1)
    return asked
  })
  await owner.destroy()
  expect([reply.status, reply.body.code]).toEqual([503, 'DATABASE-SLOW'])
  expect(reply.body.message).toMatch(/What to do: /)
  expect((await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).status).toBe(200)
})

test('SERVER-BUSY what is not done in time is answered so by each door, enters itself once it ends, and is done once under its name', async () => {
  const { keys, unwrapping, database } = kms.server.services
  const { create: really } = keys
  const { useKey } = unwrapping
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const held = <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) => {
    return async (...args: Args) => {
      await gate
      return work(...args)
    }
  }
  vi.spyOn(keys, 'create').mockImplementation(held(really))
  // Every door's encryption comes to it.
  vi.spyOn(unwrapping, 'useKey').mockImplementation(held(useKey))
  const { app } = kms.server
  const create = () =>
    app.inject({
      method: 'POST',
      url: '/api/v1/kms/keys',
      payload: { projectId: kms.project.id, name: 'late' },
      headers: { ...kms.headers, 'idempotency-key': 'late-1' },
    })
  const vault = () =>
    app.inject({
      method: 'POST',
      url: '/v1/transit/encrypt/orders',
      payload: { plaintext: 'AAAA' },
      headers: { 'x-vault-token': kms.headers.authorization.slice('Bearer '.length) },
    })
  try {
    const [created, encrypted, elsewhere] = await Promise.all([
      create(),
      kms.post(`${id}/encrypt`, { plaintext: 'AAAA' }),
      vault(),
    ])
    expect([created.statusCode, created.json().code]).toEqual([503, 'SERVER-BUSY'])
    expect(created.headers['audit-receipt']).toBe(undefined)
    expect([encrypted.status, encrypted.body.code]).toEqual([503, 'SERVER-BUSY'])
    expect([elsewhere.statusCode, elsewhere.json().errors]).toEqual([
      503,
      [expect.stringMatching(/^The call took too long/)],
    ])
    expect((await create()).json().code).toBe('IDEMPOTENCY-OPEN')
    open()
    const again = async () => {
      const reply = await create()
      return [reply.statusCode, reply.headers['idempotency-replayed'], reply.json().key?.name]
    }
    await expect.poll(again, { timeout: 20_000 }).toEqual([200, 'true', 'late'])
    const entries = await database
      .selectFrom('audit')
      .select(['operation', 'outcome'])
      .where('req_id', '=', String(created.headers['x-request-id']))
      .execute()
    expect(entries).toEqual([{ operation: 'key.create', outcome: 'ok' }])
  } finally {
    vi.restoreAllMocks()
  }
})

test('CLOCK a clock that jumps a year on and back locks nobody out, lets no ended token in, and the audit log verifies', async () => {
  const { database, audience } = kms.server.services
  const encrypt = async () => (await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).status
  const year = 365 * 86_400_000
  const real = Date.now()
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    for (const at of [real, real + year, real - year, real]) {
      vi.setSystemTime(at)
      kms.server.services.authentication.forget()
      expect(await encrypt()).toBe(200)
    }
    // Whether a token has ended is asked of the database’s clock.
    vi.setSystemTime(real - year)
    const ended = await kms.bearer([
      { role: 'service', organisation: kms.organisation.id, project: kms.project.id },
    ])
    const expires_at = new Date(real - 1000)
    await lawfully(database).update('token', { hash: kms.hashOf(ended) }, { expires_at })
    kms.server.services.authentication.forget()
    const refused = await kms.server.app.inject({
      method: 'POST',
      url: `/api/v1/kms/keys/${id}/encrypt`,
      payload: { plaintext: 'AAAA' },
      headers: { authorization: ended },
    })
    expect(refused.statusCode).toBe(401)
  } finally {
    vi.useRealTimers()
  }
  const { receiptKey } = await cardOf(kms.state)
  given(await verifyAudit(database, { receiptKey, audience }))
})
