import 'reflect-metadata'
import { randomUUID, webcrypto } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { sql } from 'kysely'
import { TOTP, URI } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  otherPassphrase,
  strongPassphrase as password,
} from '../../../../packages/crypto/test/strong-passphrase.ts'
import type { Grant } from '../../src/access/authorize.ts'
import type { Conditions } from '../../src/access/conditions.ts'
import { forgetFailures, giveBackTry, takeTry } from '../../src/access/lockout.ts'
import { logIn as logInMachine } from '../../src/access/log-in.ts'
import { peopleTable } from '../../src/access/people.ts'
import { openPersonLogIns } from '../../src/access/person-log-in.ts'
import { openPersonSecrets } from '../../src/access/person-secrets.ts'
import { forgetEndedTokens, hashSecret } from '../../src/access/tokens.ts'
import type { Strangers } from '../../src/audit/strangers.ts'
import { makeFirstAdmin } from '../../src/commands/operator.ts'
import { openPipeline, operationsOf, unapproved } from '../../src/operations/pipeline.ts'
import { issueClientCertificate } from '../../src/platform/tls/certificate.ts'
import type { Outcome } from '../../src/refusal.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, token?: string) {
  const reply = await kms.server.app.inject({
    method,
    url: `/api/v1${url}`,
    ...(payload === undefined ? {} : { payload }),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  })
  return { status: reply.statusCode, headers: reply.headers, body: reply.json() }
}

/** The code of a step, counted from the present one. */
const codeOf = (totp: TOTP, steps = 0) => totp.generate({ timestamp: Date.now() + steps * 30_000 })

/** The codes that a test makes from here on are of the step that the server sees. */
const earlyInStep = () =>
  expect.poll(() => 30 - ((Date.now() / 1000) % 30), { timeout: 30_000 }).toBeGreaterThan(10)

async function enrolled(username: string, grants: readonly Grant[]) {
  const { people } = kms.server.services
  const invited = given(await people.invite(kms.callAs(kms.chief), { username, name: username, grants }))
  const { code } = invited
  const begun = await ask('POST', '/auth/password/begin-enrolment', { code })
  const { totpUri } = begun.body
  expect(Object.keys(begun.body)).toEqual(['totpUri'])
  expect(begun.headers['audit-receipt']).toMatch(/^v1;/)
  const entry = await kms.server.services.database
    .selectFrom('audit')
    .select(['operation', 'identity_id'])
    .where('req_id', '=', String(begun.headers['x-request-id']))
    .execute()
  expect(entry).toEqual([{ operation: 'person.begin-enrolment', identity_id: invited.identity }])
  const totp = URI.parse(totpUri)
  if (!(totp instanceof TOTP)) throw new Error(totpUri)
  const done = await ask('POST', '/auth/password/enrol', { code, password, totp: codeOf(totp, -1) })
  expect(done.body).toEqual({ enrolled: true })
  return { ...invited, totp }
}

const officer = (): readonly Grant[] => [
  { role: 'crypto-officer', organisation: kms.organisation.id, project: kms.project.id },
]

