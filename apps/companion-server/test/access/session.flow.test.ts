import { randomBytes, randomUUID } from 'node:crypto'
import { TOTP, URI } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rsaPair } from '../../../../packages/crypto/test/rsa-pair.ts'
import { strongPassphrase as password } from '../../../../packages/crypto/test/strong-passphrase.ts'
import { provedLately } from '../../src/access/authorize.ts'
import { enumerations } from '../../src/doors/kmip/codec/enumerations.ts'
import { textString } from '../../src/doors/kmip/codec/fields.ts'
import { encodeItem } from '../../src/doors/kmip/codec/ttlv.ts'
import { writeRequest } from '../../src/doors/kmip/message/request.ts'
import { ttlvToJson } from '../../src/doors/kmip/text/json.ts'
import { bareHeader } from '../doors/kmip/support/bare-header.ts'
import { lawfully } from '../support/authority.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
const host = 'custody.example'

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

/** As the console asks: its header, and on writes the origin that the browser puts there. */
const own = { 'x-custody-console': '1', host, origin: `https://${host}`, 'sec-fetch-site': 'same-origin' }

async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  headers: object,
  payload?: object,
) {
  const reply = await kms.server.app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { host, ...headers },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: reply.statusCode, headers: reply.headers, body: reply.json() }
}

async function enrolled(code: string) {
  const { people } = kms.server.services
  const asked = { door: 'direct', reqId: 'test', source: 'here' } as const
  const totp = URI.parse(given(await people.beginEnrolment(code, asked)).totpUri)
  if (!(totp instanceof TOTP)) throw new Error('no TOTP')
  given(await people.enrol({ code, password, totp: totp.generate() }, asked))
  return () => totp.generate({ timestamp: Date.now() + 30_000 })
}

test('SESSION-01 the first person of a rehearsal tries everything in the oldest organisation, by a cookie of the console alone', async () => {
  expect((await ask('GET', '/console/session', {})).body).toEqual({
    domain: 'rehearsal',
    setUp: false,
    person: null,
  })
  const code = await kms.server.services.organisations.offerSetup()
  const admin = { code, name: 'Ada', username: 'ada' }
  const { enrolment } = (await ask('POST', '/setup', own, admin)).body
  const login = { username: 'ada', password, totp: (await enrolled(enrolment.code))() }
  // Without the console's header nobody gets a cookie, and no code of the authenticator is spent.
  expect((await ask('POST', '/console/session', { origin: `https://${host}` }, login)).status).toBe(401)
  const inside = await ask('POST', '/console/session', own, login)
  const [given = '', device = ''] = [inside.headers['set-cookie']].flat().map(String)
  // Which browser this was is told at its next log-in, and opens nothing.
  expect(device).toMatch(
    /^__Host-custody-device=[\w-]{75}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=15552000$/,
  )
  expect(given).toMatch(
    /^__Host-custody-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  )
  expect(JSON.stringify(inside.body)).not.toContain(/=([\w-]{43})/.exec(given)?.[1])
  const cookie = given.split(';')[0] ?? ''
  const session = await ask('GET', '/console/session', { ...own, cookie })
  const roles = session.body.person.grants.map(({ role }: { role: string }) => role).toSorted()
  expect(roles).toEqual(
    ['auditor', 'crypto-officer', 'operator', 'organisation-admin', 'server-admin', 'user'].toSorted(),
  )
  expect(session.headers['audit-receipt']).toMatch(/^v1;/)

  const opens = async (headers: object, method: 'GET' | 'POST' = 'GET') =>
    (await ask(method, '/organisations', headers, method === 'POST' ? { name: 'New' } : undefined)).status
  expect(await opens({ ...own, cookie })).toBe(200)
  expect(await opens({ 'x-custody-console': '1', cookie })).toBe(200)
  expect(await opens({ ...own, cookie }, 'POST')).toBe(200)
  for (const headers of [
    { ...own, cookie: device.split(';')[0] ?? '' },
    { ...own, cookie, 'x-custody-console': '0' },
    { cookie, origin: own.origin },
    { ...own, cookie, 'sec-fetch-site': 'same-site' },
    { ...own, cookie, origin: 'https://other.example' },
    { ...own, cookie, origin: 'null' },
    { ...own, cookie, authorization: 'Bearer x' },
  ])
    expect([headers, await opens(headers)]).toEqual([headers, 401])
  // No origin at all: a reading call may lack it, a writing one not.
  expect(await opens({ 'x-custody-console': '1', cookie }, 'POST')).toBe(401)

  const seen = (await ask('GET', '/identities', { ...own, cookie })).body.identities
  expect(seen).toContainEqual(
    expect.objectContaining({ kind: 'person', name: 'Ada', username: 'ada', invited: false }),
  )
  expect(JSON.stringify(seen)).not.toMatch(/hash|argon2/)
  // Who appoints nobody sees nobody.
  const { clientId, clientSecret } = kms.credentials
  const service = await ask('POST', '/auth/universal-auth/login', {}, { clientId, clientSecret })
  const bearer = { authorization: `Bearer ${service.body.accessToken}` }
  expect((await ask('GET', '/identities', bearer)).body.identities).toEqual([])

  const out = await ask('DELETE', '/console/session', { ...own, cookie })
  expect(String(out.headers['set-cookie'])).toMatch(/^__Host-custody-session=; .*Max-Age=0$/)
  await expect.poll(() => opens({ ...own, cookie })).toBe(401)
  // A Bearer token is no session.
  expect((await ask('DELETE', '/console/session', bearer)).body).toMatchObject({
    code: 'ACCESS-REFUSED',
  })
})

