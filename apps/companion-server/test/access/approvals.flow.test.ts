import { sha256Hex } from '@lux/crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rsaPair } from '../../../../packages/crypto/test/rsa-pair.ts'
import type { Caller, Grant } from '../../src/access/authorize.ts'
import { answer } from '../../src/doors/kmip/answer.ts'
import { enumerations } from '../../src/doors/kmip/codec/enumerations.ts'
import { enumeration, structure, textString } from '../../src/doors/kmip/codec/fields.ts'
import { decodeItem, encodeItem } from '../../src/doors/kmip/codec/ttlv.ts'
import { writeRequest } from '../../src/doors/kmip/message/request.ts'
import { readResponse } from '../../src/doors/kmip/message/response.ts'
import type { RawCipher } from '../../src/keys/raw-cipher.ts'
import { openOwnerDatabase } from '../../src/platform/database/open.ts'
import { accept, type Outcome } from '../../src/refusal.ts'
import { bareHeader } from '../doors/kmip/support/bare-header.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
const people = ['ada', 'grace', 'edith'] as const
const ids: Record<string, string> = {}
let officer: Caller
const spki = rsaPair(3072).publicKey
const to = new Uint8Array(spki.export({ type: 'spki', format: 'der' }))

beforeAll(async () => {
  kms = await openKms()
  const { database } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const nothing = [{ role: 'auditor', ...place }] as const
  for (const name of people) ids[name] = (await createIdentity(database, { name, grants: nothing })).identity
  const grants: readonly Grant[] = [
    {
      role: 'crypto-officer',
      ...place,
      conditions: {
        approvals: { count: 2, by: Object.values(ids), actions: ['key.export'], services: true as const },
      },
    },
  ]
  const made = await createIdentity(database, { name: 'officer', grants })
  officer = { identity: made.identity, grants }
})

afterAll(() => kms.close())

const namedPeople = () => Object.fromEntries(Object.entries(ids).map(([name, id]) => [id, name]))
const as = (identity: string) => kms.callAs({ identity, grants: [] })
const approvals = () => kms.server.services.approvals
const exported = (id: string, version?: number) =>
  kms.server.services.lifecycle.exportKey(kms.callAs(officer), {
    id,
    to,
    ...(version === undefined ? {} : { version }),
  })
const listed = async (identity: string) =>
  given(await approvals().list(as(identity), { offset: 0, limit: 100 }))
const decide = (name: string, id: string, approves = true) =>
  approvals()[approves ? 'approve' : 'refuse'](as(ids[name] ?? ''), { id })

async function waiting(name: string) {
  const id = await kms.make(name, { algorithm: 'HMAC_256', isExportable: true })
  expect(await exported(id)).toMatchObject({ ok: false, rule: 'APPROVAL-NEEDED' })
  const request = (await listed(officer.identity)).find(({ key }) => key === id)
  return { id, request: request! }
}

