import { createServer, type Server } from 'node:http'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Caller } from '../../src/access/authorize.ts'
import { logIn } from '../../src/access/log-in.ts'
import { sendDue, signatureOf } from '../../src/alerts/deliveries.ts'
import type { AlertRule } from '../../src/alerts/rules.ts'
import { watchAudit } from '../../src/alerts/watch.ts'
import type { Asked, Egress } from '../../src/platform/http/egress.ts'
import { accept } from '../../src/refusal.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

type Heard = { readonly headers: Record<string, unknown>; readonly body: string }

let kms: Awaited<ReturnType<typeof openKms>>
let receiver: Server
let url = ''
/** What the receiver says next; 200 when it has nothing left to say. */
const answers: number[] = []
const heard: Heard[] = []

beforeAll(async () => {
  receiver = createServer((request, reply) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      heard.push({ headers: request.headers, body: Buffer.concat(parts).toString() })
      reply.statusCode = answers.shift() ?? 200
      reply.setHeader('location', url)
      reply.end('what the receiver says is kept nowhere')
    })
  })
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
  const address = receiver.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  url = `http://127.0.0.1:${address.port}/hook`
  vi.stubEnv('EGRESS_PRIVATE_HOSTS', `127.0.0.1:${address.port}`)
  kms = await openKms()
})

afterAll(async () => {
  await kms.close()
  vi.unstubAllEnvs()
  await new Promise((done) => receiver.close(done))
})

const organisation = () => kms.organisation.id
const chief = () => kms.callAs(kms.chief)
const state = async () =>
  given(await kms.server.services.alerts.read(chief(), { organisation: organisation() }))
const eventsOf = (event: string) => heard.filter(({ headers }) => headers['custody-event'] === event)

const addWebhook = async (name: string, to = url) =>
  given(await kms.server.services.alerts.addWebhook(chief(), { organisation: organisation(), name, url: to }))
const addRule = async (rule: AlertRule) =>
  given(await kms.server.services.alerts.addRule(chief(), { organisation: organisation(), rule }))
const testOf = async (id: string) =>
  given(await kms.server.services.alerts.testWebhook(chief(), { organisation: organisation(), id }))
const deliveryOf = async (id: string) => (await state()).deliveries.find((one) => one.id === id)

test('WEBHOOK-01 a test arrives, signed by the secret that was shown once, and again after a refusal, with the same id', async () => {
  const { webhook, secret } = await addWebhook('ops')
  expect(secret).toMatch(/^whsec_[\w-]{43}$/)
  expect(JSON.stringify(await state())).not.toContain(secret)
  answers.push(500)
  const id = await testOf(webhook.id)
  await expect.poll(async () => (await deliveryOf(id))?.state, { timeout: 40_000 }).toBe('delivered')
  expect(await deliveryOf(id)).toMatchObject({ tries: 2, status: 200, failure: null, webhook: 'ops' })
  const its = heard.filter(({ headers }) => headers['custody-delivery'] === id)
  expect(its).toHaveLength(2)
  for (const { headers, body } of its) {
    const time = new Date(Number(/^t=(\d+)/.exec(String(headers['custody-signature']))?.[1]) * 1000)
    expect(headers['custody-signature']).toBe(signatureOf(secret, time, body))
    expect(JSON.parse(body)).toMatchObject({
      v: 1,
      id,
      event: 'test',
      data: { organisationId: organisation() },
    })
  }
})

test('WEBHOOK-02 an address inside, and a redirect, are not followed; what a receiver says is kept nowhere', async () => {
  const inside = await addWebhook('metadata', 'https://169.254.169.254/latest')
  const id = await testOf(inside.webhook.id)
  await expect.poll(async () => (await deliveryOf(id))?.failure, { timeout: 30_000 }).toBe('PROVIDER-ADDRESS')
  const { alerts, database } = kms.server.services
  given(await alerts.removeWebhook(chief(), { organisation: organisation(), id: inside.webhook.id }))
  expect(await deliveryOf(id)).toMatchObject({ state: 'given-up', nextAt: null })
  const [ops] = (await state()).webhooks
  answers.push(302)
  const moved = await testOf(ops?.id ?? '')
  await expect.poll(async () => (await deliveryOf(moved))?.status, { timeout: 30_000 }).toBe(302)
  const rows = await database.selectFrom('webhook_delivery').selectAll().execute()
  expect(JSON.stringify(rows)).not.toContain('kept nowhere')
})

