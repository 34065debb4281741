import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Grant } from '../../src/access/authorize.ts'
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

beforeAll(async () => {
  kms = await openKms()
  const { organisations, database, credentials } = kms.server.services
  const other = given(await organisations.createOrganisation(kms.callAs(kms.admin), 'Else')).id
  const all = ['organisation-admin', 'crypto-officer', 'service', 'auditor'] as const
  const grants: readonly Grant[] = all.map((role) => ({ role, organisation: other, project: null }))
  const made = await createIdentity(database, { name: 'stranger', grants })
  const asked = { identity: made.identity, name: 'key', ttlSeconds: 3600 }
  token = given(await credentials.addApiKey(kms.callAs({ identity: made.identity, grants }), asked)).token
  Object.assign(here, {
    keyId: await kms.make('theirs'),
    projectId: kms.project.id,
    organisationId: kms.organisation.id,
    identityId: kms.credentials.identity,
    name: 'theirs',
    version: '1',
  })
})

afterAll(() => kms.close())

const uuid = randomUUID()
const absent: Readonly<Record<string, string>> = {
  ...{ keyId: uuid, projectId: uuid, organisationId: uuid, identityId: uuid, name: 'nothing', version: '1' },
}
const ids = ['keyId', 'projectId', 'organisationId', 'identityId'] as const

/** Fields of a form of their own, where no id stands. */
const texts: Readonly<Record<string, string>> = { role: 'auditor', username: 'somebody' }

/** What has to be there, every id, and at least as much as has to be. */
function fieldsOf({ properties = {}, required = [], minProperties = 0 }: Schema): readonly string[] {
  const wanted = Object.keys(properties).filter(
    (one) => required.includes(one) || ids.some((id) => id === one),
  )
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

async function ask(method: string, path: string, route: Route, known: Readonly<Record<string, string>>) {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? 'AAAA')
  const query = (route.parameters ?? [])
    .filter((one) => one.in === 'query' && (one.required === true || ids.some((id) => id === one.name)))
    .map((one) => [one.name, String(known[one.name] ?? sample(one.name, one.schema, known))])
  const schema = route.requestBody?.content['application/json']?.schema
  const reply = await kms.server.app.inject({
    method: method as 'GET',
    url: query.length === 0 ? url : `${url}?${new URLSearchParams(Object.fromEntries(query))}`,
    headers: { authorization: `Bearer ${token}` },
    ...(schema === undefined ? {} : { payload: sample('', schema, known) as object }),
  })
  const { code, message } = reply.headers['content-type']?.includes('json')
    ? reply.json()
    : { code: null, message: null }
  return { status: reply.statusCode, code, message }
}

test('TENANT-01 on every route an id of another organisation is answered as one that is nobody’s', async () => {
  const document: { paths: Record<string, Record<string, Route>> } = (
    await kms.server.app.inject({ method: 'GET', url: '/api/openapi.json' })
  ).json()
  const routes = Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, route]) => ({ method: method.toUpperCase(), path, route })),
    )
    // Threshold keys are long ids that only a bundle brings: doors.flow.test.ts asks for those.
    .filter(
      ({ path, route }) =>
        !path.includes('/fhe/') &&
        ids.some((id) => JSON.stringify([path, route.parameters, route.requestBody]).includes(id)),
    )
  expect(routes.length).toBeGreaterThan(35)
  const wrong: string[] = []
  for (const { method, path, route } of routes) {
    const theirs = await ask(method, path, route, here)
    const nobodys = await ask(method, path, route, absent)
    const alike = JSON.stringify(theirs) === JSON.stringify(nobodys)
    if (!alike || ![403, 404].includes(theirs.status))
      wrong.push(`${method} ${path}: ${JSON.stringify(theirs)} and ${JSON.stringify(nobodys)}`)
  }
  expect(wrong).toEqual([])
})