test('SESSION-02 what lets a key out, shreds it or makes an admin wants a second factor of the last ten minutes', async () => {
  const { people, keys, database } = kms.server.services
  const place = { organisation: kms.organisation.id, project: null }
  const grants = [
    { role: 'crypto-officer', ...place },
    { role: 'server-admin', organisation: null, project: null },
  ] as const
  const both = kms.callAs({ identity: 'both', grants: [...kms.admin.grants, ...kms.chief.grants] })
  const invited = { username: 'eve', name: 'Eve', grants }
  const code = await enrolled(given(await people.invite(both, invited)).code)
  const inside = await ask('POST', '/console/session', own, { username: 'eve', password, totp: code() })
  const cookieOf = (reply: typeof inside) => String(reply.headers['set-cookie']).split(';')[0] ?? ''
  let cookie = cookieOf(inside)
  const officer = kms.callAs({ identity: invited.name, grants })
  const made = { project: kms.project.id, name: 'leaves', isExportable: true }
  const { id } = given(await keys.create(officer, made))
  const publicKey = rsaPair(3072).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const admin = (username: string) => ({
    username,
    name: username,
    grants: [{ role: 'organisation-admin', organisationId: place.organisation }],
  })
  const message = (name: 'Get' | 'Destroy') => ({
    header: { ...bareHeader, version: '1.4' } as const,
    items: [
      {
        operation: enumerations.Operation[name],
        ephemeral: null,
        id: null,
        extensions: [],
        payload: [textString('UniqueIdentifier', id)],
      },
    ],
  })
  const byKmip = async (name: 'Get' | 'Destroy') => {
    const question = JSON.parse(ttlvToJson(encodeItem(writeRequest(message(name)))))
    const { body } = await ask('POST', `/kmip?projectId=${kms.project.id}`, { ...own, cookie }, question)
    return /"([A-Z]+(?:-[A-Z]+)+): /.exec(JSON.stringify(body))?.[1] ?? 'ok'
  }
  const tries = async () => [
    await byKmip('Get'),
    await byKmip('Destroy'),
    (await ask('POST', `/kms/keys/${id}/export`, { ...own, cookie }, { publicKey })).body.code ?? 'ok',
    (await ask('POST', '/people', { ...own, cookie }, admin(`a-${randomUUID()}`))).body.code ?? 'ok',
    (await ask('POST', `/kms/keys/${id}/shred`, { ...own, cookie }, { confirmName: 'no' })).body.code,
  ]
  expect(await tries()).toEqual(['KEY-EXPORT', 'KEY-STATE', 'ok', 'ok', 'SHRED-CONFIRM'])

  const aged = async () => {
    const proved_at = new Date(Date.now() - 11 * 60_000)
    await lawfully(database).update('token', { name: null }, { proved_at })
    kms.server.services.authentication.forget()
  }
  await aged()
  expect(await tries()).toEqual(Array(5).fill('SECOND-FACTOR-ANEW'))
  // All else goes on, and so does a program, which has no second factor.
  expect((await ask('GET', `/kms/keys/${id}`, { ...own, cookie })).status).toBe(200)
  given(await kms.server.services.lifecycle.exportKey(officer, { id, to: Buffer.from(publicKey, 'base64') }))

  const prove = (totp: string) => ask('POST', '/console/session/second-factor', { ...own, cookie }, { totp })
  const [spent] = [await prove('000000')]
  expect(spent.body.code).toBe('SECOND-FACTOR-WRONG')
  // The code of the log-in was taken.
  expect((await prove(code())).body.code).toBe('SECOND-FACTOR-WRONG')
  await database.updateTable('person').set({ totp_step: 0 }).where('username', '=', 'eve').execute()
  const proved = await prove(code())
  const [before, now] = [cookie, cookieOf(proved)]
  expect(now).not.toBe(before)
  cookie = now
  expect(await tries()).toEqual(['KEY-EXPORT', 'KEY-STATE', 'ok', 'ok', 'SHRED-CONFIRM'])
  // The session before it is over, and the new one ends when that one would have.
  await expect
    .poll(async () => (await ask('GET', '/organisations', { ...own, cookie: before })).status)
    .toBe(401)
  expect(proved.body.expiresIn).toBeLessThanOrEqual(inside.body.expiresIn)
  // A Bearer token is no session of the console.
  const { clientId, clientSecret } = kms.credentials
  const service = await ask('POST', '/auth/universal-auth/login', {}, { clientId, clientSecret })
  const bearer = { authorization: `Bearer ${service.body.accessToken}` }
  expect((await ask('POST', '/console/session/second-factor', bearer, { totp: '123456' })).status).toBe(401)
})

