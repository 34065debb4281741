import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { TOTP, URI } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { strongPassphrase as password } from '../../../../packages/crypto/test/strong-passphrase.ts'
import type { Caller, Grant } from '../../src/access/authorize.ts'
import type { Conditions } from '../../src/access/conditions.ts'
import { operatorCall } from '../../src/commands/operator-call.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

// One admin who wants what people have to approve: what each of these ways gave before duties were separated, and what it comes to now.
let kms: Awaited<ReturnType<typeof openKms>>
let key = ''
let ciphertext: Uint8Array
const ids = { ada: '', grace: '', edith: '', robot: '' }

let mallory: Caller

const place = () => ({ organisation: kms.organisation.id, project: kms.project.id })
const waits = (conditions: Conditions['approvals']): Grant => ({
  role: 'user',
  ...place(),
  conditions: { approvals: conditions! },
})
const own = (identity: string) =>
  kms.callAs({ identity, grants: [], session: { provedAt: new Date() }, circumstances: now() })
const now = () => ({ time: new Date(), source: null })
const services = () => kms.server.services
const by = (caller: Caller) => kms.callAs(caller)
const decrypts = (caller: Caller) => services().keys.decrypt(by(caller), { id: key, ciphertext })

async function post(url: string, payload: object) {
  const reply = await kms.server.app.inject({ method: 'POST', url: `/api/v1${url}`, payload })
  return reply.json()
}

/** As whoever has the code: sets password and second factor. */
async function enrol(code: string): Promise<void> {
  const totp = URI.parse((await post('/auth/password/begin-enrolment', { code })).totpUri)
  if (!(totp instanceof TOTP)) throw new Error('no TOTP')
  expect(await post('/auth/password/enrol', { code, password, totp: totp.generate() })).toEqual({
    enrolled: true,
  })
}

async function invite(username: string): Promise<string> {
  const grants = [{ role: 'auditor', ...place() }] as const
  const made = given(await services().people.invite(by(kms.chief), { username, name: username, grants }))
  await enrol(made.code)
  return made.identity
}

/** The request of whoever asks that is open now. */
async function requestOf(identity: string, operation: string): Promise<string> {
  const all = given(await services().approvals.list(own(identity), {}))
  return all.find((one) => one.operation === operation && one.state === 'waiting')?.id ?? 'none'
}
const approves = (identity: string, id: string) => services().approvals.approve(own(identity), { id })

beforeAll(async () => {
  kms = await openKms()
  for (const name of ['ada', 'grace', 'edith'] as const) ids[name] = await invite(name)
  const { database } = services()
  ids.robot = (
    await createIdentity(database, { name: 'robot', grants: [{ role: 'auditor', ...place() }] })
  ).identity
  const grants: readonly Grant[] = [
    { role: 'organisation-admin', organisation: kms.organisation.id, project: null },
    waits({ count: 2, by: Object.values(ids), actions: ['key.use'] }),
  ]
  mallory = { identity: (await createIdentity(database, { name: 'mallory', grants })).identity, grants }
  key = await kms.make('payroll')
  const plaintext = Buffer.from('4200 a month')
  ciphertext = given(await services().keys.encrypt(by(kms.caller), { id: key, plaintext }))
})
afterAll(() => kms?.close())

test('DUTY-OWN-APPROVER an admin resets two approvers, enrols as them, approves twice, and decrypts nothing', async () => {
  const reset = []
  for (const name of ['ada', 'grace'] as const)
    reset.push(await services().people.reset(by(mallory), { identity: ids[name] }))
  for (const one of reset) if (one.ok) await enrol(one.value.code)
  await decrypts(mallory)
  const request = await requestOf(mallory.identity, 'key.decrypt')
  if (reset.every(({ ok }) => ok))
    for (const name of ['ada', 'grace'] as const) await approves(ids[name], request)
  expect(await decrypts(mallory)).toMatchObject({ ok: false, rule: 'APPROVAL-NEEDED' })
  expect(reset).toMatchObject([{ rule: 'DUTY-OWN-APPROVER' }, { rule: 'DUTY-OWN-APPROVER' }])
})

