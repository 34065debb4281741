import { afterAll, beforeAll, expect, test } from 'vitest'
import { issue } from '../../src/access/tokens.ts'
import { makeServiceKey } from '../../src/sign-on/service-key.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
const tokens: Record<string, string> = {}

beforeAll(async () => {
  kms = await openKms()
  const { signOn } = kms.server.services
  const { certificate } = await makeServiceKey('idp', new Date())
  for (const name of ['office', 'other']) {
    const settings = { entityId: 'e', entryPoint: 'https://id.example/login', certificates: [certificate] }
    const wanted = {
      name,
      organisation: null,
      settings: { kind: 'saml', ...settings } as const,
      secret: null,
    }
    given(await signOn.addProvider(kms.callAs(kms.admin), wanted))
    tokens[name] = given(await signOn.makeScimToken(kms.callAs(kms.admin), { name })).token
  }
  const grant = {
    role: 'crypto-officer',
    organisation: kms.organisation.id,
    project: kms.project.id,
  } as const
  given(await signOn.addGroupRole(kms.callAs(kms.chief), { provider: 'office', group: 'officers', grant }))
})

afterAll(() => kms?.close())

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

async function scim(method: Method, path: string, payload?: object, by = 'office') {
  const reply = await kms.server.app.inject({
    method,
    url: `/scim/v2${path}`,
    headers: {
      authorization: `Bearer ${tokens[by]}`,
      ...(payload === undefined ? {} : { 'content-type': 'application/scim+json' }),
    },
    ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
  })
  const body = reply.body === '' ? null : reply.json()
  return { status: reply.statusCode, type: String(reply.headers['content-type']), body }
}

const user = (userName: string, more: object = {}) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName,
  name: { givenName: 'Ada', familyName: 'Byron' },
  emails: [{ value: 'ada@example.com' }],
  ...more,
})
const patch = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
})
const made = async (userName: string, more: object = {}) =>
  (await scim('POST', '/Users', user(userName, more))).body.id
const rolesOf = async (token: string) => {
  const caller = await kms.server.services.authentication.find(token)
  return caller === 'unknown' ? caller : caller.grants.map(({ role }) => role)
}
const tokenOf = async (identity: string) =>
  (await issue(kms.server.services.database, identity, 3600)).accessToken

test('SCIM-01 a user is made, read, found, replaced, patched and deleted', async () => {
  const created = await scim('POST', '/Users', user('ada', { externalId: 'x1' }))
  expect(created).toMatchObject({ status: 201, type: expect.stringContaining('application/scim+json') })
  expect(created.body).toMatchObject({ userName: 'ada', externalId: 'x1', active: true })
  const { id } = created.body
  const { entry } = await kms.server.services.database
    .selectFrom('audit')
    .select('entry')
    .where('operation', 'like', 'scim%')
    .executeTakeFirstOrThrow()
  const provider = await kms.server.services.database.selectFrom('identity_provider').select('id').execute()
  expect(provider.map((one) => `provider:${one.id}`)).toContain(JSON.parse(entry ?? '').credential)
  expect((await scim('GET', `/Users/${id}`)).body).toEqual(created.body)
  const twice = await scim('POST', '/Users', user('ada', { externalId: 'x1' }))
  expect(twice).toMatchObject({ status: 409, body: { scimType: 'uniqueness', status: '409' } })
  expect((await scim('POST', '/Users', user('ADA'))).status).toBe(409)
  const changed = await scim(
    'PUT',
    `/Users/${id}`,
    user('ada.b', { externalId: 'x1', displayName: 'Countess' }),
  )
  expect(changed.body).toMatchObject({ userName: 'ada.b', displayName: 'Countess' })
  const patched = await scim(
    'PATCH',
    `/Users/${id}`,
    patch({ op: 'Replace', path: 'name.familyName', value: 'King' }),
  )
  expect(patched.body.name).toEqual({ givenName: 'Ada', familyName: 'King' })
  expect(await scim('DELETE', `/Users/${id}`)).toMatchObject({ status: 204, body: null })
  expect(await scim('GET', `/Users/${id}`)).toMatchObject({ status: 404, body: { status: '404' } })
  expect(await made('ada', { externalId: 'x1' })).not.toBe(id)
})

