import { readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Conditions } from '../../src/access/conditions.ts'
import { insertPerson } from '../../src/access/people.ts'
import type { Role } from '../../src/access/role-names.ts'
import { insertGrants, issue } from '../../src/access/tokens.ts'
import { apiDocument } from '../../src/api-document.ts'
import { openOwnerDatabase } from '../../src/platform/database/open.ts'
import { refuse } from '../../src/refusal.ts'
import { databaseChoice } from '../../src/server.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

test('METRICS-01 figures are for who governs or audits the deployment, by route and status, and name no key', async () => {
  const { organisations, credentials } = kms.server.services
  const grants = [{ role: 'auditor', organisation: null, project: null }] as const
  const made = given(
    await organisations.createIdentity(kms.callAs(kms.admin), { name: 'prometheus', grants }),
  )
  const asAdmin = kms.callAs(kms.admin)
  const wanted = { identity: made.identity, name: 'scrape', ttlSeconds: 3600 }
  const { token } = given(await credentials.addApiKey(asAdmin, wanted))
  const id = await kms.make('measured')
  await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })
  await kms.post(`${id}/encrypt`, { plaintext: '?' })
  const scrape = (headers: Record<string, string>) =>
    kms.server.app.inject({ method: 'GET', url: '/metrics', headers })
  const reply = await scrape({ authorization: `Bearer ${token}` })
  expect(reply.headers['content-type']).toContain('text/plain')
  const route = '/api/v1/kms/keys/:keyId/encrypt'
  expect(reply.body).toContain(`custody_http_requests_total{method="POST",route="${route}",status="200"} 1`)
  expect(reply.body).toContain(`custody_http_requests_total{method="POST",route="${route}",status="422"} 1`)
  expect(reply.body).toContain('custody_sealed 0')
  expect(reply.body).toContain('custody_clock_moved 0')
  expect(reply.body).toContain('process_resident_memory_bytes')
  expect(reply.body).not.toContain(id)
  expect(reply.body).not.toContain(made.identity)
  expect((await scrape({})).statusCode).toBe(401)
  expect((await kms.call('GET', '/metrics')).status).toBe(403)
})

test('CLOCK-MOVED is told by readiness and in the figures, and the server goes on', async () => {
  const { clock, credentials, database } = kms.server.services
  const readiness = async () => (await kms.server.app.inject({ method: 'GET', url: '/readiness' })).json()
  expect(await readiness()).toEqual({ status: 'ready' })
  const moved = vi
    .spyOn(clock, 'trusted')
    .mockResolvedValue(refuse('CLOCK-MOVED', 'it is 400 s from another'))
  try {
    expect(await readiness()).toEqual({
      status: 'degraded',
      parts: [{ part: 'clock', code: 'CLOCK-MOVED' }],
    })
    const grants = [{ role: 'auditor', organisation: null, project: null }] as const
    const { identity } = await createIdentity(database, { name: 'looks', grants })
    const { token } = given(
      await credentials.addApiKey(kms.callAs(kms.admin), { identity, name: 'figures', ttlSeconds: 3600 }),
    )
    const headers = { authorization: `Bearer ${token}` }
    const figures = await kms.server.app.inject({ method: 'GET', url: '/metrics', headers })
    expect(figures.body).toContain('custody_clock_moved 1')
  } finally {
    moved.mockRestore()
  }
  expect(await readiness()).toEqual({ status: 'ready' })
})

/** By the account that owns the tables, beside the running server. */
async function asOwner(...statements: readonly string[]): Promise<void> {
  const owner = await openOwnerDatabase(databaseChoice(kms.state))
  for (const statement of statements) await sql.raw(statement).execute(owner.database)
  await owner.close()
}