test('PERSON-01 a person is invited, sets password and second factor, and logs in by both; a code works once', async () => {
  await earlyInStep()
  const { code, totp } = await enrolled('ada', officer())
  expect((await ask('POST', '/auth/password/begin-enrolment', { code })).body.code).toBe('ENROLMENT-ABSENT')
  const logIn = (fields: object) =>
    ask('POST', '/auth/password/login', { username: 'Ada', password, totp: codeOf(totp), ...fields })
  const used = codeOf(totp)
  const first = await logIn({ totp: used })
  expect(first.body).toMatchObject({ tokenType: 'Bearer', expiresIn: 12 * 3600 })
  expect(first.headers['audit-receipt']).toMatch(/^v1;/)
  const listed = await ask('GET', `/kms/keys?projectId=${kms.project.id}`, undefined, first.body.accessToken)
  expect(listed.status).toBe(200)
  // The same code again, a wrong password, an unknown name: one answer.
  const answers = [
    await logIn({ totp: used }),
    await logIn({ password: 'x' }),
    await logIn({ username: 'nobody' }),
  ]
  const bodies = answers.map(({ body: { reqId: _, ...body } }) => body)
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
  expect(bodies[1]).toEqual(bodies[0])
  expect(bodies[2]).toEqual(bodies[0])
  const next = await logIn({ totp: codeOf(totp, 1) })
  expect(next.status).toBe(200)
  const stored = await kms.server.services.database.selectFrom('person').selectAll().executeTakeFirstOrThrow()
  expect(stored.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(JSON.stringify(stored)).not.toContain(Buffer.from(totp.secret.bytes).toString('hex'))
})

test('PERSON-02 a weak password, a wrong code and a second enrolment are refused; a reset ends what was before', async () => {
  await earlyInStep()
  const { people } = kms.server.services
  const chief = kms.callAs(kms.chief)
  const wanted = { username: 'grace', name: 'Grace', grants: officer() }
  const { code, identity } = given(await people.invite(chief, wanted))
  expect(await people.invite(kms.callAs(kms.chief), wanted)).toMatchObject({ rule: 'USERNAME-TAKEN' })
  const enrol = async (fields: object) =>
    (await ask('POST', '/auth/password/enrol', { code, password, totp: '000000', ...fields })).body.code
  expect(await enrol({})).toBe('TOTP-WRONG')
  const totp = URI.parse((await ask('POST', '/auth/password/begin-enrolment', { code })).body.totpUri) as TOTP
  expect(await enrol({ password: 'aaaaaaaaaaaa', totp: codeOf(totp, -1) })).toBe('PASSWORD-WEAK')
  const wrong = String((Number(codeOf(totp)) + 500_000) % 1_000_000).padStart(6, '0')
  expect(await enrol({ totp: wrong })).toBe('TOTP-WRONG')
  expect(await enrol({ totp: codeOf(totp, -1) })).toBe(undefined)
  const login = await ask('POST', '/auth/password/login', {
    username: 'grace',
    password,
    totp: codeOf(totp, 0),
  })
  expect(login.status).toBe(200)
  expect(await people.reset(kms.callAs(kms.caller), { identity: identity })).toMatchObject({
    rule: 'OBJECT-ABSENT',
  })
  given(await people.reset(kms.callAs(kms.chief), { identity: identity }))
  const { authentication } = kms.server.services
  await expect.poll(() => authentication.find(login.body.accessToken)).toBe('unknown')
  const after = await ask('POST', '/auth/password/login', {
    username: 'grace',
    password,
    totp: codeOf(totp, 1),
  })
  expect(after.body.code).toBe('LOGIN-REFUSED')
})

test('PASSWORD-WRONG a person changes his own password by the old one, and every other session of his ends', async () => {
  await earlyInStep()
  const { totp } = await enrolled('hedy', officer())
  const logIn = async (secret: string, steps: number) =>
    (
      await ask('POST', '/auth/password/login', {
        username: 'hedy',
        password: secret,
        totp: codeOf(totp, steps),
      })
    ).body
  const left = (await logIn(password, 0)).accessToken
  const token = (await logIn(password, 1)).accessToken
  const changed = (fields: object) =>
    ask('POST', '/auth/password/change', { password, newPassword: otherPassphrase, ...fields }, token)
  expect((await changed({ password: 'four crates of limes' })).body.code).toBe('PASSWORD-WRONG')
  expect((await changed({ newPassword: 'aaaaaaaaaaaa' })).body.code).toBe('PASSWORD-WEAK')
  const { database, authentication } = kms.server.services
  const stored = async () =>
    (
      await database
        .selectFrom('person')
        .select('password_hash')
        .where('username', '=', 'hedy')
        .executeTakeFirstOrThrow()
    ).password_hash
  const before = await stored()
  expect((await changed({})).body).toEqual({ changed: true })
  expect(await stored()).not.toBe(before)
  await expect.poll(() => authentication.find(left)).toBe('unknown')
  expect(await authentication.find(token)).not.toBe('unknown')
  // What was the old one is none any more.
  expect((await changed({})).body.code).toBe('PASSWORD-WRONG')
  expect((await changed({ password: otherPassphrase, newPassword: password })).status).toBe(200)
  // A session that was left open is not enough.
  await lawfully(database).update(
    'token',
    { hash: hashSecret(token) },
    { proved_at: new Date(Date.now() - 11 * 60_000) },
  )
  authentication.forget()
  expect((await changed({})).body.code).toBe('SECOND-FACTOR-ANEW')
})

test('LOGIN-REFUSED guesses from many networks count together, waits grow and end, and a device that logged in before is spared', async () => {
  await earlyInStep()
  const { totp } = await enrolled('lin', officer())
  const { people, database } = kms.server.services
  const from = (source: string, fields: object, device: string | null = null) =>
    people.logIn(
      { username: 'lin', password, totp: codeOf(totp), ...fields },
      { door: 'direct', reqId: randomUUID(), source, device },
    )
  const first = await from('192.0.2.99', {})
  if (!first.ok) throw new Error(first.rule)
  const again = () =>
    database.updateTable('person').set({ totp_step: 0 }).where('username', '=', 'lin').execute()
  const counted = () =>
    database
      .selectFrom('login_failure')
      .select('failures')
      .where('account', '=', 'person lin')
      .where('source', '=', '')
      .executeTakeFirst()
  const passed = (seconds: number) =>
    database
      .updateTable('login_failure')
      .set({ window_started_at: new Date(Date.now() - seconds * 1000) })
      .where('account', '=', 'person lin')
      .execute()
  // Six networks, one try each, and one of IPv6 with as many addresses as anybody likes.
  for (let tries = 0; tries < 14; tries++) {
    const source = tries < 6 ? `198.51.100.${tries}` : `2001:db8:0:7::${tries}`
    expect((await from(source, { totp: '000000' })).ok).toBe(false)
  }
  expect(await counted()).toEqual({ failures: 10 })
  await again()
  expect((await from('192.0.2.2', {})).ok).toBe(false)
  // Whoever has a device from before logs in, and by no other person's.
  expect((await from('192.0.2.2', {}, first.value.device.replace(/^.{12}/, 'AAAAAAAAAAAA'))).ok).toBe(false)
  expect((await from('192.0.2.2', {}, first.value.device)).ok).toBe(true)
  // The strangers' count stays as it is, each wait is longer, and none is longer than a quarter of an hour.
  expect(await counted()).toEqual({ failures: 10 })
  for (const [wait, failures] of [
    [30, 11],
    [60, 12],
    [120, 13],
  ] as const) {
    await passed(wait - 5)
    expect((await from('192.0.2.3', { totp: '000000' })).ok).toBe(false)
    expect(await counted()).toEqual({ failures: failures - 1 })
    await passed(wait + 1)
    expect((await from('192.0.2.3', { totp: '000000' })).ok).toBe(false)
    expect(await counted()).toEqual({ failures })
  }
  await database
    .updateTable('login_failure')
    .set({ failures: 5000 })
    .where('account', '=', 'person lin')
    .execute()
  await passed(901)
  await again()
  expect((await from('192.0.2.4', {})).ok).toBe(true)
  expect(await counted()).toBeUndefined()
  // Each failure that was looked at has its entry, and no other.
  const entries = async () => {
    const rows = await database
      .selectFrom('audit')
      .innerJoin('person', 'person.identity_id', 'audit.identity_id')
      .select(['operation'])
      .where('username', '=', 'lin')
      .where('outcome', '=', 'LOGIN-REFUSED')
      .execute()
    return Object.groupBy(rows, ({ operation }) => String(operation))
  }
  await expect.poll(async () => (await entries())['person.locked']?.length).toBe(4)
  expect((await entries())['person.log-in']).toHaveLength(9)
})

test('LOGIN-REFUSED a network that guesses at many accounts waits too', async () => {
  const { database } = kms.server.services
  const tryAt = (account: string, network: string) => takeTry(database, account, { network })
  for (let tries = 0; tries < 99; tries++) expect(await tryAt(`person ${tries}`, '203.0.113.9')).toBe('open')
  expect(await tryAt('person 99', '203.0.113.9')).toBe('last')
  expect(await tryAt('person 100', '203.0.113.9')).toBe('locked')
  // What its network refused is not the account's failure.
  expect(await tryAt('person 100', '203.0.113.10')).toBe('open')
  const row = await database
    .selectFrom('login_failure')
    .select('failures')
    .where('account', '=', 'person 100')
    .executeTakeFirst()
  expect(row).toEqual({ failures: 1 })
})

test('LOGIN-REFUSED a network whose people mistype day by day does not wait for ever, and who logs in gives failures back', async () => {
  const { database } = kms.server.services
  const from = { network: '203.0.113.20' }
  const tries = async (count: number, name: string) => {
    let last = 'open'
    for (let at = 0; at < count; at++) last = await takeTry(database, `person ${name} ${at}`, from)
    return last
  }
  const passed = (hours: number) =>
    database
      .updateTable('login_failure')
      .set({ window_started_at: sql<Date>`window_started_at - make_interval(hours => ${hours}::integer)` })
      .where('source', '=', from.network)
      .execute()
  expect(await tries(60, 'monday')).toBe('open')
  await passed(20)
  expect(await tries(30, 'tuesday')).toBe('open')
  await passed(20)
  expect(await tries(30, 'wednesday')).toBe('open')
  expect(await tries(70, 'thursday')).toBe('last')
  await passed(1)
  expect(await takeTry(database, 'person ada', from)).toBe('last')
  await giveBackTry(database, 'person ada', from)
  expect(await takeTry(database, 'person ada', from)).toBe('last')
})

test('LOGIN-REFUSED a program with its secret is let in, whoever fails by its name beside it', async () => {
  const { authentication, database } = kms.server.services
  const { clientId, clientSecret } = await createIdentity(database, { name: 'beside', grants: officer() })
  const source = '203.0.113.21'
  for (let tries = 0; tries < 11; tries++)
    expect(await authentication.logIn(clientId, 'a'.repeat(64), source)).toBe('refused')
  expect(await authentication.logIn(clientId, clientSecret, source)).toMatchObject({ expiresIn: 2_592_000 })
})

test('LOGIN-REFUSED of many guesses at once no more than ten are looked at, by a log-in or by a session that proves anew', async () => {
  await earlyInStep()
  const { totp } = await enrolled('joan', officer())
  const { database, record } = kms.server.services
  let looked = 0
  const now = () => new Date()
  const secrets = openPersonSecrets({
    database,
    secretsKey: async () => new Uint8Array(32),
    now,
    authenticators: {
      async prove() {
        looked++
        return 'not-shown'
      },
    },
  })
  const strangers: Strangers = {
    failed() {},
    unentered() {},
    counted: (_, outcome) => outcome,
    async close() {},
  }
  const people = {
    ...openPersonLogIns({ database, record, secrets, now, strangers }),
    ...operationsOf(peopleTable({ database, secrets, now }), openPipeline({ record, approvals: unapproved })),
  }
  const { identity_id: identity } = await database
    .selectFrom('person')
    .select('identity_id')
    .where('username', '=', 'joan')
    .executeTakeFirstOrThrow()
  const assertion: AuthenticationResponseJSON = {
    ...({ id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {} } as const),
    response: { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' },
  }
  const of = async (tries: number, once: () => Promise<Outcome<unknown>>) => {
    looked = 0
    const all = await Promise.all(Array.from({ length: tries }, once))
    return [looked, all.filter(({ ok }) => ok).length]
  }
  const logIn = { username: 'joan', password, assertion }
  const asked = { door: 'direct', reqId: 'many', source: '192.0.2.21' } as const
  expect(await of(15, () => people.logIn(logIn, asked))).toEqual([10, 0])
  const call = kms.callAs({ identity, grants: [] })
  expect(await of(30, () => people.proveAnew(call, { factor: { assertion } }))).toEqual([10, 0])

  // What succeeds locks nobody out.
  await database.deleteFrom('login_failure').where('account', '=', 'person joan').execute()
  for (let times = 0; times < 12; times++) {
    await database.updateTable('person').set({ totp_step: 0 }).where('username', '=', 'joan').execute()
    const rightly = { username: 'joan', password, totp: codeOf(totp) }
    const done = await kms.server.services.people.logIn(rightly, { ...asked, source: '192.0.2.23' })
    expect(done).toMatchObject({ ok: true })
  }
})

test('AUDIT-STRANGER who fails and is nobody yet is counted by source, once, by whatever door', async () => {
  const { services, app } = kms.server
  const { people, organisations, database } = services
  const asked = (reqId: string) => ({ door: 'direct', reqId, source: '192.0.2.7' }) as const
  const client = { clientId: 'nobody', clientSecret: 'x' }
  const refused = [
    await logInMachine(services, { ...client, ...asked('stranger 1') }),
    await people.logIn({ username: 'nobody', password, totp: '000000' }, asked('stranger 2')),
    await people.beginEnrolment('wrong', asked('stranger 3')),
    await people.enrol({ code: 'wrong', password, totp: '000000' }, asked('stranger 4')),
    await organisations.setUp({ code: 'wrong', name: 'Ada' }, asked('stranger 5')),
  ]
  expect(refused.map(({ ok }) => ok)).toEqual([false, false, false, false, false])
  for (const [url, payload] of [
    ['/api/v1/setup', { code: 'wrong', name: 'Ada' }],
    ['/api/v1/auth/universal-auth/login', client],
    ['/api/v1/people', {}],
  ] as const)
    await app.inject({ method: 'POST', url, payload, remoteAddress: '192.0.2.8' })
  const counted = async () => {
    const rows = await database
      .selectFrom('audit')
      .select('outcome')
      .where('operation', '=', 'unauthenticated.failures')
      .execute()
    const counts = rows.map(({ outcome }) => JSON.parse(outcome ?? '{}'))
    return ['192.0.2.7', '192.0.2.8'].map((source) =>
      counts.reduce((sum, one) => sum + (one[source] ?? 0), 0),
    )
  }
  await expect.poll(counted, { timeout: 30_000 }).toEqual([5, 3])
})

test('AUDIT-BY an entry says by which credential and second factor its caller acted, and what authority came of it', async () => {
  await earlyInStep()
  const { services } = kms.server
  const { authentication, credentials, database, keys, kmipClients, kmipRegistry, organisations, people } =
    services
  const entryOf = async (reqId: unknown) => {
    const found = () =>
      database.selectFrom('audit').select('entry').where('req_id', '=', String(reqId)).execute()
    await expect.poll(async () => (await found()).length).toBe(1)
    return JSON.parse((await found())[0]?.entry ?? '')
  }
  const { totp, identity } = await enrolled('rita', officer())
  const typed = { username: 'rita', password, totp: codeOf(totp) }
  const logged = await ask('POST', '/auth/password/login', typed)
  const session = await entryOf(logged.headers['x-request-id'])
  const sessionId = /^session:([0-9a-f-]{36})$/.exec(session.credential)?.[1] ?? ''
  expect(session.factor).toMatch(/^totp:20.*Z$/)
  const list = async (token: string) => {
    const { headers } = await ask('GET', `/kms/keys?projectId=${kms.project.id}`, undefined, token)
    const { credential, factor, authority } = await entryOf(headers['x-request-id'])
    return { credential, factor, authority }
  }
  const first = logged.body.accessToken
  expect(await list(first)).toEqual({ credential: session.credential, factor: session.factor })
  const failed = await ask('POST', '/auth/password/login', { ...typed, password: 'wrong' })
  expect(await entryOf(failed.headers['x-request-id'])).toMatchObject({
    credential: 'password',
    factor: 'none',
  })
  // What he shows later is told apart.
  const caller = await authentication.find(first)
  if (caller === 'unknown') throw new Error(caller)
  const anew = given(
    await people.proveAnew(kms.callAs(caller), { factor: { totp: codeOf(totp, 1) } }),
  ).accessToken
  const stepped = await list(anew)
  expect(stepped.factor).toMatch(/^step-up-totp:20.*Z$/)
  expect(stepped.credential).toMatch(/^session:/)
  expect(stepped.credential).not.toBe(session.credential)

  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const chief = kms.callAs(kms.chief)
  const grants = [{ role: 'service', ...place }] as const
  const made = given(await organisations.createIdentity(chief, { name: 'by', grants }))
  const { clientId, clientSecret } = made
  const program = await ask('POST', '/auth/universal-auth/login', { clientId, clientSecret })
  const { id: secret } = await database
    .selectFrom('client_secret')
    .select('id')
    .where('identity_id', '=', made.identity)
    .executeTakeFirstOrThrow()
  const entered = await entryOf(program.headers['x-request-id'])
  expect(entered).toMatchObject({ credential: `client-secret:${secret}`, factor: 'none' })
  expect((await list(program.body.accessToken)).credential).toMatch(/^token:/)
  const wrong = await ask('POST', '/auth/universal-auth/login', { clientId, clientSecret: 'a'.repeat(64) })
  expect(await entryOf(wrong.headers['x-request-id'])).toMatchObject({ credential: 'client-secret' })
  const apiKey = given(
    await credentials.addApiKey(chief, { identity: made.identity, name: 'ci', ttlSeconds: 3600 }),
  )
  expect(await list(apiKey.token)).toEqual({ credential: `api-key:${apiKey.id}`, factor: 'none' })
  const { cert: certificate } = await issueClientCertificate(kms.state, { name: 'c', days: 1 }, new Date())
  const client = { certificate, name: 'c', identity: made.identity, project: place.project }
  const { fingerprint } = given(await kmipRegistry.register(chief, client))
  const known = given(await kmipClients.find(Buffer.from(fingerprint, 'hex'), null))
  const id = await kms.make('by-what')
  const reqId = randomUUID()
  given(await keys.encrypt({ ...kms.callAs(known.caller), reqId }, { id, plaintext: new Uint8Array(0) }))
  expect(await entryOf(reqId)).toMatchObject({ credential: `certificate:${fingerprint}`, factor: 'none' })

  // A change names the authority that it left, and the next checkpoint has it.
  const changed = { ...chief, reqId: randomUUID() }
  given(await organisations.revokeIdentity(changed, { identity: made.identity }))
  const newest = () => database.authority.heads().find(({ tenant }) => tenant === place.organisation)
  const left = newest()?.digest
  expect(await entryOf(changed.reqId)).toMatchObject({ authority: { [place.organisation]: left } })
  expect(Object.keys(entered.authority)).toEqual([place.organisation])
  await kms.make('after-it')
  const states = async () => {
    const rows = await database.selectFrom('audit_checkpoint').select('payload').execute()
    return rows.flatMap(({ payload }) => JSON.parse(payload).authority ?? [])
  }
  const state = { tenant: place.organisation, ...newest(), counter: String(newest()?.counter) }
  await expect.poll(states, { timeout: 30_000 }).toContainEqual(state)

  const { rows } = await sql<{ all: string }>`select string_agg(entry, '') as all from audit`.execute(
    database,
  )
  for (const hidden of [first, anew, program.body.accessToken, clientSecret, apiKey.token, typed.totp])
    expect(rows[0]?.all).not.toContain(hidden)
  expect(rows[0]?.all).toContain(sessionId)
  expect(identity).toBe(session.identity)
})

test('CREDENTIAL-01 secrets and API keys are listed, rotated and revoked, and a revoked one is out within a second', async () => {
  const { organisations, authentication } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const chief = kms.callAs(kms.chief)
  const made = given(
    await organisations.createIdentity(chief, { name: 'shop', grants: [{ role: 'service', ...place }] }),
  )
  const logIn = async (clientSecret: string) =>
    ask('POST', '/auth/universal-auth/login', { clientId: made.clientId, clientSecret })
  const own = (await logIn(made.clientSecret)).body.accessToken
  const at = `/identities/${made.identity}`
  const second = (await ask('POST', `${at}/client-secrets`, undefined, own)).body.clientSecret
  expect(second).toMatchObject({
    clientId: made.clientId,
    clientSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  const both = [await logIn(made.clientSecret), await logIn(second.clientSecret)]
  expect(both.map(({ status }) => status)).toEqual([200, 200])
  const { apiKey } = (await ask('POST', `${at}/api-keys`, { name: 'ci', ttlSeconds: 3600 }, own)).body
  const use = (token: string) => ask('GET', `/kms/keys?projectId=${kms.project.id}`, undefined, token)
  expect((await use(apiKey.token)).status).toBe(200)
  const list = async () => (await ask('GET', `${at}/credentials`, undefined, own)).body.credentials
  const kinds = (await list()).map(({ kind }: { kind: string }) => kind).toSorted()
  expect(kinds).toEqual(['api-key', 'client-secret', 'client-secret', 'token', 'token', 'token'])
  expect(JSON.stringify(await list())).not.toContain(apiKey.token)

  const rotated = (await ask('POST', `${at}/api-keys/${apiKey.id}/rotate`, undefined, own)).body.apiKey
  await expect.poll(async () => (await use(apiKey.token)).status).toBe(401)
  expect((await use(rotated.token)).status).toBe(200)
  expect((await ask('DELETE', `${at}/credentials/${rotated.id}`, undefined, own)).body).toEqual({
    revoked: true,
  })
  await expect.poll(async () => (await use(rotated.token)).status).toBe(401)

  // The first secret goes, and the tokens that it opened with it; the second one's stay.
  const [first] = (await list()).filter(({ kind }: { kind: string }) => kind === 'client-secret')
  const newer = both[1]?.body.accessToken
  await ask('DELETE', `${at}/credentials/${first.id}`, undefined, newer)
  expect((await logIn(made.clientSecret)).status).toBe(401)
  await expect.poll(() => authentication.find(own)).toBe('unknown')
  expect((await use(newer)).status).toBe(200)
  // Another service sees nothing of it; whoever gives its roles does.
  const { credentials } = kms.server.services
  expect(await credentials.list(kms.callAs(kms.caller), { identity: made.identity })).toMatchObject({
    rule: 'OBJECT-ABSENT',
  })
  expect((await credentials.list(kms.callAs(kms.chief), { identity: made.identity })).ok).toBe(true)
})

test('CREDENTIAL-01 an API key that is over, or whose identity is, does not begin again', async () => {
  const { organisations, credentials, database } = kms.server.services
  const chief = kms.callAs(kms.chief)
  const grants = [{ role: 'service', organisation: kms.organisation.id, project: kms.project.id }] as const
  const { identity } = given(await organisations.createIdentity(chief, { name: 'gone', grants }))
  const make = async () =>
    given(await credentials.addApiKey(chief, { identity, name: 'ci', ttlSeconds: 3600 })).id
  const [over, left] = [await make(), await make()]
  await lawfully(database).update('token', { id: over }, { expires_at: new Date(Date.now() - 1000) })
  const absent = { rule: 'OBJECT-ABSENT' }
  expect(await credentials.rotateApiKey(chief, { identity, id: over })).toMatchObject(absent)
  given(await organisations.revokeIdentity(chief, { identity }))
  expect(await credentials.rotateApiKey(chief, { identity, id: left })).toMatchObject(absent)
})

test('TOKENS-ENDED log-ins that are over and failures that are old are kept no longer; API keys and what still counts are', async () => {
  const { database } = kms.server.services
  const { identity } = await createIdentity(database, {
    name: 'often',
    grants: [{ role: 'service', organisation: kms.organisation.id, project: kms.project.id }],
  })
  const [at, day] = [(days: number) => new Date(Date.now() + days * day), 86_400_000]
  const rows = [
    { as: 'expired', expires_at: at(-2), revoked_at: null, name: null },
    { as: 'revoked', expires_at: at(2), revoked_at: at(-2), name: null },
    { as: 'just over', expires_at: at(-0.5), revoked_at: null, name: null },
    { as: 'lives', expires_at: at(2), revoked_at: null, name: null },
    { as: 'API key', expires_at: at(-2), revoked_at: at(-2), name: 'old' },
  ]
  for (const { as, ...row } of rows)
    await lawfully(database).insert('token', { ...row, identity_id: identity, hash: hashSecret(as) })
  await database
    .insertInto('login_failure')
    .values(
      [at(-1), at(0)].map((window_started_at, index) => ({
        account: 'often',
        source: `source ${index}`,
        failures: 3,
        window_started_at,
      })),
    )
    .execute()
  await Promise.all([forgetFailures(database), forgetEndedTokens(database)])
  const left = await database.selectFrom('token').select('hash').where('identity_id', '=', identity).execute()
  const known = (hash: Buffer) => rows.find(({ as }) => hashSecret(as).equals(hash))?.as
  expect(left.map(({ hash }) => known(hash)).toSorted()).toEqual(['API key', 'just over', 'lives'])
  const failures = await database
    .selectFrom('login_failure')
    .select('source')
    .where('account', '=', 'often')
    .execute()
  expect(failures).toEqual([{ source: 'source 1' }])
})

test('CONDITION-UNREADABLE whoever has a role with conditions that nobody can read is listed with it', async () => {
  const { database } = kms.server.services
  const grants = [{ role: 'service', organisation: kms.organisation.id, project: kms.project.id }] as const
  const { identity } = await createIdentity(database, { name: 'of a later version', grants })
  const conditions = JSON.stringify({ moon: 'full' })
  await lawfully(database).update('role_grant', { identity_id: identity }, { conditions })
  const place = { organisation: kms.organisation.id, project: null }
  const chief = await kms.bearer([{ role: 'organisation-admin', ...place }])
  const { body } = await ask('GET', '/identities?search=later', undefined, chief.slice('Bearer '.length))
  expect(body.identities).toMatchObject([{ id: identity, grants: [{ conditions: { unreadable: true } }] }])
})

test('CONDITION-UNMET a role given for another network or key is refused over HTTP, and narrows nothing else', async () => {
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const { organisations } = kms.server.services
  const chief = kms.callAs(kms.chief)
  const tokenWith = async (conditions: object) => {
    const grants = [{ role: 'service', ...place, conditions }] as const
    const made = given(await organisations.createIdentity(chief, { name: 'narrow', grants }))
    const { clientId, clientSecret } = made
    return (await ask('POST', '/auth/universal-auth/login', { clientId, clientSecret })).body.accessToken
  }
  const id = await kms.make('narrowed')
  const encrypt = async (token: string) => {
    const { status, body } = await ask('POST', `/kms/keys/${id}/encrypt`, { plaintext: '' }, token)
    return [status, body.code ?? 'ok']
  }
  expect(await encrypt(await tokenWith({ networks: ['127.0.0.0/8'] }))).toEqual([200, 'ok'])
  expect(await encrypt(await tokenWith({ networks: ['192.0.2.0/24'] }))).toEqual([403, 'CONDITION-UNMET'])
  expect(await encrypt(await tokenWith({ keyNames: ['narrow'] }))).toEqual([200, 'ok'])
  expect(await encrypt(await tokenWith({ keyNames: ['other'] }))).toEqual([403, 'CONDITION-UNMET'])
  // Who has a role under a condition gives none without it, or the condition would be gone.
  const deputy = {
    identity: 'deputy',
    circumstances: { time: new Date(), source: '10.0.0.1' },
    grants: [
      {
        ...({ role: 'organisation-admin', organisation: place.organisation, project: null } as const),
        conditions: { networks: ['10.0.0.0/8'] },
      },
    ],
  }
  const gives = async (conditions?: object) => {
    const grants = [{ role: 'service' as const, ...place, ...(conditions ? { conditions } : {}) }]
    const made = await organisations.createIdentity(kms.callAs(deputy), { name: 'n', grants })
    return made.ok ? 'ok' : made.rule
  }
  expect(await gives()).toBe('GRANT-REFUSED')
  expect(await gives({ networks: ['0.0.0.0/0'] })).toBe('GRANT-REFUSED')
  expect(await gives({ networks: ['10.0.0.0/8'], days: [1] })).toBe('ok')
  // Nor does he govern whom he could not have made: a reset or another secret would be a way around his conditions.
  const governs = async (conditions?: object) => {
    const grants = [{ role: 'service' as const, ...place, ...(conditions ? { conditions } : {}) }]
    const { identity } = given(await organisations.createIdentity(chief, { name: 'ruled', grants }))
    const ended = await organisations.revokeIdentity(kms.callAs(deputy), { identity: identity })
    return ended.ok ? 'ok' : ended.rule
  }
  expect(await governs()).toBe('OBJECT-ABSENT')
  expect(await governs({ networks: ['10.0.0.0/8'] })).toBe('ok')
  const odd = { name: 'n', grants: [{ role: 'service' as const, ...place, conditions: { days: [9] } }] }
  expect(await organisations.createIdentity(chief, odd)).toMatchObject({ rule: 'CONDITION-MALFORMED' })
})

test('CONDITION-UNMET conditions on keys hold for what is made, imported, asked for and renamed', async () => {
  const { keys, lifecycle } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const officer = (conditions: Conditions) =>
    kms.callAs({ identity: kms.caller.identity, grants: [{ role: 'crypto-officer', ...place, conditions }] })
  const orders = officer({ keyNames: ['orders-'], keyAlgorithms: ['HMAC_256', 'TFHE_BINARY'] })
  const { project } = place
  const said = (outcome: Outcome<unknown>) => (outcome.ok ? 'ok' : outcome.rule)
  const algorithm = 'HMAC_256'
  const made = await keys.create(orders, { project, name: 'orders-eu', algorithm })
  expect(said(made)).toBe('ok')
  expect(said(await keys.create(orders, { project, name: 'taxes', algorithm }))).toBe('CONDITION-UNMET')
  expect(said(await keys.create(orders, { project, name: 'orders-us' }))).toBe('CONDITION-UNMET')
  expect(said(await keys.createObject(orders, { project, algorithm, label: 'orders-us' }))).toBe(
    'CONDITION-UNMET',
  )
  const { id } = given(made)
  expect(said(await keys.patch(orders, { id, name: 'taxes' }))).toBe('CONDITION-UNMET')
  expect(said(await keys.patch(orders, { id, name: 'orders-us' }))).toBe('ok')
  expect(said(await keys.replace(orders, { id }))).toBe('CONDITION-UNMET')
  const asked = { project, algorithm: 'TFHE_BINARY', threshold: { t: 2, n: 3, mode: 'S' } } as const
  expect(said(await lifecycle.requestCeremony(orders, { ...asked, name: 'votes' }))).toBe('CONDITION-UNMET')
  expect(said(await lifecycle.requestCeremony(orders, { ...asked, name: 'orders-sum' }))).toBe('ok')
  const importKey = async () => given(await lifecycle.wrappingKey(orders, { project })).id
  const brought = async (name: string) => {
    const wrapped = new Uint8Array(500)
    return said(await lifecycle.importKey(orders, { importKey: await importKey(), name, algorithm, wrapped }))
  }
  expect(await brought('taxes')).toBe('CONDITION-UNMET')
  expect(await brought('orders-jp')).not.toBe('CONDITION-UNMET')
})

test('CONDITION-UNMET a role has its conditions by a KMIP certificate too', async () => {
  const { organisations, kmipClients, keys } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const id = await kms.make('by-certificate')
  const encrypt = async (conditions: object, source: string | null = '192.0.2.7') => {
    const grants = [{ role: 'service' as const, ...place, conditions }]
    const chief = kms.callAs(kms.chief)
    const { identity } = given(await organisations.createIdentity(chief, { name: 'kmip', grants }))
    const { cert: certificate } = await issueClientCertificate(kms.state, { name: 'c', days: 1 }, new Date())
    const client = { certificate, name: 'c', identity, project: place.project }
    const { fingerprint } = given(await kms.server.services.kmipRegistry.register(chief, client))
    const { caller } = given(await kmipClients.find(Buffer.from(fingerprint, 'hex'), source))
    const made = await keys.encrypt(kms.callAs(caller), { id, plaintext: new Uint8Array(0) })
    return made.ok ? 'ok' : made.rule
  }
  expect(await encrypt({ keyNames: ['by-'] })).toBe('ok')
  expect(await encrypt({ keyNames: ['other'] })).toBe('CONDITION-UNMET')
  expect(await encrypt({ networks: ['192.0.2.0/24'] })).toBe('ok')
  expect(await encrypt({ networks: ['10.0.0.0/8'] })).toBe('CONDITION-UNMET')
  expect(await encrypt({ networks: ['0.0.0.0/0'] }, null)).toBe('CONDITION-UNMET')
})

test('KMIP-RENEWAL a new certificate of the same key holds for its client, and stands for nobody else', async () => {
  const { organisations, database, kmipClients } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const chief = kms.callAs(kms.chief)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificateFor = async (days: number) =>
    (
      await X509CertificateGenerator.createSelfSigned({
        serialNumber: '01',
        name: 'CN=renewed',
        keys,
        signingAlgorithm: algorithm,
        notBefore: new Date(0),
        notAfter: new Date(Date.now() + days * 86_400_000),
      })
    ).toString('pem')
  const newIdentity = async () =>
    given(
      await organisations.createIdentity(chief, { name: 'disks', grants: [{ role: 'service', ...place }] }),
    ).identity
  const [own, other] = [await newIdentity(), await newIdentity()]
  const register = async (days: number, identity = own, name = 'disks') =>
    kms.server.services.kmipRegistry.register(chief, {
      certificate: await certificateFor(days),
      name,
      identity,
      project: place.project,
    })
  const { fingerprint } = given(await register(-1))
  const spki = Buffer.from(fingerprint, 'hex')
  expect(await kmipClients.find(spki, null)).toMatchObject({ rule: 'KMIP-CERTIFICATE' })
  expect(await register(9)).toMatchObject({ ok: true, value: { fingerprint } })
  expect(await kmipClients.find(spki, null)).toMatchObject({ ok: true })
  // The older one brings no earlier end.
  given(await register(1))
  const { expires_at } = await database
    .selectFrom('kmip_client')
    .select('expires_at')
    .where('spki', '=', spki)
    .executeTakeFirstOrThrow()
  expect(expires_at.getTime()).toBeGreaterThan(Date.now() + 8 * 86_400_000)
  expect(await register(9, other)).toMatchObject({ rule: 'KMIP-CLIENT-TAKEN' })
  expect(await register(9, own, 'disks\u202e')).toMatchObject({ rule: 'NAME-MALFORMED' })
  given(await kms.server.services.kmipRegistry.revoke(chief, { fingerprint }))
  expect(await register(9)).toMatchObject({ rule: 'KMIP-CLIENT-TAKEN' })
})

test('ADMIN-EXISTS the first server admin is made by the command or by the code, until one has enrolled', async () => {
  const { people, organisations } = kms.server.services
  const asked = { door: 'direct', reqId: 'test', source: 'here' } as const
  const wanted = { username: 'root-ada', name: 'Ada' }
  const first = given(await makeFirstAdmin(kms.state, wanted))
  // What is refused ends nobody, and neither does what is done: whom another admin has invited stays.
  const admins = [{ role: 'server-admin', organisation: null, project: null }] as const
  const invited = given(
    await people.invite(kms.callAs(kms.admin), { username: 'root-bob', name: 'Bob', grants: admins }),
  )
  for (const [username, rule] of [
    ['root-bob', 'USERNAME-TAKEN'],
    ['Root Ada', 'NAME-MALFORMED'],
  ] as const)
    expect(await makeFirstAdmin(kms.state, { ...wanted, username })).toMatchObject({ rule })
  given(await people.beginEnrolment(first.code, asked))
  // Who mistyped a password or lost the code begins again.
  const again = given(await makeFirstAdmin(kms.state, wanted))
  expect(await people.beginEnrolment(first.code, asked)).toMatchObject({ rule: 'ENROLMENT-ABSENT' })
  given(await people.beginEnrolment(invited.code, asked))
  const ended = await kms.server.services.database
    .selectFrom('audit')
    .select(['operation', 'outcome'])
    .where('identity_id', '=', first.identity)
    .where('operation', '!=', 'person.begin-enrolment')
    .execute()
  expect(ended).toEqual([{ operation: 'identity.revoke', outcome: 'ok' }])
  // By the code: what it refuses ends nobody, and the command closes it.
  const code = (await organisations.offerSetup()) ?? ''
  const refused = await organisations.setUp({ code, name: 'Eve', username: 'root-bob' }, asked)
  expect(refused).toMatchObject({ rule: 'USERNAME-TAKEN' })
  given(await people.beginEnrolment(again.code, asked))
  const last = given(await makeFirstAdmin(kms.state, wanted))
  expect(await organisations.setUp({ code, name: 'Eve' }, asked)).toMatchObject({ rule: 'SETUP-REFUSED' })
  const totp = URI.parse(given(await people.beginEnrolment(last.code, asked)).totpUri) as TOTP
  given(await people.enrol({ code: last.code, password, totp: codeOf(totp) }, asked))
  expect(await makeFirstAdmin(kms.state, { username: 'second', name: 'Second' })).toMatchObject({
    rule: 'ADMIN-EXISTS',
  })
  expect(await organisations.offerSetup()).toBe(null)
})
