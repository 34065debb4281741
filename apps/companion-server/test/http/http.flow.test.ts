import { rename, rm, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { openHttp, type Who } from '../support/http-under-test.ts'

let http: Awaited<ReturnType<typeof openHttp>>
const base = '/api/v1/kms/keys'

beforeAll(async () => {
  http = await openHttp('http')
})

afterAll(() => http.close())

const as = (who: Who) => http.as(who)
const post = (who: Who, url: string, payload: object) => http.post(who, url, payload)
const get = (who: Who, url: string) => http.get(who, url)

test('HTTP-01 an operator uploads a bundle over a real connection and gets the signed receipt, again and again', async () => {
  const { server, bundle, tokens, logIn } = http
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
  tokens.user = await logIn(
    await createIdentity(database, { name: 'u', grants: [{ role: 'user', ...project }] }),
  )
  tokens.reader = await logIn(
    await createIdentity(database, { name: 'r', grants: [{ role: 'auditor', ...project }] }),
  )
  await lawfully(database).insert('project', { id: 'other', organisation_id: 'org', name: 'Other' })
  const other = { name: 's', grants: [{ role: 'user' as const, project: 'other', organisation: 'org' }] }
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
  expect(unknown.json()).toMatchObject({
    error: 'ValidationFailure',
    code: 'REQUEST-FIELDS',
    message: expect.stringMatching(
      /^The request does not fit: body: extra is not known here: leave it out. What to do: /,
    ),
    issues: [{ path: '', message: 'extra is not known here: leave it out' }],
  })
  const secret = await encrypt({ plaintext: '', 'S3cret key, named by mistake': 'S3cret value' })
  expect([secret.statusCode, secret.body.includes('S3cret')]).toEqual([422, false])
  expect((await encrypt({ plaintext: 7 })).json().issues).toEqual([
    { path: '/plaintext', message: 'expected a value of type string' },
  ])
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
  const kind = await http.server.app.inject({
    method: 'POST',
    url: `${base}/orders/encrypt`,
    headers: { ...as('user'), 'content-type': 'S3cret/kind' },
    payload: '{}',
  })
  expect([kind.statusCode, kind.json()]).toMatchObject([
    415,
    { code: 'BODY-KIND', remedy: expect.stringContaining('Send application/json') },
  ])
  const broken = await http.server.app.inject({
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

test('HTTP-05 a wrong secret and an unknown client look the same, and the right secret never waits', async () => {
  const { server } = http
  const { database } = server.services
  const made = await createIdentity(database, {
    name: 'l',
    grants: [{ role: 'user', project: 'payments', organisation: 'org' }],
  })
  const attempt = (clientId: string, clientSecret: string) =>
    server.app.inject({
      method: 'POST',
      url: '/api/v1/auth/universal-auth/login',
      payload: { clientId, clientSecret },
    })
  const [wrong, unknown] = [await attempt(made.clientId, 'wrong'), await attempt('nobody', 'wrong')]
  expect([wrong.statusCode, unknown.statusCode]).toEqual([401, 401])
  expect(wrong.json().message).toBe(unknown.json().message)
  for (let n = 0; n < 9; n++) await attempt(made.clientId, 'wrong')
  expect((await attempt(made.clientId, 'wrong')).json().message).toBe(wrong.json().message)
  expect((await attempt(made.clientId, made.clientSecret)).statusCode).toBe(200)
  expect((await server.app.inject({ method: 'GET', url: `${base}/orders` })).statusCode).toBe(401)
})

test('HTTP-06 a revoked identity is out within a second', async () => {
  const { server, logIn } = http
  const { database } = server.services
  const made = await createIdentity(database, {
    name: 'gone',
    grants: [{ role: 'user', project: 'payments', organisation: 'org' }],
  })
  const authorization = `Bearer ${await logIn(made)}`
  const read = () => server.app.inject({ method: 'GET', url: `${base}/orders`, headers: { authorization } })
  expect((await read()).statusCode).toBe(200)
  await lawfully(database).update('identity', { id: made.identity }, { revoked_at: new Date() })
  await new Promise((done) => setTimeout(done, 1050))
  expect((await read()).statusCode).toBe(401)
})

test('HTTP-07 security headers are on every reply and health says when the server is ready', async () => {
  const reply = await http.server.app.inject({ method: 'GET', url: '/readiness' })
  expect([reply.statusCode, reply.json()]).toEqual([200, { status: 'ready' }])
  expect(reply.headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
  })
  expect(reply.headers['access-control-allow-origin']).toBeUndefined()
})

test('SERVER-REMEDY a disk that takes no upload is 503 by name, and no fault of the program', async () => {
  const { incoming } = http.state
  await rename(incoming, `${incoming}.away`)
  await writeFile(incoming, '')
  const upload = () =>
    http.server.app.inject({
      method: 'POST',
      url: '/api/v1/ceremonies/bundles',
      headers: { ...as('operator'), 'content-type': 'application/zip' },
      payload: 'a bundle',
    })
  expect((await upload()).json()).toMatchObject({
    statusCode: 503,
    code: 'DISK-FAILED',
    remedy: expect.stringMatching(/^Check that the path is there/),
  })
  await rm(incoming)
  await rename(`${incoming}.away`, incoming)
  expect((await upload()).json()).toMatchObject({ statusCode: 422, error: 'BundleRefused' })
})
