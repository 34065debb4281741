import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller, Grant } from '../src/access/authorize.ts'
import { createIdentity } from '../src/access/tokens.ts'
import type { Call } from '../src/audit/record.ts'
import type { Outcome } from '../src/refusal.ts'
import type { Services } from '../src/services.ts'
import { openHttp, type Who } from './support/http-under-test.ts'

// The same table of refusals through two doors: HTTP, and plain calls of functions. A rule that lived in a handler would be
// missing from the second.
let http: Awaited<ReturnType<typeof openHttp>>
const keyId = 'ab'.repeat(32)
let ciphertext = ''
let foreign = ''

beforeAll(async () => {
  http = await openHttp('doors')
  await http.takeIn()
  const { database } = http.server.services
  await database.insertInto('organisation').values({ id: 'else', name: 'Else' }).execute()
  await database
    .insertInto('project')
    .values({ id: 'other', organisation_id: 'else', name: 'Other' })
    .execute()
  const of = (role: 'user' | 'auditor', project: string, organisation: string) =>
    createIdentity(database, { name: role, grants: [{ role, project, organisation }] }).then(http.logIn)
  http.tokens.reader = await of('auditor', 'payments', 'org')
  http.tokens.stranger = await of('user', 'other', 'else')
  const sealed = await http.post('user', '/api/v1/kms/keys/orders/encrypt', { plaintext: 'AAAA' })
  ciphertext = sealed.json().ciphertext
  const bytes = Buffer.from(ciphertext, 'base64')
  bytes[10]! ^= 1
  foreign = bytes.toString('base64')
})

afterAll(() => http.close())

const grants: Readonly<Record<Who, Grant>> = {
  user: { role: 'user', organisation: 'org', project: 'payments' },
  reader: { role: 'auditor', organisation: 'org', project: 'payments' },
  operator: { role: 'operator', organisation: null, project: null },
  stranger: { role: 'user', organisation: 'else', project: 'other' },
}

type Case = {
  claim: string
  who: Who
  method?: 'GET' | 'POST'
  url: string
  payload?: () => object
  direct: (services: Services, call: Call) => Promise<Outcome<unknown>>
  rule: string
  operation: string
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
const kms = '/api/v1/kms/keys'
const cases: readonly Case[] = [
  ...(['nothing', 'orders'] as const).map((id) => ({
    claim: `a key of another project is as absent: ${id}`,
    who: 'stranger' as const,
    url: `${kms}/${id}/encrypt`,
    payload: () => ({ plaintext: '' }),
    direct: ({ keys }: Services, call: Call) => keys.encrypt(call, { id, plaintext: new Uint8Array(0) }),
    rule: 'OBJECT-ABSENT',
    operation: 'key.encrypt',
  })),
  {
    claim: 'a key by name in another project is as absent',
    who: 'stranger',
    method: 'GET',
    url: `${kms}/key-name/Orders?projectId=payments`,
    direct: ({ keys }, call) => keys.getByName(call, 'payments', 'Orders'),
    rule: 'OBJECT-ABSENT',
    operation: 'key.read',
  },
  {
    claim: 'another project is as absent',
    who: 'stranger',
    method: 'GET',
    url: `${kms}?projectId=payments`,
    direct: ({ keys }, call) =>
      keys.list(call, 'payments', {
        offset: 0,
        limit: 10,
        search: null,
        orderBy: 'name',
        orderDirection: 'asc',
      }),
    rule: 'OBJECT-ABSENT',
    operation: 'key.list',
  },
  {
    claim: 'an auditor encrypts nothing',
    who: 'reader',
    url: `${kms}/orders/encrypt`,
    payload: () => ({ plaintext: '' }),
    direct: ({ keys }, call) => keys.encrypt(call, { id: 'orders', plaintext: new Uint8Array(0) }),
    rule: 'ROLE-REFUSED',
    operation: 'key.encrypt',
  },
  {
    claim: 'an auditor decrypts nothing',
    who: 'reader',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext }),
    direct: ({ keys }, call) => keys.decrypt(call, { id: 'orders', ciphertext: bytes(ciphertext) }),
    rule: 'ROLE-REFUSED',
    operation: 'key.decrypt',
  },
  {
    claim: 'more than the most bytes are refused',
    who: 'user',
    url: `${kms}/orders/encrypt`,
    payload: () => ({ plaintext: Buffer.alloc((1 << 20) + 1).toString('base64') }),
    direct: ({ keys }, call) =>
      keys.encrypt(call, { id: 'orders', plaintext: new Uint8Array((1 << 20) + 1) }),
    rule: 'BODY-TOO-LONG',
    operation: 'key.encrypt',
  },
  {
    claim: 'what is no ciphertext is refused',
    who: 'user',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext: 'AAAA' }),
    direct: ({ keys }, call) => keys.decrypt(call, { id: 'orders', ciphertext: bytes('AAAA') }),
    rule: 'ENVELOPE-MALFORMED',
    operation: 'key.decrypt',
  },
  {
    claim: 'a ciphertext of another key is refused',
    who: 'user',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext: foreign }),
    direct: ({ keys }, call) => keys.decrypt(call, { id: 'orders', ciphertext: bytes(foreign) }),
    rule: 'ENVELOPE-KEY',
    operation: 'key.decrypt',
  },
  {
    claim: 'other additional data is refused',
    who: 'user',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext, aad: 'AAAA' }),
    direct: ({ keys }, call) =>
      keys.decrypt(call, { id: 'orders', ciphertext: bytes(ciphertext), aad: bytes('AAAA') }),
    rule: 'ENVELOPE-TAG',
    operation: 'key.decrypt',
  },
  {
    claim: 'users see no bundles',
    who: 'user',
    method: 'GET',
    url: '/api/v1/ceremonies/bundles',
    direct: ({ bundles }, call) => bundles.list(call, { offset: 0, limit: 10 }),
    rule: 'ROLE-REFUSED',
    operation: 'bundle.list',
  },
  {
    claim: 'a bundle that is not here is absent',
    who: 'operator',
    method: 'GET',
    url: `/api/v1/ceremonies/bundles/${keyId}/receipt`,
    direct: ({ bundles }, call) => bundles.receipt(call, keyId),
    rule: 'OBJECT-ABSENT',
    operation: 'bundle.receipt',
  },
  {
    claim: 'operators use no keys',
    who: 'operator',
    url: `${kms}/orders/encrypt`,
    payload: () => ({ plaintext: '' }),
    direct: ({ keys }, call) => keys.encrypt(call, { id: 'orders', plaintext: new Uint8Array(0) }),
    rule: 'OBJECT-ABSENT',
    operation: 'key.encrypt',
  },
  {
    claim: 'a threshold key that is not here is absent',
    who: 'user',
    url: `/api/v1/fhe/keys/${keyId}/decrypt-requests/${'cd'.repeat(16)}/release`,
    payload: () => ({}),
    direct: ({ threshold }, call) => threshold.release(call, { keyId, requestId: 'cd'.repeat(16) }),
    rule: 'OBJECT-ABSENT',
    operation: 'threshold.release',
  },
]