test('WEBHOOK-03 several processes send each delivery once, and give one up in the end', async () => {
  const { database } = kms.server.services
  const sent: Asked[] = []
  const egress: Egress = {
    async send(asked) {
      sent.push(asked)
      return accept({ status: 503, body: Buffer.alloc(0), type: null })
    },
  }
  const key = async () => new Uint8Array(32)
  const [ops] = (await state()).webhooks
  // Under a key of the test's own, so that the server's own sender leaves it alone: it is due only in years.
  const { seal } = await import('../../src/platform/sealed.ts')
  const { enqueue, placeOf } = await import('../../src/alerts/deliveries.ts')
  const hook = { id: 'far', organisation_id: organisation(), name: 'far', url: 'https://far.example/' }
  const created_at = new Date()
  const secret_sealed = await seal(key, placeOf('far'), 'whsec_far')
  await database
    .insertInto('webhook')
    .values({ ...hook, created_at, secret_sealed })
    .execute()
  let time = Date.now() + 20 * 86_400_000
  await database
    .updateTable('webhook')
    .set({ removed_at: created_at })
    .where('id', '=', ops?.id ?? '')
    .execute()
  const [id = ''] = await enqueue(database, organisation(), 'test', new Date(time), {}, 'far')
  for (let tries = 1; tries <= 10; tries++) {
    time += 86_400_000
    await expect
      .poll(
        async () => {
          const parts = { database, egress, key, now: () => new Date(time) }
          await Promise.all([sendDue(parts), sendDue(parts), sendDue(parts)])
          return sent.length
        },
        { timeout: 30_000 },
      )
      .toBe(tries)
  }
  time += 365 * 86_400_000
  expect(new Set(sent.map(({ headers }) => headers['custody-delivery']))).toEqual(new Set([id]))
  expect(await deliveryOf(id)).toMatchObject({ state: 'given-up', tries: 10, status: 503 })
  expect(await sendDue({ database, egress, key, now: () => new Date(time) })).toBe(0)
  // One whose secret does not open is a try that failed, and keeps no other from going out.
  await database
    .insertInto('webhook')
    .values({ ...hook, id: 'spoiled', name: 'spoiled', created_at, secret_sealed: Buffer.alloc(60) })
    .execute()
  const at = new Date(time)
  const [spoiled = ''] = await enqueue(database, organisation(), 'test', at, {}, 'spoiled')
  const [whole = ''] = await enqueue(database, organisation(), 'test', at, {}, 'far')
  await expect
    .poll(
      async () => {
        await sendDue({ database, egress, key, now: () => at })
        return (await deliveryOf(whole))?.tries
      },
      { timeout: 30_000 },
    )
    .toBe(1)
  expect(await deliveryOf(spoiled)).toMatchObject({ tries: 1, status: null, failure: expect.any(String) })
  const ours = ['far', 'spoiled']
  await database.updateTable('webhook').set({ removed_at: created_at }).where('id', 'in', ours).execute()
  await database
    .updateTable('webhook')
    .set({ removed_at: null })
    .where('id', '=', ops?.id ?? '')
    .execute()
})

test('ALERT-01 a burst of refusals and a strange source are told once, and name no key', async () => {
  const { keys, database } = kms.server.services
  await addRule({ kind: 'failures', most: 3, minutes: 30 })
  await addRule({ kind: 'source', networks: ['10.0.0.0/8'] })
  const place = { organisation: organisation(), project: kms.project.id }
  const grants = [{ role: 'service' as const, ...place }]
  const { identity } = await createIdentity(database, { name: 'odd', grants })
  const from = (source: string): Caller => ({ identity, grants, circumstances: { time: new Date(), source } })
  const id = await kms.make('a-secret-name')
  // Rules speak of what comes after them: each process has seen them once the watch has moved.
  await expect
    .poll(async () => (await database.selectFrom('alert_watch').selectAll().execute()).length)
    .toBe(1)
  for (let tries = 0; tries < 5; tries++) {
    const refused = await keys.patch(kms.callAs(from('10.1.1.1')), { id, description: 'x' })
    expect(refused).toMatchObject({ rule: 'ROLE-REFUSED' })
  }
  const alertsOf = async () =>
    (await state()).alerts.filter((one) => one.identity === identity).map(({ rule }) => rule.kind)
  await expect.poll(alertsOf, { timeout: 40_000 }).toEqual(['failures'])
  for (let uses = 0; uses < 3; uses++)
    given(await keys.encrypt(kms.callAs(from('192.0.2.9')), { id, plaintext: new Uint8Array(1) }))
  await expect.poll(alertsOf, { timeout: 40_000 }).toEqual(['source', 'failures'])
  await expect
    .poll(() => eventsOf('alert').filter(({ body }) => body.includes(identity)).length, { timeout: 40_000 })
    .toBe(2)
  const [first] = eventsOf('alert').filter(({ body }) => body.includes(identity))
  expect(JSON.parse(first?.body ?? '{}')).toMatchObject({
    v: 1,
    event: 'alert',
    data: { organisationId: organisation(), identityId: identity, rule: { kind: 'failures', most: 3 } },
  })
  for (const { body } of heard) expect(body).not.toMatch(/a-secret-name|192\.0\.2\.9/)
  expect(heard.every(({ body }) => !body.includes(id))).toBe(true)
  // Everything is looked at: nothing is left that would be told again.
  expect(await watchAudit({ database, now: () => new Date() })).toBe(0)
})

