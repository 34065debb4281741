import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Grant } from '../../src/access/authorize.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

// Every route that the server documents, asked by who may do everything in another organisation, with ids of this one.
let kms: Awaited<ReturnType<typeof openKms>>
let token = ''
const here: Record<string, string> = {}

type Schema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minimum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly minProperties?: number
}
type Route = {
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly required?: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

/** What a key is called by the routes below a path. */
const elsewhere: Record<string, string> = {}
/** Where the stranger is at home. */
const home: Record<string, string> = {}

beforeAll(async () => {
  kms = await openKms()
  const { organisations, database, credentials, lifecycle } = kms.server.services
  const chief = kms.callAs(kms.admin)
  const other = given(await organisations.createOrganisation(chief, { name: 'Else' })).id
  const all = ['organisation-admin', 'crypto-officer', 'service', 'auditor'] as const
  const grants: readonly Grant[] = all.map((role) => ({ role, organisation: other, project: null }))
  const made = await createIdentity(database, { name: 'stranger', grants })
  const asked = { identity: made.identity, name: 'key', ttlSeconds: 3600 }
  const stranger = kms.callAs({ identity: made.identity, grants })
  token = given(await credentials.addApiKey(stranger, asked)).token
  const created = await organisations.createProject(stranger, { organisation: other, name: 'Theirs' })
  Object.assign(home, { organisationId: other, identityId: made.identity, projectId: given(created).id })
  const [keyId, organisation, project] = [await kms.make('theirs'), kms.organisation.id, kms.project.id]
  const { identity } = kms.credentials
  const owner = kms.callAs(kms.caller)
  const apiKey = { identity, name: 'theirs', ttlSeconds: 3600 }
  Object.assign(here, {
    keyId,
    projectId: project,
    organisationId: organisation,
    identityId: identity,
    name: 'theirs',
    version: '1',
    credentialId: given(await credentials.addApiKey(owner, apiKey)).id,
    importKeyId: given(await lifecycle.wrappingKey(owner, { project })).id,
    ruleId: randomUUID(),
    webhookId: randomUUID(),
    requestId: randomUUID(),
    roleId: randomUUID(),
    fingerprint: randomBytes(32).toString('hex'),
    importedKeyId: keyId,
  })
  Object.assign(elsewhere, { '/fhe/': randomBytes(32).toString('hex'), '/external-keys/': randomUUID() })
  const [now, later] = [new Date(), new Date(Date.now() + 3_600_000)]
  const of = { organisation_id: organisation, created_at: now }
  const rule = JSON.stringify({ kind: 'failures', most: 5, minutes: 5 })
  await database
    .insertInto('alert_rule')
    .values({ ...of, id: here.ruleId!, rule })
    .execute()
  await database
    .insertInto('webhook')
    .values({
      ...of,
      id: here.webhookId!,
      name: 'theirs',
      url: 'https://h.example/',
      secret_sealed: Buffer.of(1),
    })
    .execute()
  await lawfully(database).insert('approval_request', {
    ...of,
    id: here.requestId!,
    identity_id: identity,
    operation: 'key.export',
    project_id: project,
    key_id: keyId,
    asked: '',
    needed: 1,
    approvers: '["nobody"]',
    expires_at: later,
  })
  await lawfully(database).insert('kmip_client', {
    spki: Buffer.from(here.fingerprint!, 'hex'),
    name: 'theirs',
    identity_id: identity,
    project_id: project,
    expires_at: later,
  })
  await lawfully(database).insert('external_key', {
    ...{
      id: elsewhere['/external-keys/']!,
      organisation_id: organisation,
      project_id: project,
      name: 'theirs',
    },
    provider: 'aws',
    settings: '{}',
    credentials: Buffer.of(1),
    key_use: 'encrypt-decrypt',
    created_by: identity,
  })
  const provider_id = randomUUID()
  await lawfully(database).insert('identity_provider', {
    ...of,
    id: provider_id,
    name: 'theirs',
    kind: 'oidc',
    settings: '{}',
  })
  const role = { role: 'auditor', organisation_id: organisation, project_id: null } as const
  await lawfully(database).insert('group_role', {
    ...role,
    id: here.roleId!,
    provider_id,
    group_name: 'theirs',
  })
  await database
    .insertInto('access_review')
    .values({
      id: randomUUID(),
      organisation_id: organisation,
      reviewer_id: identity,
      reviewed_at: now,
      access_digest: 'a'.repeat(64),
      access: '[]',
      payload: '{}',
      signatures: '[]',
    })
    .execute()
  await database
    .insertInto('fhe_key')
    .values({
      ...{
        id: elsewhere['/fhe/']!,
        organisation_id: organisation,
        type: 'TFHE_BINARY',
        mode: 'S',
        t: 2,
        n: 3,
      },
      epoch: '1',
      commitments: '',
      evidence: '{}',
      bundle_digest: '',
    })
    .execute()
})

afterAll(() => kms.close())

const uuid = randomUUID()
/** Each in an organisation, or of the deployment. */
const places = ['projectId', 'organisationId', 'identityId'] as const
const leaves = [
  ...(['keyId', 'credentialId', 'importKeyId', 'ruleId', 'webhookId', 'requestId'] as const),
  'roleId',
  ...(['fingerprint', 'importedKeyId'] as const),
]
const ids: readonly string[] = [...places, ...leaves]
const absent: Readonly<Record<string, string>> = {
  ...Object.fromEntries(ids.map((id) => [id, uuid])),
  name: 'nothing',
  version: '1',
  fingerprint: 'ab'.repeat(32),
}

/** The ids as a route means them: threshold keys and keys at providers are called by others than keys. */
function knownOf(path: string, known: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const keyId = Object.entries(elsewhere).find(([part]) => path.includes(part))?.[1]
  if (keyId === undefined) return known
  const called = known.keyId === uuid ? (path.includes('/fhe/') ? 'cd'.repeat(32) : uuid) : keyId
  return { ...known, keyId: called, ...(path.includes('/fhe/') ? ofRequest : {}) }
}

const ofRequest = { requestId: 'ab'.repeat(16), sha256: 'ab'.repeat(32) }

/** Fields of a form of their own, where no id stands. */
const texts: Readonly<Record<string, string>> = { role: 'auditor', username: 'somebody' }

/** What has to be there, every id, and at least as much as has to be. */
function fieldsOf({ properties = {}, required = [], minProperties = 0 }: Schema): readonly string[] {
  const wanted = Object.keys(properties).filter((one) => required.includes(one) || ids.includes(one))
  return wanted.length < minProperties ? Object.keys(properties).slice(0, minProperties) : wanted
}

function sample(name: string, schema: Schema, known: Readonly<Record<string, string>>): unknown {
  const own = known[name] ?? texts[name]
  if (own !== undefined && (schema.enum === undefined || schema.enum.includes(own))) return own
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf?.[0] !== undefined) return sample(name, schema.anyOf[0], known)
  if (schema.type === 'object')
    return Object.fromEntries(
      fieldsOf(schema).map((one) => [one, sample(one, schema.properties?.[one] ?? {}, known)]),
    )
  if (schema.type === 'array')
    return Array.from({ length: schema.minItems ?? 0 }, () => sample(name, schema.items ?? {}, known))
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
  if (schema.type === 'boolean') return false
  return 'AAAA'.padEnd(schema.minLength ?? 0, 'A')
}