test('SESSION-03 neither a session left open nor an API key makes its way round the second factor', async () => {
  const { people, keys, database, authentication } = kms.server.services
  const place = { organisation: kms.organisation.id, project: null }
  const grants = [
    { role: 'crypto-officer', ...place },
    { role: 'organisation-admin', ...place },
    { role: 'server-admin', organisation: null, project: null },
  ] as const
  const both = kms.callAs({ identity: 'both', grants: [...kms.admin.grants, ...kms.chief.grants] })
  const mia = given(await people.invite(both, { username: 'mia', name: 'Mia', grants }))
  const ned = given(await people.invite(both, { username: 'ned', name: 'Ned', grants: [grants[0]] }))
  const code = await enrolled(mia.code)
  const inside = await ask('POST', '/console/session', own, { username: 'mia', password, totp: code() })
  const cookie = String(inside.headers['set-cookie']).split(';')[0] ?? ''
  const session = { ...own, cookie }
  const at = `/identities/${mia.identity}`
  const keyOf = async (headers: object) =>
    ask('POST', `${at}/api-keys`, headers, { name: randomUUID(), ttlSeconds: 86_400 })
  const { apiKey } = (await keyOf(session)).body
  const bearer = { authorization: `Bearer ${apiKey.token}` }
  const officer = kms.callAs({ identity: 'officer', grants })
  const { id } = given(
    await keys.create(officer, { project: kms.project.id, name: 'stays', isExportable: true }),
  )
  const publicKey = rsaPair(3072).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const user = [{ role: 'user', organisationId: kms.organisation.id, projectId: kms.project.id }]
  const service = kms.credentials.identity
  const answer = {
    id: 'AAAA',
    rawId: 'AAAA',
    type: 'public-key',
    clientExtensionResults: {},
    response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA' },
  }
  await lawfully(database).insert('identity_provider', {
    id: randomUUID(),
    name: 'corp',
    organisation_id: null,
    kind: 'oidc',
    settings: '{}',
  })
  const provider = { kind: 'oidc', issuer: 'https://id.example', clientId: 'theirs' }
  const atAws = randomUUID()
  await lawfully(database).insert('external_key', {
    id: atAws,
    organisation_id: kms.organisation.id,
    project_id: kms.project.id,
    name: 'at-aws',
    provider: 'aws',
    settings: '{}',
    credentials: Buffer.of(1),
    key_use: 'encrypt-decrypt',
    created_by: mia.identity,
  })
  const ways: readonly (readonly ['POST' | 'PUT' | 'PATCH' | 'DELETE', string, object?])[] = [
    ['POST', `/kms/keys/${id}/export`, { publicKey }],
    ['POST', `/kms/keys/${id}/shred`, { confirmName: 'stays' }],
    ['POST', `${at}/api-keys`, { name: 'more', ttlSeconds: 86_400 }],
    ['POST', `${at}/api-keys/${apiKey.id}/rotate`],
    ['POST', `/identities/${service}/api-keys`, { name: 'more', ttlSeconds: 86_400 }],
    ['POST', `/identities/${service}/client-secrets`],
    ['POST', '/authenticators/challenge'],
    ['POST', '/authenticators', { name: 'theirs', response: answer }],
    ['DELETE', `/authenticators/${randomUUID()}`],
    ['POST', `/people/${ned.identity}/reset`],
    ['POST', '/people', { username: 'own', name: 'Own', grants: user }],
    ['POST', '/identities', { name: 'own', grants: user }],
    ['DELETE', `/external-keys/${atAws}?confirmName=at-aws`],
    ['PATCH', `/external-keys/${atAws}`, { credentials: {} }],
    ['POST', '/sign-on/providers', { name: 'theirs', settings: provider }],
    ['PATCH', '/sign-on/providers/corp', { clientSecret: 'theirs' }],
    ['DELETE', '/sign-on/providers/corp'],
    ['PUT', '/sign-on/required', { required: true }],
    ['PUT', `/people/${mia.identity}/break-glass`, { breakGlass: true }],
    [
      'POST',
      '/kmip-clients',
      { certificate: 'none', name: 'own', identityId: service, projectId: kms.project.id },
    ],
  ]
  const tries = async (headers: object) => {
    const codes = []
    for (const [method, url, payload] of ways)
      codes.push([url, (await ask(method, url, headers, payload)).body.code])
    return codes
  }
  const refused = ways.map(([, url]) => [url, 'SECOND-FACTOR-ANEW'])
  expect(await tries(bearer)).toEqual(refused)

  const proved_at = new Date(Date.now() - 11 * 60_000)
  await lawfully(database).update('token', { name: null }, { proved_at })
  authentication.forget()
  expect(await tries(session)).toEqual(refused)
  // Not one of them did anything.
  expect((await ask('GET', `/kms/keys/${id}`, session)).body.key.name).toBe('stays')
  expect((await ask('GET', `/external-keys/${atAws}`, session)).body.key.name).toBe('at-aws')
  const providers = await database.selectFrom('identity_provider').select('name').execute()
  expect(providers.map(({ name }) => name)).toEqual(['corp'])
  // Without a PUBLIC_URL nobody comes back from a provider: none is offered.
  expect((await ask('GET', '/auth/sign-on', {})).body.providers).toEqual([])
  expect((await ask('GET', '/organisations', bearer)).status).toBe(200)

  // Nor does a certificate of hers; one of a program has no second factor to show.
  const provedBy = async (identity: string) => {
    const spki = randomBytes(32)
    const expires_at = new Date(Date.now() + 86_400_000)
    await lawfully(database).insert('kmip_client', {
      spki,
      name: 'own',
      identity_id: identity,
      project_id: kms.project.id,
      expires_at,
    })
    const found = await kms.server.services.kmipClients.find(spki, null)
    return found.ok ? provedLately(found.value.caller) : found
  }
  expect(await provedBy(mia.identity)).toMatchObject({ rule: 'SECOND-FACTOR-ANEW' })
  expect(await provedBy(service)).toMatchObject({ ok: true })

  // The API key is no session that a second factor makes new, and a session is not made longer.
  const asKey = { ...own, cookie: `__Host-custody-session=${apiKey.token}` }
  await database.updateTable('person').set({ totp_step: 0 }).where('username', '=', 'mia').execute()
  const anew = await ask('POST', '/console/session/second-factor', asKey, { totp: code() })
  expect(anew.body.code).toBe('SECOND-FACTOR-WRONG')
  const accessToken = cookie.split('=')[1]
  const renewed = await ask(
    'POST',
    '/auth/token/renew',
    { authorization: `Bearer ${accessToken}` },
    { accessToken },
  )
  expect(renewed.body.code).toBe('ACCESS-REFUSED')
})

test('CONSOLE-01 the console is served under its own policy, and nothing outside its folder', async () => {
  const get = (url: string, headers = {}) => kms.server.app.inject({ method: 'GET', url, headers })
  expect((await get('/console')).headers.location).toBe('/console/')
  for (const url of ['/console/../package.json', '/console/%2e%2e/package.json', '/console/none.js'])
    expect((await get(url)).statusCode).toBe(404)
})