test('READINESS-01 while no audit entry finds room readiness is red and names it, as every encrypt does, and is green again once there is room', async () => {
  const id = await kms.make('full')
  const readiness = async () => {
    const reply = await kms.server.app.inject({ method: 'GET', url: '/readiness' })
    return [reply.statusCode, reply.json().code ?? reply.json().status, reply.json().parts ?? []]
  }
  const encrypt = async () => {
    const { status, body } = await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })
    return [status, body.code ?? 'done']
  }
  // The class of PostgreSQL's own answer when its disk is full.
  await asOwner(
    `create function no_room() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`,
    'create trigger no_room before insert on audit execute function no_room()',
  )
  try {
    expect(await encrypt()).toEqual([503, 'AUDIT-UNAVAILABLE'])
    for (const _ of [1, 2])
      expect(await readiness()).toEqual([
        503,
        'AUDIT-UNAVAILABLE',
        [{ part: 'audit', code: 'AUDIT-UNAVAILABLE' }],
      ])
    expect(await encrypt()).toEqual([503, 'AUDIT-UNAVAILABLE'])
  } finally {
    await asOwner('drop trigger no_room on audit', 'drop function no_room')
  }
  expect(await readiness()).toEqual([200, 'ready', []])
  expect(await encrypt()).toEqual([200, 'done'])

  await asOwner(`alter role custody_server set default_transaction_read_only = on`)
  const cut = () =>
    asOwner(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'custody_server'`)
  try {
    await cut()
    await expect
      .poll(readiness, { timeout: 30_000 })
      .toEqual([503, 'DATABASE-READ-ONLY', [{ part: 'database', code: 'DATABASE-READ-ONLY' }]])
  } finally {
    await asOwner('alter role custody_server reset default_transaction_read_only')
    await cut()
  }
  await expect.poll(readiness, { timeout: 30_000 }).toEqual([200, 'ready', []])
})

test('READINESS-02 a root that is gone from its token is red by name, and one that comes back is seen without a restart', async () => {
  const { services } = kms.server
  const id = await kms.make('rooted')
  const code = async () => {
    const reply = (await kms.server.app.inject({ method: 'GET', url: '/readiness' })).json()
    return reply.parts ?? reply.status
  }
  vi.useFakeTimers({ toFake: ['Date'] })
  const later = () => vi.setSystemTime(Date.now() + 5000)
  const tokens = join(kms.state.softToken, 'tokens')
  const away = join(kms.state.softToken, 'away')
  const [token = ''] = await readdir(tokens)
  const generation = join(tokens, token, 'generation')
  const refusal = async () => (await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).body.code ?? 'done'
  try {
    expect(await code()).toBe('ready')
    // The root was made last. By its generation SoftHSM tells programs that something changed.
    const objects = (await readdir(join(tokens, token))).filter((name) => /-.*\.object$/.test(name))
    const ages = await Promise.all(
      objects.map(async (name) => (await stat(join(tokens, token, name))).mtimeMs),
    )
    const root = join(tokens, token, objects[ages.indexOf(Math.max(...ages))] ?? '')
    await rename(root, away)
    await writeFile(generation, Buffer.from('00000000000000f0', 'hex'))
    services.unwrapping.forgetAll()
    expect(await refusal()).toBe('HSM-KEY-ABSENT')
    // Asked less than five seconds ago.
    expect(await code()).toBe('ready')
    later()
    expect(await code()).toEqual([{ part: 'root', code: 'HSM-KEY-ABSENT' }])
    await rename(away, root)
    await writeFile(generation, Buffer.from('00000000000000f1', 'hex'))
    later()
    expect(await code()).toBe('ready')
    expect(await refusal()).toBe('done')

    // The whole token, as one that is pulled.
    await rename(join(tokens, token), away)
    services.unwrapping.forgetAll()
    later()
    expect(await code()).toEqual([{ part: 'root', code: 'HSM-TOKEN-ABSENT' }])
    await rename(away, join(tokens, token))
    // As the server does by itself every two seconds.
    expect(await services.token.unseal()).toBe(null)
    later()
    expect(await code()).toBe('ready')
    expect(await refusal()).toBe('done')
  } finally {
    vi.useRealTimers()
  }
})

type Document = {
  openapi: string
  paths: Record<
    string,
    Record<string, { parameters?: { name: string; in: string }[]; requestBody?: unknown }>
  >
}

test('OPENAPI-01 the document has the routes that are served, with their parameters and body as the schemas say that check them', async () => {
  const reply = await kms.server.app.inject({ method: 'GET', url: '/api/openapi.json' })
  const document: Document = reply.json()
  expect([reply.statusCode, document.openapi]).toEqual([200, '3.1.0'])
  expect(await apiDocument()).toEqual(document)
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
  expect(documented.length).toBeGreaterThan(50)
  for (const { method, path } of documented) {
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1')
    expect(kms.server.app.hasRoute({ method: method as 'GET', url }), `${method} ${url}`).toBe(true)
  }
  const encrypt = document.paths['/api/v1/kms/keys/{keyId}/encrypt']?.post
  expect(encrypt?.parameters).toMatchObject([{ name: 'keyId', in: 'path' }])
  expect(JSON.stringify(encrypt?.requestBody)).toContain('"plaintext"')
  for (const path of ['/api/v1/audit/receipts', '/api/v1/people', '/api/v1/kms/keys/{keyId}/shred'])
    expect(Object.keys(document.paths)).toContain(path)
})

const named = async (key: string, url: string, payload: object = {}, headers: object = kms.headers) => {
  const reply = await kms.server.app.inject({
    method: 'POST',
    url: `/api/v1/${url}`,
    payload,
    headers: { ...headers, 'idempotency-key': key },
  })
  return {
    status: reply.statusCode,
    body: reply.body,
    again: reply.headers['idempotency-replayed'] === 'true',
  }
}
const entries = async (operation: string, key: string) =>
  kms.server.services.database
    .selectFrom('audit')
    .select('outcome')
    .where('operation', '=', operation)
    .where('key_id', '=', key)
    .execute()

test('IDEMPOTENT-01 a named call is done once, and its reply is given again', async () => {
  const id = await kms.make('named')
  const first = await named('rotate-1', `kms/keys/${id}/rotate`)
  const second = await named('rotate-1', `kms/keys/${id}/rotate`)
  expect([first.status, first.again, second.again]).toEqual([200, false, true])
  expect(second.body).toBe(first.body)
  expect(JSON.parse(second.body).key.version).toBe(2)
  expect(await entries('key.rotate', id)).toEqual([{ outcome: 'ok' }])
  expect(JSON.parse((await named('rotate-2', `kms/keys/${id}/rotate`)).body).key.version).toBe(3)
  // A day later the name is free.
  await kms.server.services.database
    .updateTable('idempotent_call')
    .set({ expires_at: new Date(0) })
    .execute()
  expect(JSON.parse((await named('rotate-1', `kms/keys/${id}/rotate`)).body).key.version).toBe(4)
})

test('IDEMPOTENT-02 a name stands for one call of one identity; while that has no result, it is not done again', async () => {
  const id = await kms.make('once')
  const url = `kms/keys/${id}/rotate`
  const differs = { projectId: kms.project.id, name: 'other' }
  await named('name', 'kms/keys', { projectId: kms.project.id, name: 'one' })
  const other = await named('name', 'kms/keys', differs)
  expect([other.status, JSON.parse(other.body).code]).toEqual([422, 'IDEMPOTENCY-DIFFERS'])
  const both = await Promise.all([named('both', url), named('both', url)])
  expect(await entries('key.rotate', id)).toHaveLength(1)
  for (const { status, body } of both)
    expect(status === 200 || JSON.parse(body).code === 'IDEMPOTENCY-OPEN', body).toBe(true)
  expect(await named('both', url)).toMatchObject({ status: 200, again: true })
  // Of another identity it is another name.
  const { organisations, credentials } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const asAdmin = kms.callAs(kms.chief)
  const grants = [{ role: 'crypto-officer', ...place }] as const
  const made = given(await organisations.createIdentity(asAdmin, { name: 'second', grants }))
  const apiKey = { identity: made.identity, name: 'key', ttlSeconds: 3600 }
  const { token } = given(await credentials.addApiKey(kms.callAs(kms.chief), apiKey))
  const theirs = await named('both', url, {}, { authorization: `Bearer ${token}` })
  expect([theirs.status, theirs.again]).toEqual([200, false])
  expect((await named('é', url)).status).toBe(422)
})

test('IDEMPOTENT-03 a refusal is not kept, a secret is kept sealed, and what only uses a key is done again', async () => {
  const { database } = kms.server.services
  const wanted = { projectId: kms.project.id, name: 'taken', algorithm: 'aes-128-gcm' }
  const id = await kms.make('taken')
  expect((await named('again', 'kms/keys', wanted)).status).toBe(409)
  await kms.call('PATCH', id, { name: 'free' })
  expect(await named('again', 'kms/keys', wanted)).toMatchObject({ status: 200, again: false })

  const path = `identities/${kms.credentials.identity}/client-secrets`
  const secret = await named('secret', path)
  const { clientSecret } = JSON.parse(secret.body).clientSecret
  const row = await database
    .selectFrom('idempotent_call')
    .select('reply')
    .where('key', '=', 'secret')
    .executeTakeFirstOrThrow()
  expect(row.reply?.length).toBeGreaterThan(clientSecret.length)
  expect(row.reply?.includes(clientSecret)).toBe(false)
  expect((await named('secret', path)).body).toBe(secret.body)

  const encrypted = await named('use', `kms/keys/${id}/encrypt`, { plaintext: 'AAAA' })
  const anew = await named('use', `kms/keys/${id}/encrypt`, { plaintext: 'AAAA' })
  expect([encrypted.status, anew.status, anew.again]).toEqual([200, 200, false])
  expect(anew.body).not.toBe(encrypted.body)
})

test('IDEMPOTENT-04 a kept reply is for whoever may still do what it answers: role, second factor and approvals', async () => {
  const { database, credentials, organisations, authentication } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const setGrant = async (identity: string, grant: { role: Role; conditions?: Conditions } | null) => {
    await lawfully(database).remove('role_grant', { identity_id: identity })
    if (grant !== null)
      await database.change((work) => insertGrants(work, identity, [{ ...grant, ...place }]))
    authentication.forget()
  }
  const wanted = { name: 'officer', grants: [{ role: 'crypto-officer', ...place }] } as const
  const { identity } = await createIdentity(database, wanted)
  const apiKey = { identity, name: 'key', ttlSeconds: 3600 }
  const made = given(await credentials.addApiKey(kms.callAs({ identity, grants: wanted.grants }), apiKey))
  const headers = { authorization: `Bearer ${made.token}` }
  const id = await kms.make('kept')
  const again = () => named('kept', `kms/keys/${id}/rotate`, {}, headers)
  expect(await again()).toMatchObject({ status: 200, again: false })
  expect(await again()).toMatchObject({ status: 200, again: true })
  await setGrant(identity, { role: 'auditor' })
  const refused = await again()
  expect([refused.status, refused.again, JSON.parse(refused.body).code]).toEqual([403, false, 'ROLE-REFUSED'])
  await setGrant(identity, null)
  expect(await again()).toMatchObject({ status: 404, again: false })
  const approvals = { count: 1, by: [kms.credentials.identity], services: true as const }
  await setGrant(identity, { role: 'crypto-officer', conditions: { approvals } })
  expect(JSON.parse((await again()).body).code).toBe('APPROVAL-NEEDED')
  await setGrant(identity, { role: 'crypto-officer', conditions: { keyNames: ['other'] } })
  expect(JSON.parse((await again()).body).code).toBe('CONDITION-UNMET')
  await setGrant(identity, { role: 'crypto-officer' })
  expect(await again()).toMatchObject({ status: 200, again: true })
  expect(await entries('key.rotate', id)).toEqual([{ outcome: 'ok' }])

  // What people approved once is approved for its reply too, and for no other approvers.
  await setGrant(identity, { role: 'crypto-officer', conditions: { approvals } })
  const approved = () => named('approved', `kms/keys/${id}/rotate`, {}, headers)
  expect(JSON.parse((await approved()).body).code).toBe('APPROVAL-NEEDED')
  const { id: request } = await database
    .selectFrom('approval_request')
    .select('id')
    .where('key_id', '=', id)
    .executeTakeFirstOrThrow()
  given(await kms.server.services.approvals.approve(kms.callAs(kms.caller), { id: request }))
  expect(await approved()).toMatchObject({ status: 200, again: false })
  expect(await approved()).toMatchObject({ status: 200, again: true })
  const others = { count: 1, by: [identity] }
  await setGrant(identity, { role: 'crypto-officer', conditions: { approvals: others } })
  expect(JSON.parse((await approved()).body).code).toBe('APPROVAL-NEEDED')
  // With approvers there, each next role would wait for them.
  await setGrant(identity, null)

  // A secret that was shown to somebody with a second factor is not shown again without one.
  const service = given(
    await organisations.createIdentity(kms.callAs(kms.chief), {
      name: 'shop',
      grants: [{ role: 'service', ...place }],
    }),
  )
  const chief = await database.change(async (work) => {
    const grants = [{ role: 'organisation-admin', organisation: place.organisation, project: null }] as const
    return insertPerson(work, { username: 'chief', name: 'Chief', grants }, new Date(), null)
  })
  const session = await issue(database, given(chief).identity, 3600, {
    proved: { at: new Date(), by: 'totp' },
  })
  const person = { authorization: `Bearer ${session.accessToken}` }
  const secret = () => named('secret-of-shop', `identities/${service.identity}/client-secrets`, {}, person)
  const shown = await secret()
  expect([shown.status, shown.again]).toEqual([200, false])
  expect(await secret()).toMatchObject({ status: 200, again: true, body: shown.body })
  const proved_at = new Date(Date.now() - 11 * 60_000)
  await lawfully(database).update('token', { identity_id: given(chief).identity }, { proved_at })
  authentication.forget()
  const late = await secret()
  expect([late.again, JSON.parse(late.body).code]).toEqual([false, 'SECOND-FACTOR-ANEW'])
})

test('OPENAPI-05 a time that is none, an address too long and a wrong page of SCIM are refused in the document’s forms', async () => {
  for (const time of ['2026-99-99T00:00:00Z', '0000-00-00T00:00:00Z', '0000-01-01T00:00:00Z'])
    for (const url of ['audit', 'audit/usage', 'audit/export', 'compliance/reports/soc-2'])
      expect(await kms.get(`/api/v1/${url}?from=${time}`), url).toMatchObject({
        status: 422,
        body: { code: 'REQUEST-FIELDS' },
      })
  const long = await kms.get(`key-name/${'secret'.repeat(100)}?projectId=${kms.project.id}`)
  expect(long).toMatchObject({ status: 414, body: { code: 'CALL-UNREADABLE', statusCode: 414 } })
  expect(JSON.stringify(long.body)).not.toContain('secretsecret')
  expect(long.headers['x-request-id']).toBe(long.body.reqId)
  const page = await kms.server.app.inject({ method: 'GET', url: '/scim/v2/Users?startIndex=' })
  expect([page.statusCode, page.headers['content-type']]).toEqual([
    422,
    expect.stringContaining('application/scim+json'),
  ])
})