test('SCIM-02 lists are filtered and paged', async () => {
  for (const name of ['page1', 'page2', 'page3']) await made(name)
  const found = async (query: string) => (await scim('GET', `/Users?${query}`)).body
  const filter = (text: string) => `filter=${encodeURIComponent(text)}`
  expect(await found(filter('username eq "page2"'))).toMatchObject({ totalResults: 1 })
  const page = await found(`${filter('userName sw "page"')}&startIndex=2&count=1`)
  expect(page).toMatchObject({
    totalResults: 3,
    startIndex: 2,
    itemsPerPage: 1,
    Resources: [{ userName: 'page2' }],
  })
  expect(await found(`${filter('not (userName sw "page")')}&count=0`)).toMatchObject({ itemsPerPage: 0 })
  expect(await scim('GET', `/Users?${filter('userName eq')}`)).toMatchObject({
    status: 400,
    body: { scimType: 'invalidFilter' },
  })
})

test('SCIM-03 who is deactivated is logged out everywhere within a second, and comes back when active again', async () => {
  const id = await made('grace')
  const group = await scim('POST', '/Groups', { displayName: 'officers', members: [{ value: id }] })
  expect(group.status).toBe(201)
  const token = await tokenOf(id)
  expect(await rolesOf(token)).toEqual(['crypto-officer'])
  const off = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }))
  expect(off.body.active).toBe(false)
  await expect.poll(() => rolesOf(token), { interval: 20 }).toBe('unknown')
  // Deactivated again it is still the provider's to begin.
  await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: 'False' }))
  const on = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: true }))
  expect(on.body.active).toBe(true)
  expect(await rolesOf(token)).toBe('unknown')
  expect(await rolesOf(await tokenOf(id))).toEqual(['crypto-officer'])

  given(await kms.server.services.organisations.revokeIdentity(kms.callAs(kms.chief), { identity: id }))
  const never = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: true }))
  expect(never.body.active).toBe(false)
})

test('SCIM-04 groups give and take roles, whole or one member at a time', async () => {
  const [one, two] = [await made('lin'), await made('mary')]
  const { signOn } = kms.server.services
  const grant = { role: 'auditor', organisation: kms.organisation.id, project: kms.project.id } as const
  given(await signOn.addGroupRole(kms.callAs(kms.chief), { provider: 'office', group: 'auditors', grant }))
  const { id } = (await scim('POST', '/Groups', { displayName: 'auditors', members: [{ value: one }] })).body
  const token = await tokenOf(one)
  const other = await tokenOf(two)
  await expect.poll(() => rolesOf(token)).toEqual(['auditor'])
  await scim('PATCH', `/Groups/${id}`, patch({ op: 'add', path: 'members', value: [{ value: two }] }))
  await expect.poll(() => rolesOf(other)).toEqual(['auditor'])
  const path = `members[value eq "${one}"]`
  expect((await scim('PATCH', `/Groups/${id}`, patch({ op: 'remove', path }))).body.members).toEqual([
    { value: two, type: 'User' },
  ])
  await expect.poll(() => rolesOf(token)).toEqual([])
  expect((await scim('GET', `/Users/${two}`)).body.groups).toEqual([{ value: id, display: 'auditors' }])
  await scim('PUT', `/Groups/${id}`, { displayName: 'auditors', members: [{ value: one }] })
  await expect.poll(() => rolesOf(token)).toEqual(['auditor'])
  expect((await scim('DELETE', `/Groups/${id}`)).status).toBe(204)
  await expect.poll(() => rolesOf(token)).toEqual([])
})