test('DUTY-OWN-APPROVER an admin mints an API key in the name of a service that approves, and decrypts nothing', async () => {
  const { credentials, approvals } = services()
  const minted = await credentials.addApiKey(by(mallory), {
    identity: ids.robot,
    name: 'mine',
    ttlSeconds: 3600,
  })
  await decrypts(mallory)
  const id = await requestOf(mallory.identity, 'key.decrypt')
  await approves(ids.edith, id)
  if (minted.ok) await approvals.approve(kms.callAs({ identity: ids.robot, grants: [] }), { id })
  expect(await decrypts(mallory)).toMatchObject({ ok: false, rule: 'APPROVAL-NEEDED' })
  expect(minted).toMatchObject({ rule: 'DUTY-OWN-APPROVER' })
})

test('DUTY-APPROVED an admin makes a second identity that waits for nobody, and reads nothing by it', async () => {
  const grants: readonly Grant[] = [{ role: 'user', ...place() }]
  const made = await services().organisations.createIdentity(by(mallory), { name: 'second', grants })
  if (made.ok) expect(await decrypts({ identity: made.value.identity, grants })).toMatchObject({ ok: false })
  expect(made).toMatchObject({ ok: false, rule: 'APPROVAL-NEEDED' })
  // Approvers read who would have what, and under which conditions.
  const id = await requestOf(mallory.identity, 'identity.create')
  const [shown] = given(await services().approvals.list(own(ids.grace), {})).filter((one) => one.id === id)
  expect(shown?.asked).toContain(`gives user in project ${kms.project.id} to new service "second" input`)
  // By their names too, but for what the asker himself wrote there of another organisation.
  expect(shown?.names).toMatchObject({ [kms.project.id]: 'Payments', [mallory.identity]: 'mallory' })
  const other = { id: randomUUID(), organisation_id: 'foreign' }
  const rows = lawfully(services().database)
  await rows.insert('organisation', { id: 'foreign', name: 'Foreign' })
  await rows.insert('project', { ...other, name: 'Secret plans' })
  await services().organisations.createIdentity(by(mallory), { name: `of ${other.id}`, grants })
  const asked = given(await services().approvals.list(own(mallory.identity), {}))
  const curious = asked.find(({ asked }) => asked.includes(other.id))
  expect(curious?.names).not.toHaveProperty([other.id])
})

test('DUTY-APPROVED a forged role of another organisation stands in nobody’s way here', async () => {
  const { database, people } = services()
  await lawfully(database).insert('organisation', { id: 'elsewhere', name: 'Elsewhere' })
  await sql`insert into role_grant (identity_id, role, organisation_id, conditions)
    values (${mallory.identity}, 'auditor', 'elsewhere', '{"approvals": {"count": 1, "by": ["x"]}}')`.execute(
    database,
  )
  try {
    const grants: readonly Grant[] = [{ role: 'auditor', organisation: kms.organisation.id, project: null }]
    given(await people.invite(kms.callAs(kms.chief), { username: 'newcomer', name: 'N', grants }))
  } finally {
    await sql`delete from role_grant where organisation_id = 'elsewhere'`.execute(database)
  }
})

/** An admin whose own roles wait for nobody. */
async function admin(name: string): Promise<Caller> {
  const grants: readonly Grant[] = [
    { role: 'organisation-admin', organisation: kms.organisation.id, project: null },
  ]
  const made = await createIdentity(services().database, { name, grants })
  return { identity: made.identity, grants }
}

