import {
  encodePolicyFile,
  newPolicy,
  type Policy,
  policyDigest,
  policyDocument,
  withChanges,
} from '@lux/ceremony/policy'
import {
  approvalOverrideCodec,
  type SignatureAnswer,
  type SignatureRequest,
  signatureContext,
} from '@lux/ceremony/wire'
import { fromBase64, sha256Hex, signWith } from '@lux/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePerson } from '../../../../packages/ceremony/test/support/people.ts'
import { openApprovals } from '../../src/access/approvals.ts'
import type { Caller, Grant } from '../../src/access/authorize.ts'
import { overrideIn } from '../../src/access/override.ts'
import { openRecord } from '../../src/audit/record.ts'
import { operatorCall } from '../../src/commands/operator-call.ts'
import { openPipeline } from '../../src/operations/pipeline.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { refuse } from '../../src/refusal.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

// Ada and Grace, who approve, answer no more: only the officers of the ceremony are left to ask.
let kms: Awaited<ReturnType<typeof openKms>>
let helper: Caller
let reader: Caller
let policy: Policy
const ids = { ada: '', grace: '' }
const officer = (name: string) => makePerson('officer', name, 'rehearsal')

const services = () => kms.server.services
const by = (caller: Caller) => kms.callAs(caller)
const place = () => ({ organisation: kms.organisation.id, project: kms.project.id })
const person = (identity: string): Caller => ({
  identity,
  grants: [{ role: 'auditor', ...place() }],
  session: { provedAt: new Date() },
})

async function pin(next: Policy, signers: readonly string[]): Promise<void> {
  const signatures = signers.map((name) => policyDocument.sign(officer(name).identity, next, 'rehearsal'))
  given(await pinPolicy(kms.state, 'rehearsal', encodePolicyFile({ policy: next, signatures })))
}

const answerOf = (name: string, { what, domain, subject }: SignatureRequest): SignatureAnswer => {
  const bytes = fromBase64(subject)
  const signature = signWith(officer(name).identity, signatureContext(what, domain), bytes)
  return { v: 1, kind: 'signature-answer', what, domain, subject: sha256Hex(bytes), signature }
}

/** Somebody whose role waits for Ada and Grace, and the call that would end it. */
async function waiting(name: string, rule = 'APPROVAL-NEEDED', alone = false) {
  const waits: Grant = {
    ...{ role: 'user', ...place() },
    conditions: {
      approvals: {
        ...{ count: 2, by: Object.values(ids), actions: ['key.use'] as const },
        ...(rule === 'APPROVAL-NEEDED' ? { services: true as const } : {}),
      },
    },
  }
  const grants = alone ? [waits] : [{ role: 'auditor', ...place() } as const, waits]
  const { identity } = await createIdentity(services().database, { name, grants })
  const input = {
    identity,
    role: 'user',
    organisation: place().organisation,
    project: place().project,
  } as const
  const take = () => services().roles.take(by(helper), input)
  const refused = await take()
  expect(refused).toMatchObject({ rule })
  const listed = given(await services().approvals.list(by(helper), {}))
  const request = listed.find((one) => one.operation === 'role.take' && one.asked.includes(identity))
  const id = request?.id ?? 'none'
  expect(refused.ok ? '' : refused.detail).toContain(id)
  return { identity, input, take, id }
}
const stored = async (id: string) =>
  overrideIn(
    (
      await services()
        .database.selectFrom('approval_request')
        .select('override')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
    ).override,
  )
const seenBy = async (caller: Caller, id: string) =>
  given(await services().approvals.list(by(caller), {})).find((one) => one.id === id)

/** The day in which all are told is over. */
async function aDayLater(id: string): Promise<void> {
  const override = await stored(id)
  const from = new Date(Date.now() - 1000).toISOString()
  await lawfully(services().database).update(
    'approval_request',
    { id },
    { override: JSON.stringify({ ...override, signed: { ...override?.signed, from } }) },
  )
}
const ask = async (id: string) => given(await services().overrides.askOfficers(by(helper), { id }))
const hand = (id: string, ...answers: SignatureAnswer[]) =>
  services().overrides.override(by(helper), { id, answers })

beforeAll(async () => {
  kms = await openKms()
  const { database } = services()
  for (const name of ['ada', 'grace'] as const)
    ids[name] = (await createIdentity(database, { name, grants: [{ role: 'auditor', ...place() }] })).identity
  const governs: readonly Grant[] = [
    { role: 'organisation-admin', organisation: kms.organisation.id, project: null },
  ]
  const made = await createIdentity(database, { name: 'helper', grants: governs })
  helper = { identity: made.identity, grants: governs, session: { provedAt: new Date() } }
  reader = person(
    (await createIdentity(database, { name: 'reader', grants: [{ role: 'auditor', ...place() }] })).identity,
  )
  await database
    .insertInto('webhook')
    .values({
      ...{ id: 'hook', name: 'hook', organisation_id: kms.organisation.id, url: 'https://hook.invalid/' },
      ...{ secret_sealed: Buffer.alloc(32), created_at: new Date() },
    } as never)
    .execute()
})
afterAll(() => kms?.close())