test('ALERT-02 a log-in from a strange source and calls of no known form are told to each organisation in which one has a role', async () => {
  const { database } = kms.server.services
  await addRule({ kind: 'source', networks: ['10.0.0.0/8'] })
  await addRule({ kind: 'failures', most: 2, minutes: 30 })
  const place = { organisation: organisation(), project: kms.project.id }
  const made = await createIdentity(database, { name: 'far', grants: [{ role: 'service', ...place }] })
  const elsewhere = await createIdentity(database, {
    name: 'elsewhere',
    grants: [{ role: 'auditor', organisation: null, project: null }],
  })
  const logIn = async ({ clientId, clientSecret }: typeof made) => {
    const reply = await kms.server.app.inject({
      method: 'POST',
      url: '/api/v1/auth/universal-auth/login',
      remoteAddress: '198.51.100.7',
      payload: { clientId, clientSecret },
    })
    return reply.json().accessToken
  }
  await logIn(elsewhere)
  const token = await logIn(made)
  const kindsOf = async (identity: string) =>
    (await state()).alerts.filter((one) => one.identity === identity).map(({ rule }) => rule.kind)
  await expect.poll(() => kindsOf(made.identity).then(([kind]) => kind), { timeout: 40_000 }).toBe('source')
  for (let tries = 0; tries < 4; tries++) {
    const reply = await kms.server.app.inject({
      method: 'GET',
      url: '/api/v1/identities?limit=999',
      remoteAddress: '10.1.1.1',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(reply.statusCode).toBeGreaterThanOrEqual(400)
  }
  await expect.poll(() => kindsOf(made.identity), { timeout: 40_000 }).toContain('failures')
  const { rows } = await sql<{ source: string }>`
    select distinct entry::jsonb ->> 'source' as source from audit where identity_id = ${made.identity}
    order by 1`.execute(database)
  expect(rows.map(({ source }) => source)).toEqual(['10.1.1.1', '198.51.100.7'])
  // Who has no role there is not its affair.
  expect(await kindsOf(elsewhere.identity)).toEqual([])
})

test('ALERT-03 failures to log in as somebody who is known are told, and those that were not looked at are not written', async () => {
  const { database, authentication, record, strangers } = kms.server.services
  await addRule({ kind: 'failures', most: 5, minutes: 30 })
  const place = { organisation: organisation(), project: kms.project.id }
  const { clientId, identity } = await createIdentity(database, {
    name: 'guessed',
    grants: [{ role: 'service', ...place }],
  })
  const asked = { door: 'direct', reqId: 'guess', source: '203.0.113.5' } as const
  for (let tries = 0; tries < 13; tries++) {
    const given = { clientId, clientSecret: `guess ${tries}`, ...asked }
    expect(await logIn({ authentication, record, strangers }, given)).toMatchObject({ rule: 'LOGIN-REFUSED' })
  }
  const alerts = async () => (await state()).alerts.filter((one) => one.identity === identity)
  await expect
    .poll(async () => (await alerts()).map(({ rule }) => rule.kind), { timeout: 40_000 })
    .toContain('failures')
  const entries = await database
    .selectFrom('audit')
    .select(['operation', 'outcome'])
    .where('identity_id', '=', identity)
    .orderBy('seq')
    .execute()
  expect(entries.map(({ operation }) => operation)).toEqual([
    ...Array<string>(9).fill('identity.log-in'),
    'identity.locked',
  ])
})