test('SCIM-05 a provider sees and changes its own members alone, and what is malformed is refused', async () => {
  const id = await made('own')
  expect((await scim('GET', `/Users/${id}`, undefined, 'other')).status).toBe(404)
  expect((await scim('DELETE', `/Users/${id}`, undefined, 'other')).status).toBe(404)
  expect((await scim('GET', '/Users', undefined, 'other')).body.totalResults).toBe(0)
  const foreign = await scim('POST', '/Groups', { displayName: 'g', members: [{ value: id }] }, 'other')
  expect(foreign).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } })
  expect((await scim('GET', '/Groups', undefined, 'other')).body.totalResults).toBe(0)
  for (const [body, type] of [
    [patch(), 'invalidPath'],
    [patch({ op: 'move', path: 'a' }), 'invalidPath'],
    [patch({ op: 'add', path: '__proto__.admin', value: true }), 'invalidPath'],
    [patch({ op: 'add', path: 'hasOwnProperty.call', value: 'x' }), 'invalidPath'],
    [patch({ op: 'replace', path: 'userName', value: '' }), 'invalidValue'],
    [patch({ op: 'replace', path: 'active', value: 'perhaps' }), 'invalidValue'],
  ] as const)
    expect((await scim('PATCH', `/Users/${id}`, body)).body).toMatchObject({ status: '400', scimType: type })
  expect(Reflect.get({}, 'admin')).toBe(undefined)
  expect((await scim('POST', '/Users', { userName: 7 })).body.scimType).toBe('invalidValue')
  for (const path of ['ServiceProviderConfig', 'ResourceTypes', 'Schemas'])
    expect((await scim('GET', `/${path}`)).status).toBe(200)
})

test('CREDENTIALS-FULL one organisation has ten identity providers, and takes no place of another', async () => {
  const { signOn, organisations, database } = kms.server.services
  const { certificate } = await makeServiceKey('idp', new Date())
  const settings = { kind: 'saml', entityId: 'e', entryPoint: 'https://id.example/login' } as const
  const add = (name: string, organisation: string) => {
    const grants = [{ role: 'organisation-admin', organisation, project: null }] as const
    const wanted = { settings: { ...settings, certificates: [certificate] }, secret: null }
    return signOn.addProvider(kms.callAs({ identity: 'chief', grants }), { name, organisation, ...wanted })
  }
  const row = (name: string) => ({
    id: name,
    name,
    organisation_id: kms.organisation.id,
    kind: 'saml' as const,
    secret_sealed: null,
    settings: JSON.stringify({ ...settings, certificates: [certificate] }),
  })
  const by = lawfully(database)
  const rowsOf = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => row(`full-${from + at}`))
  for (const one of rowsOf(0, 9)) await by.insert('identity_provider', one)
  const both = await Promise.all([add('last', kms.organisation.id), add('late', kms.organisation.id)])
  expect(both.map((one) => (one.ok ? 'ok' : one.rule)).toSorted()).toEqual(['CREDENTIALS-FULL', 'ok'])
  for (const one of rowsOf(9, 50)) await by.insert('identity_provider', one)
  const other = given(await organisations.createOrganisation(kms.callAs(kms.admin), { name: 'Neighbour' }))
  expect(await add('neighbour', other.id)).toMatchObject({ ok: true })
  await by.remove('identity_provider', (its) => its.where('name', 'like', 'full-%'))
})