test('DUTY-APPROVED an approver is reset once others approve it, and neither he nor who asks is among them', async () => {
  const helper = await admin('helper')
  const reset = () => services().people.reset(by(helper), { identity: ids.ada })
  // Two of four, and one service of them that the role does not let approve: grace and edith are left.
  expect(await reset()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  const id = await requestOf(helper.identity, 'person.reset')
  const [shown] = given(await services().approvals.list(own(ids.grace), {})).filter((one) => one.id === id)
  expect(shown).toMatchObject({ key: null, needed: 2, approvers: [ids.grace, ids.edith] })
  expect(await approves(ids.ada, id)).toMatchObject({ rule: 'OBJECT-ABSENT' })
  given(await approves(ids.grace, id))
  expect(await reset()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  given(await approves(ids.edith, id))
  await enrol(given(await reset()).code)
  // It was for once.
  expect(await reset()).toMatchObject({ rule: 'APPROVAL-NEEDED' })

  // Whoever reset ada counts once with her.
  await decrypts(mallory)
  const request = await requestOf(mallory.identity, 'key.decrypt')
  const grants: readonly Grant[] = [waits({ count: 1, by: [ids.ada], actions: ['key.use'] })]
  const asks = { ...helper, grants }
  expect(await decrypts(asks)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  expect(await approves(ids.ada, await requestOf(helper.identity, 'key.decrypt'))).toMatchObject({
    rule: 'DUTY-DEPENDENT',
  })
  expect(request).not.toBe('none')
})

test('DUTY-DEPENDENT what one admin made is one hand, also by a key that his own service mints', async () => {
  const { organisations, credentials, approvals } = services()
  const place = { organisation: kms.organisation.id, project: null }
  const grants = [{ role: 'auditor' as const, ...place }]
  const helper = await admin('maker')
  const make = async (name: string) => given(await organisations.createIdentity(by(helper), { name, grants }))
  const [one, two] = [await make('one'), await make('two')]
  // Equipped by itself, it is still of the same hand.
  const self = kms.callAs({ identity: two.identity, grants: [] })
  given(await credentials.addApiKey(self, { identity: two.identity, name: 'own', ttlSeconds: 3600 }))
  const asker: Caller = {
    identity: kms.caller.identity,
    grants: [waits({ count: 2, by: [one.identity, two.identity], services: true, actions: ['key.use'] })],
  }
  expect(await decrypts(asker)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  const id = await requestOf(asker.identity, 'key.decrypt')
  given(await approves(one.identity, id))
  expect(await approves(two.identity, id)).toMatchObject({ rule: 'DUTY-DEPENDENT' })
  expect(await decrypts(asker)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  expect(await approvals.refuse(own(two.identity), { id })).toMatchObject({ ok: true })
})

test('DUTY-SERVICE DUTY-NO-ASKER DUTY-NONE-SPARE services, commands, and approvers who are none too many', async () => {
  const { organisations, database } = services()
  const approvals = { count: 2, by: [ids.ada, ids.robot] }
  const grants = [waits(approvals)]
  const made = await organisations.createIdentity(by(mallory), { name: 'asks', grants })
  expect(made).toMatchObject({ rule: 'DUTY-SERVICE' })
  // By a command of this machine, which no approver can be asked by.
  const operator = operatorCall()
  const free = { name: 'shell', grants: [{ role: 'user' as const, ...place() }] }
  expect(await organisations.createIdentity(operator, free)).toMatchObject({ rule: 'DUTY-NO-ASKER' })

  const { bearer } = kms
  const chief = await bearer([
    { role: 'organisation-admin', organisation: kms.organisation.id, project: null },
  ])
  const elsewhere = await kms.makeProject('Elsewhere')
  const reply = await kms.server.app.inject({
    method: 'POST',
    url: '/api/v1/identities',
    headers: { authorization: chief },
    payload: {
      name: 'none spare',
      grants: [
        {
          role: 'user',
          organisationId: kms.organisation.id,
          projectId: elsewhere.id,
          conditions: { approvals: { count: 2, by: [ids.ada, ids.grace] } },
        },
      ],
    },
  })
  expect(reply.json()).toMatchObject({ warnings: ['DUTY-NONE-SPARE'] })
  const guards = await database
    .selectFrom('role_grant')
    .selectAll()
    .where('project_id', '=', elsewhere.id)
    .execute()
  expect(guards).toHaveLength(1)
})