const asBytes = { 'content-type': 'application/octet-stream' }

async function ask(method: string, path: string, route: Route, given: Readonly<Record<string, string>>) {
  const known = knownOf(path, given)
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? 'AAAA')
  const query = (route.parameters ?? [])
    .filter((one) => one.in === 'query' && (one.required === true || ids.includes(one.name)))
    .map((one) => [one.name, String(known[one.name] ?? sample(one.name, one.schema, known))])
  const schema = route.requestBody?.content['application/json']?.schema
  const reply = await kms.server.app.inject({
    method: method as 'GET',
    url: query.length === 0 ? url : `${url}?${new URLSearchParams(Object.fromEntries(query))}`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(method === 'PUT' && schema === undefined ? asBytes : {}),
    },
    ...(schema === undefined ? {} : { payload: sample('', schema, known) as object }),
  })
  const { code, message } = reply.headers['content-type']?.includes('json')
    ? reply.json()
    : { code: null, message: null }
  // What was asked for may be repeated.
  const named = Object.values(known).filter((id) => id.length > 8)
  const said = named.reduce((text, id) => text.replaceAll(id, '…'), String(message))
  return { status: reply.statusCode, code, said }
}

test('TENANT-01 on every route an id of another organisation is answered as one that is nobody’s', async () => {
  const document: { paths: Record<string, Record<string, Route>> } = (
    await kms.server.app.inject({ method: 'GET', url: '/api/openapi.json' })
  ).json()
  const routes = Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, route]) => ({ method: method.toUpperCase(), path, route })),
    )
    .map((one) => ({ ...one, said: JSON.stringify([one.path, one.route.parameters, one.route.requestBody]) }))
    .filter(({ path, said }) => ids.some((id) => said.includes(id)) || path.includes('/providers/{name}'))
    // Read before anybody is asked about: doors.flow.test.ts brings real ones.
    .filter(({ method, path }) => method !== 'POST' || !/\/(decrypt-requests|answers|override)$/.test(path))
  expect(routes.length).toBeGreaterThan(70)
  for (const id of ids) expect([id, routes.some(({ said }) => said.includes(id))]).toEqual([id, true])
  const wrong: string[] = []
  for (const { method, path, route } of routes) {
    const theirs = await ask(method, path, route, here)
    const nobodys = await ask(method, path, route, absent)
    const alike = JSON.stringify(theirs) === JSON.stringify(nobodys)
    if (!alike || ![403, 404].includes(theirs.status))
      wrong.push(`${method} ${path}: ${JSON.stringify(theirs)} and ${JSON.stringify(nobodys)}`)
  }
  // What lies in an organisation, asked for by way of one's own: its id alone says where it is.
  for (const { method, path, route, said } of routes) {
    if (!leaves.some((id) => said.includes(id)) || !places.some((id) => path.includes(id))) continue
    const theirs = await ask(method, path, route, { ...here, ...home })
    const nobodys = await ask(method, path, route, { ...absent, ...home })
    if (JSON.stringify(theirs) !== JSON.stringify(nobodys))
      wrong.push(`${method} ${path} at home: ${JSON.stringify(theirs)} and ${JSON.stringify(nobodys)}`)
  }
  expect(wrong).toEqual([])
  const { database } = kms.server.services
  const untouched = await Promise.all([
    database.selectFrom('alert_rule').select('removed_at as at').where('id', '=', here.ruleId!).execute(),
    database.selectFrom('webhook').select('removed_at as at').where('id', '=', here.webhookId!).execute(),
    database.selectFrom('token').select('revoked_at as at').where('id', '=', here.credentialId!).execute(),
    database.selectFrom('key').select('destroy_at as at').where('id', '=', here.keyId!).execute(),
    database
      .selectFrom('identity_provider')
      .select('removed_at as at')
      .where('name', '=', 'theirs')
      .execute(),
    database
      .selectFrom('kmip_client')
      .select('revoked_at as at')
      .where('spki', '=', Buffer.from(here.fingerprint!, 'hex'))
      .execute(),
  ])
  expect(untouched).toEqual(untouched.map(() => [{ at: null }]))
  expect(await database.selectFrom('approval').selectAll().execute()).toEqual([])
  expect(await database.selectFrom('group_role').select('id').execute()).toEqual([{ id: here.roleId }])
  expect(await database.selectFrom('access_review').select('organisation_id').execute()).toHaveLength(1)
})