test.each(cases)(
  'DOOR-01 $claim ($rule), by HTTP and by a plain call, each in the audit once',
  async (one) => {
    const { app, services } = http.server
    const { method = 'POST', url, payload, who, rule, operation } = one
    const reply =
      method === 'GET'
        ? await http.get(who, url)
        : await http.post(who, url, payload === undefined ? {} : payload())
    expect(reply.json()).toMatchObject({ code: rule })
    expect(reply.headers['audit-receipt']).toMatch(/^v1;/)

    const caller: Caller = { identity: `direct ${who}`, grants: [grants[who]] }
    const call: Call = { caller, door: 'direct', reqId: `direct ${one.claim}`, receipt: null }
    expect(await one.direct(services, call)).toMatchObject({ ok: false, rule })
    expect(call.receipt).toMatchObject({ writer: services.audit.id })

    for (const [door, reqId] of [
      ['http', reply.headers['x-request-id']],
      ['direct', call.reqId],
    ] as const) {
      const rows = await services.database
        .selectFrom('audit')
        .select('entry')
        .where('req_id', '=', String(reqId))
        .execute()
      expect(rows.map(({ entry }) => JSON.parse(entry))).toMatchObject([{ door, operation, outcome: rule }])
    }
    expect(app.server.listening).toBe(false)
  },
)

test('AUDIT-02 inputs and outputs are in the log as keyed hashes: the same input the same, and no plain SHA-256 of it', async () => {
  const caller: Caller = { identity: 'hashes', grants: [grants.user] }
  const entries = []
  for (const reqId of ['hash 1', 'hash 2']) {
    const call: Call = { caller, door: 'direct', reqId, receipt: null }
    const done = await http.server.services.keys.encrypt(call, { id: 'orders', plaintext: bytes('c2VjcmV0') })
    expect(done.ok).toBe(true)
    const { entry } = await http.server.services.database
      .selectFrom('audit')
      .select('entry')
      .where('req_id', '=', reqId)
      .executeTakeFirstOrThrow()
    entries.push(JSON.parse(entry))
  }
  const [one, two] = entries
  expect(one).toMatchObject({
    outcome: 'ok',
    key: 'orders',
    version: 1,
    project: 'payments',
    organisation: 'org',
  })
  expect(one.input).toMatch(/^[0-9a-f]{64}$/)
  expect(one.input).toBe(two.input)
  expect(one.output).not.toBe(two.output)
  expect(one.input).not.toBe(createHash('sha256').update('secret').digest('hex'))
})