const told = async () =>
  (await services().database.selectFrom('webhook_delivery').select('body').orderBy('created_at').execute())
    .map(({ body }) => JSON.parse(body).data)
    .filter(({ code }) => code === 'APPROVAL-OVERRIDE')
    .map(({ request, state, officers }) => ({ request, state, officers }))

test('OVERRIDE a quorum of the ceremony’s officers stands in for approvers, all are told for a day, and it is done once', async () => {
  const { id, take, input } = await waiting('asks-1')
  expect(await services().overrides.askOfficers(by(helper), { id })).toMatchObject({ rule: 'POLICY-MISSING' })
  policy = newPolicy({
    organisation: { id: 'acme', name: 'Acme' },
    domain: 'rehearsal',
    expiry: '2099-01-01T00:00:00.000Z',
    officers: ['Olga', 'Otto', 'Omar'].map((name) => officer(name).card),
    officerQuorum: 2,
  })
  await pin(policy, ['Olga', 'Otto'])
  expect(await hand(id)).toMatchObject({ rule: 'APPROVAL-CLOSED' })
  expect(await services().overrides.override(by(reader), { id, answers: [] })).toMatchObject({
    rule: 'ROLE-REFUSED',
  })
  expect(await services().overrides.askOfficers(by(reader), { id })).toMatchObject({ rule: 'ROLE-REFUSED' })
  const asked = await ask(id)
  expect(await ask(id)).toEqual(asked)
  const statement = given(approvalOverrideCodec.payload.parse(fromBase64(asked.subject)))
  expect(statement).toMatchObject({
    ...{ domain: 'rehearsal', audience: services().audience, policy: policyDigest(policy), request: id },
    ...{ organisation: kms.organisation.id, asker: helper.identity, operation: 'role.take' },
  })
  expect(asked.lines).toEqual(
    expect.arrayContaining([`${input.identity} is asks-1`, `${kms.project.id} is Payments`]),
  )

  const [olga, otto] = [answerOf('Olga', asked), answerOf('Otto', asked)]
  const other = (change: object) => {
    const bytes = approvalOverrideCodec.signedBytes({ ...statement, ...change })
    return answerOf('Otto', { ...asked, subject: Buffer.from(bytes).toString('base64') })
  }
  for (const [answers, rule] of [
    [[], 'QUORUM-SHORT'],
    [[olga], 'QUORUM-SHORT'],
    [[olga, olga], 'SIGNATURE-DUPLICATE'],
    [[olga, answerOf('Mallory', asked)], 'SIGNATURE-UNKNOWN'],
    [
      [olga, { ...otto, signature: { ...otto.signature, p256: olga.signature.p256 ?? '' } }],
      'SIGNATURE-INVALID',
    ],
    [[olga, other({ audience: 'ee'.repeat(32) })], 'OVERRIDE-OTHER'],
    [[olga, other({ organisation: 'another' })], 'OVERRIDE-OTHER'],
    [[olga, other({ request: 'another' })], 'OVERRIDE-OTHER'],
    [[olga, { ...otto, what: 'policy' }], 'OVERRIDE-OTHER'],
  ] as const)
    expect(await hand(id, ...answers), rule).toMatchObject({ ok: false, rule })
  expect(await seenBy(reader, id)).toBeUndefined()
  expect(await told()).toEqual([])

  given(await hand(id, olga, otto))
  const officers = ['Olga', 'Otto']
  expect(await hand(id, olga, otto)).toMatchObject({ rule: 'APPROVAL-CLOSED' })
  // All people of the organisation see it, nobody of another one, and its webhooks hear of it.
  expect(await seenBy(reader, id)).toMatchObject({ state: 'waiting', override: { signed: { officers } } })
  const elsewhere: Caller = {
    ...reader,
    grants: [{ role: 'auditor', organisation: 'elsewhere', project: null }],
  }
  expect(await seenBy(elsewhere, id)).toBeUndefined()
  expect(await take()).toMatchObject({ rule: 'APPROVAL-NEEDED', detail: expect.stringContaining('from ') })
  await aDayLater(id)
  given(await take())
  expect(await seenBy(reader, id)).toMatchObject({ state: 'used' })
  expect(await told()).toEqual([
    { request: id, state: 'waits', officers },
    { request: id, state: 'used', officers },
  ])
  const entries = await services()
    .database.selectFrom('audit')
    .select(['identity_id', 'entry'])
    .where('operation', '=', 'approval.sign')
    .execute()
  expect(entries.map(({ identity_id }) => identity_id).toSorted()).toEqual(['officer Olga', 'officer Otto'])
  expect(entries.every(({ entry }) => JSON.parse(entry ?? '').credential.startsWith('officer-key:'))).toBe(
    true,
  )
})