test('APPROVAL-01 an operation waits for two of three named people, and then runs once, with what they saw', async () => {
  const { id, request } = await waiting('leaves')
  expect(request).toMatchObject({ operation: 'key.export', state: 'waiting', needed: 2, decisions: [] })
  const places = { [kms.organisation.id]: 'Training', [kms.project.id]: 'Payments' }
  const called = { [officer.identity]: 'officer', [id]: 'leaves', ...namedPeople(), ...places }
  expect(request.names).toEqual(called)
  expect((await listed(ids.ada!)).find(({ key }) => key === id)?.names).toEqual(called)
  expect(request.asked).toMatch(/^the current version to the RSA key of SHA-256 [0-9a-f]{64}/)
  // Asking again makes no second request.
  expect(await exported(id)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  expect((await listed(ids.ada!)).filter(({ key }) => key === id)).toHaveLength(1)
  expect(await decide('ada', request.id)).toMatchObject({ ok: true, value: { state: 'waiting' } })
  expect(await decide('ada', request.id)).toMatchObject({ ok: true })
  expect(await decide('ada', request.id, false)).toMatchObject({ rule: 'APPROVAL-CLOSED' })
  expect(await exported(id)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  expect(await decide('grace', request.id)).toMatchObject({ value: { state: 'approved' } })
  // What they approved is not another version, another key or what another does.
  expect(await exported(id, 1)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  const both = await Promise.all([exported(id), exported(id)])
  expect(both.map((one) => (one.ok ? 'ok' : one.rule)).toSorted()).toEqual(['APPROVAL-NEEDED', 'ok'])
  expect((await listed(ids.grace!)).find((one) => one.id === request.id)).toMatchObject({ state: 'used' })
  expect(await decide('edith', request.id)).toMatchObject({ rule: 'APPROVAL-CLOSED' })
  const { auditLog, database } = kms.server.services
  const approved = given(
    await auditLog.query(
      kms.callAs({
        identity: ids.ada ?? '',
        grants: [{ role: 'auditor', organisation: null, project: null }],
      }),
      { key: id, operation: 'approval.approve', outcome: 'ok', limit: 10 },
    ),
  )
  const approvers = approved.entries.map(({ entry }) => approved.names[entry?.identity ?? ''])
  expect([...new Set(approvers)].toSorted()).toEqual(['ada', 'grace'])
  const entries = await database
    .selectFrom('audit')
    .select(['operation', 'outcome'])
    .where('key_id', '=', id)
    .where('operation', 'in', ['key.export', 'approval.approve'])
    .orderBy('time')
    .execute()
  expect(
    entries.filter(({ operation, outcome }) => operation === 'key.export' && outcome === 'ok'),
  ).toHaveLength(1)
})

test('ROW-FORGED an approval that the database has and nobody gave approves nothing, and a request is as it was asked', async () => {
  const owner = await openOwnerDatabase({ folder: kms.state.database })
  const run = (text: string) => sql.raw(text).execute(owner.database)
  const { id, request } = await waiting('forged')
  const undone = `delete from approval where identity_id = '${ids.grace}' and request_id = '${request.id}'`
  given(await decide('ada', request.id))
  await run(`insert into approval (request_id, identity_id, approves, decided_at)
    values ('${request.id}', '${ids.grace}', true, now())`)
  await expect(exported(id)).rejects.toMatchObject({ code: 'ROW-FORGED' })
  // Nor does one that was given, in the name of another.
  await run(undone)
  await run(`insert into approval select request_id, '${ids.grace}', approves, decided_at, authority_tenant, authority_mac
    from approval where request_id = '${request.id}'`)
  await expect(exported(id)).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await run(undone)

  // Two approved it for one key: it is for no other.
  const other = await waiting('other')
  given(await decide('grace', request.id))
  await run(`update approval_request set used_at = now() where id = '${other.request.id}'`)
  await run(
    `update approval_request set key_id = '${other.id}', asked = '${other.request.asked}' where id = '${request.id}'`,
  )
  await expect(exported(other.id)).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await expect(decide('edith', request.id)).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await run(
    `update approval_request set key_id = '${id}', asked = '${request.asked}' where id = '${request.id}'`,
  )
  await run(`update approval_request set used_at = null where id = '${other.request.id}'`)
  given(await exported(id))
  // What was used once is not used again.
  const used = await sql<{ at: string }>`
    select used_at::text as at from approval_request where id = ${request.id}`.execute(owner.database)
  await run(`update approval_request set used_at = null where id = '${request.id}'`)
  await expect(exported(id)).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await run(`update approval_request set used_at = '${used.rows[0]?.at}' where id = '${request.id}'`)
  expect(await kms.server.services.database.authority.look()).toMatchObject({
    forged: [],
    stopped: new Map(),
  })
  await owner.close()
})

test('APPROVAL-01 who approves a signature or a decryption sees of what', async () => {
  const { keys } = kms.server.services
  const grants: readonly Grant[] = (officer.grants as readonly Grant[]).map(
    ({ conditions: _, ...grant }) => ({
      ...grant,
      role: 'service',
      conditions: {
        approvals: { count: 1, by: Object.values(ids), actions: ['key.use'], services: true as const },
      },
    }),
  )
  const asker: Caller = { identity: officer.identity, grants }
  const [pair, box] = [await kms.make('signs', { algorithm: 'ECC_NIST_P256' }), await kms.make('opens')]
  const data = Buffer.from('pay 5 to Kim')
  const ciphertext = given(await keys.encrypt(kms.callAs(kms.caller), { id: box, plaintext: data }))
  const signing = { id: pair, data, algorithm: 'ECDSA_SHA_256', isDigest: false } as const
  expect(await keys.sign(kms.callAs(asker), signing)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  expect(await keys.decrypt(kms.callAs(asker), { id: box, ciphertext })).toMatchObject({
    rule: 'APPROVAL-NEEDED',
  })
  // Another message of the same bytes, or other AAD, is another request.
  const wide = new Uint8Array(32)
  const batchOf = async (isDigest: boolean) =>
    keys.signBatch(kms.callAs(asker), {
      id: pair,
      items: [{ data: wide, algorithm: 'ECDSA_SHA_256', isDigest }],
    })
  const openedWith = async (aad: string) =>
    keys.decryptBatch(kms.callAs(asker), { id: box, items: [{ ciphertext, aad: Buffer.from(aad) }] })
  const openOf = async (operation: string) =>
    (await listed(ids.ada!)).filter((one) => one.operation === operation && one.state !== 'used')
  for (const once of [() => batchOf(false), () => openedWith('one')])
    expect(await once()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  const [signatures, texts] = [await openOf('key.sign-batch'), await openOf('key.decrypt-batch')]
  expect(signatures[0]?.asked).toMatch(/^1 signatures by ECDSA_SHA_256, together of SHA-256 [0-9a-f]{64} /)
  expect(texts[0]?.asked).toMatch(/^1 ciphertexts, together of SHA-256 [0-9a-f]{64} /)
  for (const { id } of [...signatures, ...texts]) given(await decide('grace', id))
  for (const once of [() => batchOf(true), () => openedWith('two')])
    expect(await once()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  for (const once of [() => batchOf(false), () => openedWith('one')])
    expect(await once()).toMatchObject({ ok: true })
  const askedOf = async (operation: string) => (await openOf(operation))[0]?.asked
  expect(await askedOf('key.sign')).toMatch(
    new RegExp(`^by ECDSA_SHA_256, data of the digest ${sha256Hex(data)} input [0-9a-f]{64}$`),
  )
  expect(await askedOf('key.decrypt')).toMatch(
    new RegExp(`^the ciphertext of SHA-256 ${sha256Hex(ciphertext)} input [0-9a-f]{64}$`),
  )
})

test('APPROVAL-05 what is refused for another reason uses up no approval', async () => {
  const { lifecycle, keys } = kms.server.services
  const grants: readonly Grant[] = officer.grants.map((grant) => ({
    ...grant,
    conditions: { approvals: { count: 1, by: Object.values(ids), services: true as const } },
  }))
  const since = (minutes: number) =>
    kms.callAs({
      identity: officer.identity,
      grants,
      session: { provedAt: new Date(Date.now() - minutes * 60_000) },
    })
  const [stale, anew] = [since(11), since(0)]
  const id = await kms.make('asked-once', { algorithm: 'HMAC_256', isExportable: true })
  const requestOf = async (operation: string) =>
    (await listed(officer.identity)).filter((one) => one.key === id && one.operation === operation)
  async function approved(operation: string) {
    const [request] = await requestOf(operation)
    given(await decide('grace', request!.id))
  }

  // It is asked for the second factor before people are asked for anything.
  expect(await lifecycle.exportKey(stale, { id, to })).toMatchObject({ rule: 'SECOND-FACTOR-ANEW' })
  expect(await requestOf('key.export')).toEqual([])
  expect(await lifecycle.exportKey(anew, { id, to })).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  await approved('key.export')
  expect(await lifecycle.exportKey(stale, { id, to })).toMatchObject({ rule: 'SECOND-FACTOR-ANEW' })
  const officerOfAll = kms.callAs(kms.caller)
  given(await keys.patch(officerOfAll, { id, isDisabled: true }))
  expect(await lifecycle.exportKey(anew, { id, to })).toMatchObject({ rule: 'KEY-DISABLED' })
  given(await keys.patch(officerOfAll, { id, isDisabled: false }))
  given(await lifecycle.exportKey(anew, { id, to }))
  expect(await requestOf('key.export')).toMatchObject([{ state: 'used' }])

  const shred = (call: typeof anew, confirm: string) => lifecycle.shred(call, { id, confirm })
  expect(await shred(anew, 'asked-once')).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  await approved('key.shred')
  expect(await shred(stale, 'asked-once')).toMatchObject({ rule: 'SECOND-FACTOR-ANEW' })
  expect(await shred(anew, 'asked-twice')).toMatchObject({ rule: 'SHRED-CONFIRM' })
  given(await shred(anew, 'asked-once'))
  expect(await requestOf('key.shred')).toMatchObject([{ state: 'used' }])
})

test('APPROVAL-01 approvers read no name that somebody wrote into the database', async () => {
  const { id, request } = await waiting('named')
  const owner = await openOwnerDatabase({ folder: kms.state.database })
  const named = async (name: string) => {
    await sql`update identity set name = ${name} where id = ${officer.identity}`.execute(owner.database)
    return (await listed(ids.ada!)).find(({ key }) => key === id)?.names
  }
  try {
    expect(await named('the chief')).not.toHaveProperty([officer.identity])
    expect(await named('officer')).toEqual(request.names)
  } finally {
    await owner.close()
  }
})

test('APPROVAL-02 nobody approves his own request or sees one that is not his; what needs none runs', async () => {
  const { id, request } = await waiting('mine')
  const own = await approvals().approve(as(officer.identity), { id: request.id })
  expect(own).toMatchObject({ rule: 'ROLE-REFUSED' })
  const stranger = await approvals().approve(as(kms.caller.identity), { id: request.id })
  expect(stranger).toMatchObject({ rule: 'OBJECT-ABSENT' })
  expect((await listed(kms.caller.identity)).some((one) => one.id === request.id)).toBe(false)
  const rotated = await kms.server.services.keys.rotate(kms.callAs(officer), { id })
  expect(rotated).toMatchObject({ ok: true })
})

test('APPROVAL-04 what KMIP gives wrapped waits for people who see the wrapping key, and leaves under no other', async () => {
  const { keys, database } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const grants: readonly Grant[] = [...officer.grants, { role: 'service', ...place }]
  const made = async (mask: number, isExportable: boolean) =>
    given(
      await keys.createObject(kms.callAs(kms.caller), {
        project: place.project,
        algorithm: 'aes-256-gcm',
        mask,
        isExportable,
      }),
    ).id
  const [shown, other, leaving] = [await made(0x10, false), await made(0x10, false), await made(4, true)]
  async function leaves(under: string, own = grants, key = leaving): Promise<string> {
    const wrapping = structure('KeyWrappingSpecification', [
      enumeration('WrappingMethod', enumerations.WrappingMethod.Encrypt),
      structure('EncryptionKeyInformation', [textString('UniqueIdentifier', under)]),
      enumeration('EncodingOption', enumerations.EncodingOption.NoEncoding),
    ])
    const message = writeRequest({
      header: { ...bareHeader, version: '2.1' },
      items: [
        {
          operation: enumerations.Operation.Get,
          ephemeral: null,
          id: null,
          extensions: [],
          payload: [textString('UniqueIdentifier', key), wrapping],
        },
      ],
    })
    const client = { caller: { identity: officer.identity, grants: own }, ...place }
    const bytes = await answer(encodeItem(message), client, {
      keys,
      now: () => new Date(),
      newReqId: () => 'of-kmip',
      roomFor: () => accept(null),
      fault(error) {
        throw error
      },
    })
    const [item] = given(readResponse(given(decodeItem(bytes)))).items
    return item?.result.status === 'failed' ? String(item.result.message) : 'ok'
  }
  expect(await leaves(shown)).toMatch(/^APPROVAL-NEEDED: /)
  const request = (await listed(ids.grace!)).find((one) => one.key === leaving)
  expect(request).toMatchObject({ operation: 'key.export-wrapped', state: 'waiting' })
  expect(request?.asked).toContain(`${leaving} wrapped under ${shown}`)
  for (const name of ['grace', 'edith']) given(await decide(name, request!.id))
  expect(await leaves(other)).toMatch(/^APPROVAL-NEEDED: /)
  expect(await leaves(shown)).toBe('ok')
  expect(await leaves(shown)).toMatch(/^APPROVAL-NEEDED: /)
  // The audit log tells the two wrapping keys apart.
  const rows = await database.selectFrom('audit').select('entry').where('key_id', '=', leaving).execute()
  const inputs = rows
    .map(({ entry }) => JSON.parse(entry!))
    .filter(({ operation }) => operation === 'key.export-wrapped')
    .map(({ input }) => input)
  expect(new Set(inputs).size).toBe(2)
  expect(inputs).not.toContain(null)

  // Where both keys wait, for the same people: one request, one Get.
  const conditions = { approvals: { count: 1, by: Object.values(ids), services: true as const } }
  const both = grants.map(({ role }): Grant => ({ role, ...place, conditions }))
  const second = await made(4, true)
  expect(await leaves(shown, both, second)).toMatch(/^APPROVAL-NEEDED: /)
  const asked = (await listed(ids.ada!)).filter(
    ({ key, state }) => [second, shown].includes(key ?? '') && state === 'waiting',
  )
  expect(asked.map(({ key }) => key)).toEqual([second])
  given(await decide('ada', asked[0]!.id))
  // What is refused uses up no approval.
  given(await keys.patch(kms.callAs(kms.caller), { id: second, isDisabled: true }))
  expect(await leaves(shown, both, second)).toMatch(/^KEY-DISABLED: /)
  given(await keys.patch(kms.callAs(kms.caller), { id: second, isDisabled: false }))
  expect(await leaves(shown, both, second)).toBe('ok')
  expect(await leaves(shown, both, second)).toMatch(/^APPROVAL-NEEDED: /)
  // Where they wait for others, each is asked for by itself.
  const apart = both.map(
    (grant): Grant =>
      grant.role === 'service'
        ? { ...grant, conditions: { approvals: { count: 1, by: [ids.grace!], services: true as const } } }
        : grant,
  )
  const third = await made(4, true)
  expect(await leaves(shown, apart, third)).toMatch(/^APPROVAL-NEEDED: /)
  const first = (await listed(ids.grace!)).find((one) => one.asked.startsWith(third))
  expect(first).toMatchObject({ key: shown, approvers: [ids.grace] })
})

test('APPROVAL-06 what KMIP asks is shown, and approved for this input and no other', async () => {
  const { keys } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const conditions = { approvals: { count: 1, by: Object.values(ids), services: true as const } }
  const grants = (['crypto-officer', 'service'] as const).map(
    (role): Grant => ({ role, ...place, conditions }),
  )
  const asker = () => kms.callAs({ identity: officer.identity, grants })
  const made = async (more: object = {}) =>
    given(
      await keys.createObject(kms.callAs(kms.caller), {
        ...{
          project: place.project,
          algorithm: 'aes-256-gcm',
          isExportable: true,
          isSensitive: true,
          ...more,
        },
      }),
    ).id
  const [used, next, idle] = [await made(), await made(), await made({ preActive: true })]
  const padded = (isPadded: boolean) => () => accept<RawCipher>({ mode: 'cbc', padded: isPadded })
  const gcm = (tagLength: number) => () => accept<RawCipher>({ mode: 'gcm', tagLength, aad: null })
  const data = Buffer.alloc(32, 7)
  const iv = (byte: number) => new Uint8Array(16).fill(byte)
  const open = { id: used, aad: null, data, tag: null }
  const attribute = (value: string) => accept({ attributes: [{ name: 'x-owner', value }] })
  const revoked = (message: string) =>
    keys.revoke(asker(), { id: used, compromised: false, reason: 1, message })
  const cases: readonly (readonly [
    RegExp,
    () => Promise<Outcome<unknown>>,
    () => Promise<Outcome<unknown>>,
  ])[] = [
    [
      /^a plaintext of 32 bytes, by AES-CBC, padded input [0-9a-f]{64}$/,
      () => keys.encryptObject(asker(), { ...open, iv: iv(1), choose: padded(true) }),
      () => keys.encryptObject(asker(), { ...open, iv: iv(2), choose: padded(true) }),
    ],
    [
      /^a plaintext of 32 bytes, by AES-GCM, a tag of 16 bytes input/,
      () => keys.encryptObject(asker(), { ...open, iv: null, choose: gcm(16) }),
      () => keys.encryptObject(asker(), { ...open, iv: null, choose: gcm(12) }),
    ],
    [
      /^the ciphertext of SHA-256 [0-9a-f]{64}, by AES-CBC input/,
      () => keys.decryptObject(asker(), { ...open, iv: iv(1), choose: padded(false) }),
      () => keys.decryptObject(asker(), { ...open, iv: iv(2), choose: padded(false) }),
    ],
    [
      /^with .*x-owner.*ada.* input [0-9a-f]{64}$/,
      () => keys.describe(asker(), { id: used, change: () => attribute('ada') }),
      () => keys.describe(asker(), { id: used, change: () => attribute('mallory') }),
    ],
    [/^as not in use any more, reason 1, "old"$/, () => revoked('old'), () => revoked('other')],
    [
      /^in use from now on$/,
      () => keys.activate(asker(), { id: idle }),
      () => keys.activate(asker(), { id: next }),
    ],
    [
      /^a new key in its place$/,
      () => keys.replace(asker(), { id: used }),
      () => keys.replace(asker(), { id: next }),
    ],
    [
      /^at once and for ever$/,
      () => keys.destroyObject(asker(), { id: used }),
      () => keys.destroyObject(asker(), { id: idle }),
    ],
  ]
  for (const [shown, once, other] of cases) {
    expect(await once()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
    const request = (await listed(ids.grace!)).find(
      ({ state, asked }) => state === 'waiting' && shown.test(asked),
    )
    expect(request, String(shown)).toBeDefined()
    given(await decide('grace', request!.id))
    expect(await other(), String(shown)).toMatchObject({ ok: false, rule: 'APPROVAL-NEEDED' })
    expect(await once(), String(shown)).toMatchObject({ ok: true })
  }
})

test('APPROVAL-03 two refusals of three end it, a revoked approver does not count, and a day ends a request', async () => {
  const { database } = kms.server.services
  const refused = await waiting('refused')
  given(await decide('ada', refused.request.id, false))
  given(await decide('grace', refused.request.id, false))
  expect(await exported(refused.id)).toMatchObject({ rule: 'APPROVAL-REFUSED' })

  const late = await waiting('late')
  for (const name of ['ada', 'grace']) given(await decide(name, late.request.id))
  const past = new Date(Date.now() - 1000)
  await lawfully(database).update('approval_request', { id: late.request.id }, { expires_at: past })
  expect(await decide('edith', late.request.id)).toMatchObject({ rule: 'APPROVAL-CLOSED' })
  expect(await exported(late.id)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  const [anew] = (await listed(officer.identity)).filter(({ key }) => key === late.id)
  expect(anew).toMatchObject({ state: 'waiting', decisions: [] })

  for (const name of ['ada', 'edith']) given(await decide(name, anew!.id))
  await lawfully(database).update('identity', { id: ids.ada! }, { revoked_at: past })
  expect(await exported(late.id)).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  given(await decide('grace', anew!.id))
  expect(await exported(late.id)).toMatchObject({ ok: true })
})
