import { generateKeyPairSync } from 'node:crypto'
import { exportJWK, type JWTPayload, SignJWT } from 'jose'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { openKms } from '../support/kms-under-test.ts'

const issuer = 'https://issuer.example'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
let kms: Awaited<ReturnType<typeof openKms>>
let service = ''
let admin = ''
let jwks = ''
beforeAll(async () => {
  kms = await openKms()
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const made = await createIdentity(kms.server.services.database, {
    ...{ name: 'orders', grants: [{ role: 'service', ...place }] },
  })
  service = made.identity
  admin = await kms.bearer([{ role: 'organisation-admin', ...place, project: null }])
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] })
})
afterAll(() => kms?.close())

const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, by: string | null, payload?: object) => {
  const headers = by === null ? {} : { authorization: by }
  const asked = { method, url: `/api/v1${url}`, headers, ...(payload === undefined ? {} : { payload }) }
  const reply = await kms.server.app.inject(asked)
  return { status: reply.statusCode, body: reply.json() }
}
const settings = (more: object = {}) => ({
  ...{ kind: 'kubernetes', issuer, audience: 'custody', namespace: 'shop', serviceAccount: 'orders', jwks },
  ...more,
})
const add = (more: object = {}, ttlSeconds?: number) =>
  call('POST', `/identities/${service}/workload-rules`, admin, {
    ...{ name: 'the shop’s cluster', settings: settings(more) },
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
  })