test('OVERRIDE any approver and any admin stops it while it waits, nobody else does, and all are told', async () => {
  for (const [name, caller] of [
    ['asks-2', person(ids.ada)],
    ['asks-3', kms.chief],
    ['asks-4', kms.admin],
  ] as const) {
    const { id, take } = await waiting(name)
    const asked = await ask(id)
    expect(await services().overrides.stopOverride(by(caller), { id })).toMatchObject({
      rule: 'APPROVAL-CLOSED',
    })
    given(await hand(id, answerOf('Olga', asked), answerOf('Omar', asked)))
    expect(await services().overrides.stopOverride(by(reader), { id })).toMatchObject({
      rule: 'ROLE-REFUSED',
    })
    given(await services().overrides.stopOverride(by(caller), { id }))
    await aDayLater(id)
    expect(await take()).toMatchObject({ rule: 'APPROVAL-REFUSED' })
    expect(await seenBy(reader, id)).toMatchObject({ state: 'refused' })
    expect((await told()).at(-1)).toMatchObject({ request: id, state: 'stopped' })
  }
})

test('OVERRIDE a clock that was set forward, an end that is over, a policy without the officer: none is used', async () => {
  const { database } = services()
  const { id, input, take } = await waiting('asks-5')
  const asked = await ask(id)
  const answers = [answerOf('Olga', asked), answerOf('Otto', asked)] as const
  const late = { ...(await stored(id)), until: new Date(Date.now() - 1000).toISOString() }
  const before = await stored(id)
  const set = (override: unknown) =>
    lawfully(database).update('approval_request', { id }, { override: JSON.stringify(override) })
  await set(late)
  expect(await hand(id, ...answers)).toMatchObject({ rule: 'APPROVAL-CLOSED' })
  await set(before)
  given(await hand(id, ...answers))
  await aDayLater(id)
  const approvals = openApprovals({
    database,
    now: () => new Date(),
    inputDigest: async () => null,
    officers: { domain: 'rehearsal', audience: services().audience, policy: async () => policy },
    clock: { trusted: async () => refuse('CLOCK-MOVED', 'it was set forward') },
  })
  const record = openRecord(
    services().audit,
    () => new Date(),
    async () => null,
  )
  const perform = openPipeline({ record, approvals })
  // Under a clock that moved the same call would be another request: its input has no hash there.
  const { asked: shown } = await database
    .selectFrom('approval_request')
    .select('asked')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  await lawfully(database).update(
    'approval_request',
    { id },
    { asked: shown.replace(/ input [0-9a-f]{64}$/, '') },
  )
  expect(await perform(services().roles.take.entry, by(helper), input)).toMatchObject({ rule: 'CLOCK-MOVED' })
  await lawfully(database).update('approval_request', { id }, { asked: shown })

  // Olga leaves: what she signed before is over, and she signs nothing more.
  const open = await waiting('asks-6')
  const olga = await ask(open.id)
  const next = withChanges(
    policy,
    newPolicy({
      ...{ organisation: policy.organisation, domain: 'rehearsal', expiry: policy.expiry },
      ...{ version: 2, previous: policyDigest(policy), officerQuorum: 2 },
      officers: ['Otto', 'Omar'].map((name) => officer(name).card),
    }),
    'Olga left',
  )
  await pin(next, ['Olga', 'Otto', 'Omar'])
  expect(await take()).toMatchObject({ rule: 'POLICY-SUPERSEDED' })
  const signed = ['Olga', 'Otto'].map((name) => answerOf(name, olga))
  expect(await hand(open.id, ...signed)).toMatchObject({ rule: 'POLICY-SUPERSEDED' })
  const anew = await ask(open.id)
  expect(await hand(open.id, ...['Olga', 'Otto'].map((name) => answerOf(name, anew)))).toMatchObject({
    rule: 'SIGNATURE-UNKNOWN',
  })
  // A command on the server's machine carries it too.
  given(
    await services().overrides.override(operatorCall(), {
      id: open.id,
      answers: ['Otto', 'Omar'].map((name) => answerOf(name, anew)),
    }),
  )
})

test('OVERRIDE where too few approvers are left from the start, the refusal names the request that officers may decide', async () => {
  // Both are services, and the role lets no service approve.
  const { id, take } = await waiting('asks-7', 'DUTY-TOO-FEW')
  expect(await seenBy(helper, id)).toMatchObject({ operation: 'role.take', state: 'waiting', approvers: [] })
  const asked = await ask(id)
  given(await hand(id, answerOf('Otto', asked), answerOf('Omar', asked)))
  await aDayLater(id)
  given(await take())
})

test('APPROVAL-05 a change that is refused after it was approved gives its approvals back, and uses them once it is done', async () => {
  const { identity, id, take } = await waiting('asks-8', 'APPROVAL-NEEDED', true)
  for (const name of ['ada', 'grace'] as const)
    given(await services().approvals.approve(by(person(ids[name])), { id }))
  // The last role of an identity ends only with it.
  expect(await take()).toMatchObject({ rule: 'GRANT-REFUSED' })
  expect(await seenBy(helper, id)).toMatchObject({ state: 'approved' })
  await lawfully(services().database).insert('role_grant', {
    ...{ identity_id: identity, role: 'auditor' as const },
    ...{ organisation_id: place().organisation, project_id: place().project },
  })
  given(await take())
  expect(await seenBy(helper, id)).toMatchObject({ state: 'used' })
})