test('SECOND-FACTOR-ANEW who takes a role from a group shows a second factor, as who gives it', async () => {
  const { signOn, database } = kms.server.services
  const own = { id: 'own', name: 'own', organisation_id: kms.organisation.id, kind: 'oidc' } as const
  await lawfully(database).insert('identity_provider', { ...own, settings: '{}', secret_sealed: null })
  const grant = { role: 'auditor', organisation: kms.organisation.id, project: null } as const
  const wanted = { provider: 'own', group: 'clerks', grant }
  const { id } = given(await signOn.addGroupRole(kms.callAs(kms.chief), wanted))
  const stale = { ...kms.chief, session: { provedAt: new Date(0) } }
  const taken = { provider: 'own', id }
  expect(await signOn.removeGroupRole(kms.callAs(stale), taken)).toMatchObject({ rule: 'SECOND-FACTOR-ANEW' })
  given(await signOn.removeGroupRole(kms.callAs(kms.chief), taken))
  // Its organisation's auditor sees that a token was made.
  given(await signOn.makeScimToken(kms.callAs(kms.chief), { name: 'own' }))
  const entered = await database
    .selectFrom('audit')
    .select('organisation_id')
    .where('operation', '=', 'sign-on.make-scim-token')
    .execute()
  expect(entered).toContainEqual({ organisation_id: kms.organisation.id })
  await lawfully(database).remove('identity_provider', { id: 'own' })
})

test('SCIM-06 a token is one provider’s, over once revoked or replaced, and opens nothing else', async () => {
  const { signOn, database } = kms.server.services
  const keys = await kms.server.app.inject({
    method: 'GET',
    url: `/api/v1/kms/keys?projectId=${kms.project.id}`,
    headers: { authorization: `Bearer ${tokens.office}` },
  })
  expect(keys.statusCode).toBe(401)
  tokens.wrong = 'a'.repeat(43)
  expect((await scim('GET', '/Users', undefined, 'wrong')).status).toBe(401)
  tokens.before = tokens.other!
  tokens.other = given(await signOn.makeScimToken(kms.callAs(kms.admin), { name: 'other' })).token
  expect((await scim('GET', '/Users', undefined, 'before')).status).toBe(401)
  expect((await scim('GET', '/Users', undefined, 'other')).status).toBe(200)
  const madeAt = async () =>
    (
      await database
        .selectFrom('identity_provider')
        .select('scim_token_made_at')
        .where('name', '=', 'other')
        .executeTakeFirstOrThrow()
    ).scim_token_made_at
  expect(await madeAt()).toBeInstanceOf(Date)
  given(await signOn.revokeScimToken(kms.callAs(kms.admin), { name: 'other' }))
  expect(await madeAt()).toBeNull()
  expect((await scim('GET', '/Users', undefined, 'other')).status).toBe(401)
  const kept = await database.selectFrom('identity_provider').selectAll().execute()
  expect(JSON.stringify(kept)).not.toContain(tokens.office)
  const entries = await database
    .selectFrom('audit')
    .select(['operation', 'entry'])
    .where('identity_id', '=', 'SCIM of office')
    .execute()
  expect(new Set(entries.map(({ operation }) => operation))).toContain('scim.create-user')
  expect(new Set(entries.map(({ entry }) => JSON.parse(entry!).source))).toEqual(new Set(['127.0.0.1']))
})

test('DUTY-NO-ASKER a provider makes nobody else of an approver, and brings none back; it may end one', async () => {
  const made = (await scim('POST', '/Users', user('approver', { externalId: 'one' }))).body
  const at = `/Users/${made.id}`
  const change = (path: string, value: unknown) => scim('PATCH', at, patch({ op: 'replace', path, value }))
  expect((await change('externalId', 'two')).status).toBe(200)
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const conditions = { approvals: { count: 1, by: [made.id] } }
  await createIdentity(kms.server.services.database, {
    name: 'asks',
    grants: [{ role: 'user', ...place, conditions }],
  })
  const refused = await change('externalId', 'mallory')
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([403, expect.stringContaining('approval')])
  expect((await change('displayName', 'Ada')).status).toBe(200)
  expect((await change('active', false)).status).toBe(200)
  expect((await change('active', true)).status).toBe(403)
  expect((await scim('GET', at)).body).toMatchObject({ externalId: 'two', active: false })
})