const signed = (claims: JWTPayload = {}) =>
  new SignJWT({ iss: issuer, aud: 'custody', sub: 'system:serviceaccount:shop:orders', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setExpirationTime('10m')
    .sign(privateKey)
const logIn = (rule: string, token?: string) =>
  call('POST', '/auth/workload/login', null, { rule, ...(token === undefined ? {} : { token }) })
const self = (token: string) => call('GET', '/auth/token', `Bearer ${token}`)
const entriesOf = async (operation: string) => {
  const { database } = kms.server.services
  const rows = await database
    .selectFrom('audit')
    .select('entry')
    .where('identity_id', '=', service)
    .where('operation', '=', operation)
    .orderBy('seq')
    .execute()
  return rows.map(({ entry }) => JSON.parse(String(entry)))
}

test('WORKLOAD-LOGIN a service logs in by its cluster’s token, for minutes, renews, and ends its token; the audit says who and how', async () => {
  const made = await add({}, 300)
  expect(made.status, JSON.stringify(made.body)).toBe(200)
  const { id: rule } = made.body.rule
  const logged = await logIn(rule, await signed())
  expect(logged.body).toMatchObject({ expiresIn: 300, tokenType: 'Bearer' })
  const token = logged.body.accessToken
  const its = await self(token)
  expect(its.body).toMatchObject({ identityId: service, workloadRuleId: rule, renewable: true })
  const key = await kms.make('of-the-shop')
  const sealed = await call('POST', `/kms/keys/${key}/encrypt`, `Bearer ${token}`, { plaintext: 'AAAA' })
  expect(sealed.status).toBe(200)
  const renewed = await call('POST', '/auth/token/renew', `Bearer ${token}`, { accessToken: token })
  expect(renewed.body.expiresIn).toBe(300)

  const [entry] = await entriesOf('workload.log-in')
  const credential = `workload:${rule}:${its.body.id} ${issuer} system:serviceaccount:shop:orders`
  expect(entry).toMatchObject({ credential, outcome: 'ok', door: 'http' })
  expect(await entriesOf('key.encrypt')).toMatchObject([{ credential: `workload:${rule}:${its.body.id}` }])

  // Whatever is renewed, a day after its log-in a workload shows again who it is.
  const { database } = kms.server.services
  const yesterday = new Date(Date.now() - 86_400_000 + 60_000)
  await lawfully(database).update('token', { id: its.body.id }, { created_at: yesterday })
  const last = await call('POST', '/auth/token/renew', `Bearer ${token}`, { accessToken: token })
  expect(last.body.expiresIn).toBeLessThanOrEqual(60)

  expect((await call('POST', '/auth/token/revoke', `Bearer ${token}`, {})).body).toEqual({ revoked: true })
  kms.server.services.authentication.forget()
  expect((await self(token)).status).toBe(401)
})

test('WORKLOAD-LOGIN what proves nobody is refused by name and entered; a rule that ended takes its tokens with it', async () => {
  const { id: rule } = (await add()).body.rule
  const refused = async (token?: string, of = rule) => {
    const { status, body } = await logIn(of, token)
    expect(status).toBe(401)
    return body.code
  }
  expect(await refused(await signed({ aud: 'vault' }))).toBe('WORKLOAD-AUDIENCE')
  expect(await refused(await signed({ sub: 'system:serviceaccount:shop:other' }))).toBe('WORKLOAD-SUBJECT')
  expect(await refused()).toBe('WORKLOAD-TOKEN')
  expect(await refused(await signed(), 'no rule')).toBe('WORKLOAD-RULE')
  expect((await entriesOf('workload.log-in')).slice(-3)).toMatchObject(
    ['AUDIENCE', 'SUBJECT', 'TOKEN'].map((what) => ({ outcome: `WORKLOAD-${what}` })),
  )
  // Whoever knows a rule makes the log no longer than that.
  const before = (await entriesOf('workload.log-in')).length
  for (let times = 0; times < 15; times++) await refused('rubbish')
  expect((await entriesOf('workload.log-in')).length).toBeLessThan(before + 10)
  const good = await logIn(rule, await signed())
  expect(good.status).toBe(200)

  const listed = await call('GET', `/identities/${service}/workload-rules`, admin)
  expect(listed.body.rules.map(({ id }: { id: string }) => id)).toContain(rule)
  const token = good.body.accessToken
  expect((await self(token)).status).toBe(200)
  await call('DELETE', `/identities/${service}/workload-rules/${rule}`, admin)
  kms.server.services.authentication.forget()
  expect((await self(token)).status).toBe(401)
  expect(await refused(await signed())).toBe('WORKLOAD-RULE')
})

test('WORKLOAD-REPLAYED a token logs in once where the rule says so, whoever comes first', async () => {
  const { id: rule } = (await add({ once: true })).body.rule
  const token = await signed({ jti: 'a' })
  const both = await Promise.all([logIn(rule, token), logIn(rule, token)])
  expect(both.map(({ status }) => status).sort()).toEqual([200, 401])
  expect((await logIn(rule, token)).body.code).toBe('WORKLOAD-REPLAYED')
  expect((await logIn(rule, await signed({ jti: 'b' }))).status).toBe(200)
})

test('WORKLOAD-SETTINGS a rule is refused when it is made, for a person, and by who does not govern the service', async () => {
  const codeOf = async (made: ReturnType<typeof call>) => (await made).body.code
  expect(await codeOf(add({ audience: ' ' }))).toBe('WORKLOAD-SETTINGS')
  expect(await codeOf(add({ audience: undefined }))).toBe('REQUEST-FIELDS')
  // Nothing was given, so that the issuer is asked: its name leads nowhere.
  expect(await codeOf(add({ jwks: undefined, issuer: 'https://127.0.0.1:1' }))).toBe('WORKLOAD-KEYS')
  expect(await codeOf(add({ jwks: undefined, review: true }))).toBe('WORKLOAD-KEYS')
  const url = `/identities/${service}/workload-rules`
  const own = { name: 'own', settings: settings() }
  expect(await codeOf(call('POST', url, String(kms.headers.authorization), own))).toBe('OBJECT-ABSENT')
})

test('WORKLOAD-RULE one that the server did not write lets nobody in', async () => {
  const { id: rule } = (await add()).body.rule
  const { database } = kms.server.services
  await sql`update workload_rule set settings = jsonb_set(settings, '{serviceAccount}', '"evil"') where id = ${rule}`.execute(
    database,
  )
  const evil = await logIn(rule, await signed({ sub: 'system:serviceaccount:shop:evil' }))
  expect(evil.status).toBe(503)
  expect(evil.body.code).toBe('ROW-FORGED')
})
