import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller, Grant } from '../../src/access/authorize.ts'
import type { Conditions } from '../../src/access/conditions.ts'
import type { Role } from '../../src/access/role-names.ts'
import { insertGrants } from '../../src/access/tokens.ts'
import { answer } from '../../src/doors/kmip/answer.ts'
import { enumerations } from '../../src/doors/kmip/codec/enumerations.ts'
import { byteString, enumeration, integer, structure, textString } from '../../src/doors/kmip/codec/fields.ts'
import { decodeItem, encodeItem, type Item } from '../../src/doors/kmip/codec/ttlv.ts'
import { writeRequest } from '../../src/doors/kmip/message/request.ts'
import { readResponse } from '../../src/doors/kmip/message/response.ts'
import { authorizationOf, signingTime } from '../../src/external-kms/sigv4.ts'
import { algorithms, type KeyAlgorithm, madeAlgorithms } from '../../src/keys/algorithms.ts'
import { openKeyOperations } from '../../src/keys/operations.ts'
import { openKeyRepository } from '../../src/keys/repository.ts'
import { unapproved } from '../../src/operations/pipeline.ts'
import { openClock } from '../../src/platform/clock.ts'
import { bareHeader } from '../doors/kmip/support/bare-header.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
const base64 = (text: string) => Buffer.from(text).toString('base64')

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

test('KMS-03 a key is created, found by id and name, listed, renamed and switched off', async () => {
  const { organisation, project } = kms
  const made = await kms.post('', { projectId: project.id, name: 'orders', description: 'Of the shop' })
  expect(made.status).toBe(200)
  const { key } = made.body
  expect(key).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: 'orders',
    description: 'Of the shop',
    isDisabled: false,
    orgId: organisation.id,
    projectId: project.id,
    keyUsage: 'encrypt-decrypt',
    version: 1,
    minDecryptVersion: 1,
    isExportable: false,
    rotateEveryDays: null,
    nextRotation: null,
    algorithm: 'aes-256-gcm',
    encryptionAlgorithm: 'aes-256-gcm',
    deletionDate: null,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
  })
  expect((await kms.get(key.id)).body).toEqual({ key })
  expect((await kms.get(`key-name/orders?projectId=${project.id}`)).body).toEqual({ key })
  const listed = await kms.get(`/api/v1/kms/keys?projectId=${project.id}&orderBy=createdAt&search=ord`)
  expect(listed.body).toEqual({ keys: [key], totalCount: 1 })
  const changed = await kms.call('PATCH', key.id, { name: 'orders-2', description: null, isDisabled: true })
  expect(changed.body.key).toMatchObject({ name: 'orders-2', description: null, isDisabled: true })
  const refused = await kms.post(`${key.id}/encrypt`, { plaintext: '' })
  expect([refused.status, refused.body.code]).toEqual([400, 'KEY-DISABLED'])
  expect((await kms.call('PATCH', key.id, { isDisabled: false })).status).toBe(200)
  expect((await kms.post(`${key.id}/encrypt`, { plaintext: '' })).status).toBe(200)
})

test('KMS-04 a create that is sent again is the same key; another of the name is refused, by everyone at once too', async () => {
  const body = { projectId: kms.project.id, name: 'again', algorithm: 'aes-128-gcm' }
  const [first, second] = [await kms.post('', body), await kms.post('', body)]
  expect(second.body).toEqual(first.body)
  const other = await kms.post('', { ...body, algorithm: 'aes-256-gcm' })
  expect([other.status, other.body.code]).toEqual([409, 'KEY-NAME-TAKEN'])
  // What may leave, or is rotated by itself, is another key than was asked for.
  for (const unlike of [{ isExportable: true }, { rotateEveryDays: 30 }])
    expect((await kms.post('', { ...body, ...unlike })).body.code).toBe('KEY-NAME-TAKEN')
  const raced = await Promise.all(
    Array.from({ length: 6 }, (_, n) => kms.post('', { ...body, name: 'raced', description: `${n}` })),
  )
  expect(raced.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409])
  for (const name of ['', 'Upper', 'a--b', '-a', 'a_b', 'x'.repeat(33)])
    expect((await kms.post('', { ...body, name })).status).toBe(422)
  expect((await kms.post('', { ...body, name: 'x', encryptionAlgorithm: 'aes-256-gcm' })).status).toBe(422)
  const wrongUse = await kms.post('', { ...body, name: 'x', keyUsage: 'sign-verify' })
  expect(wrongUse.body.code).toBe('KEY-USAGE')
})

test.each(madeAlgorithms)(
  'KMS-05 %s does what it is for, says so, and does nothing else',
  async (algorithm) => {
    const { usage } = algorithms[algorithm]
    const id = await kms.make(`of-${algorithm.toLowerCase().replaceAll('_', '-')}`, { algorithm })
    expect((await kms.get(id)).body.key).toMatchObject({ algorithm, keyUsage: usage, version: 1 })
    const data = base64('four crates of lemons')
    const codes = new Map<string, unknown>()
    for (const [name, path, body] of [
      ['encrypt-decrypt', 'encrypt', { plaintext: data }],
      ['sign-verify', 'sign', { data, signingAlgorithm: 'ECDSA_SHA_256' }],
      ['generate-verify-mac', 'generate-mac', { data }],
    ] as const)
      if (name !== usage) codes.set(name, (await kms.post(`${id}/${path}`, body)).body.code)
    expect([...codes.values()]).toEqual(['KEY-USAGE', 'KEY-USAGE'])

    if (usage === 'encrypt-decrypt') {
      const aad = base64('order 7')
      const sealed = (await kms.post(`${id}/encrypt`, { plaintext: data, aad, keyId: id })).body.ciphertext
      expect((await kms.post(`${id}/decrypt`, { ciphertext: sealed, aad })).body).toEqual({ plaintext: data })
      expect((await kms.post(`${id}/decrypt`, { ciphertext: sealed })).body.code).toBe('ENVELOPE-TAG')
      for (const [keySpec, length] of [
        ['AES_256', 32],
        ['AES_128', 16],
      ] as const) {
        const { body } = await kms.post(`${id}/generate-data-key`, { keySpec, aad })
        expect(Buffer.from(body.plaintext, 'base64')).toHaveLength(length)
        const opened = await kms.post(`${id}/decrypt`, { ciphertext: body.ciphertext, aad })
        expect(opened.body).toEqual({ plaintext: body.plaintext })
      }
      const hidden = await kms.post(`${id}/generate-data-key-without-plaintext`, { keySpec: 'AES_256' })
      expect(Object.keys(hidden.body)).toEqual(['ciphertext'])
      expect((await kms.get(`${id}/public-key`)).body.code).toBe('KEY-USAGE')
      expect((await kms.get(`${id}/signing-algorithms`)).body.code).toBe('KEY-USAGE')
    }
    if (usage === 'generate-verify-mac') {
      const made = (await kms.post(`${id}/generate-mac`, { data, keyId: id })).body
      expect(made).toMatchObject({
        keyId: id,
        keyVersion: 1,
        macAlgorithm: `HMAC_SHA_${algorithm.slice(-3)}`,
      })
      const check = async (mac: string) => (await kms.post(`${id}/verify-mac`, { data, mac })).body.macValid
      expect([await check(made.mac), await check(base64('no mac')), await check('')]).toEqual([
        true,
        false,
        false,
      ])
    }
    if (usage === 'sign-verify') {
      const { publicKey } = (await kms.get(`${id}/public-key`)).body
      const spki = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
      const { signingAlgorithms } = (await kms.get(`${id}/signing-algorithms`)).body
      const [signingAlgorithm] = signingAlgorithms
      const signed = (await kms.post(`${id}/sign`, { data, signingAlgorithm, keyId: id })).body
      expect(signed).toEqual({ signature: expect.any(String), keyId: id, keyVersion: 1, signingAlgorithm })
      const check = async (fields: object) =>
        (await kms.post(`${id}/verify`, { data, signature: signed.signature, signingAlgorithm, ...fields }))
          .body
      expect(await check({})).toEqual({ signatureValid: true, keyId: id, keyVersion: 1, signingAlgorithm })
      expect(await check({ data: base64('five') })).toEqual({
        signatureValid: false,
        keyId: id,
        signingAlgorithm,
      })
      expect(await check({ signature: 'AAAA' })).toMatchObject({ signatureValid: false })
      if (algorithm.startsWith('EC'))
        expect(
          verify('sha256', Buffer.from(data, 'base64'), spki, Buffer.from(signed.signature, 'base64')),
        ).toBe(true)
      if (!algorithm.startsWith('ML_DSA')) {
        const hash = createHash(`sha${signingAlgorithm.slice(-3)}`).update(Buffer.from(data, 'base64'))
        const digest = hash.digest('base64')
        expect(await check({ data: digest, isDigest: true })).toMatchObject({ signatureValid: true })
      }
    }
  },
)

test('KMS-06 rotation adds a version: old ciphertexts, signatures and MACs are still known, new ones are of the new', async () => {
  const aes = await kms.make('turned')
  const plaintext = base64('before')
  const old = (await kms.post(`${aes}/encrypt`, { plaintext })).body.ciphertext
  expect((await kms.post(`${aes}/rotate`)).body.key).toMatchObject({ id: aes, version: 2 })
  const fresh = (await kms.post(`${aes}/encrypt`, { plaintext })).body.ciphertext
  const versionIn = (text: string) => Buffer.from(text, 'base64').readUInt32BE(22)
  expect([versionIn(old), versionIn(fresh)]).toEqual([1, 2])
  const decrypt = async (ciphertext: string) => (await kms.post(`${aes}/decrypt`, { ciphertext })).body
  expect([await decrypt(old), await decrypt(fresh)]).toEqual([{ plaintext }, { plaintext }])

  expect((await kms.get(`${aes}/versions`)).body.versions).toMatchObject([
    { version: 2, state: 'enabled', origin: 'online', bundleDigest: null },
    { version: 1, state: 'enabled' },
  ])
  // An envelope names its version: what another version sealed is not tried with this one.
  expect((await kms.call('PATCH', `${aes}/versions/1`, { state: 'disabled' })).status).toBe(200)
  expect([(await decrypt(old)).code, await decrypt(fresh)]).toEqual(['KEY-VERSION-DISABLED', { plaintext }])
  await kms.call('PATCH', `${aes}/versions/1`, { state: 'decrypt-only' })
  expect(await decrypt(old)).toEqual({ plaintext })
  await kms.call('PATCH', aes, { minDecryptVersion: 2 })
  expect((await decrypt(old)).code).toBe('KEY-VERSION-RETIRED')
  expect((await kms.call('PATCH', aes, { minDecryptVersion: 3 })).body.code).toBe('KEY-VERSION-ABSENT')
  await kms.call('PATCH', `${aes}/versions/2`, { state: 'decrypt-only' })
  expect((await kms.post(`${aes}/encrypt`, { plaintext })).body.code).toBe('KEY-VERSION-DISABLED')
  expect((await kms.call('PATCH', `${aes}/versions/3`, { state: 'disabled' })).body.code).toBe(
    'KEY-VERSION-ABSENT',
  )

  const pair = await kms.make('turned-pair', { algorithm: 'ECC_NIST_P256' })
  const sign = async () =>
    (await kms.post(`${pair}/sign`, { data: plaintext, signingAlgorithm: 'ECDSA_SHA_256' })).body
  const verified = async (signature: string, fields: object = {}) =>
    (
      await kms.post(`${pair}/verify`, {
        data: plaintext,
        signature,
        signingAlgorithm: 'ECDSA_SHA_256',
        ...fields,
      })
    ).body
  const first = await sign()
  await Promise.all([kms.post(`${pair}/rotate`), kms.post(`${pair}/rotate`)])
  const third = await sign()
  expect(third.keyVersion).toBe(3)
  expect(await verified(first.signature)).toMatchObject({ signatureValid: true, keyVersion: 1 })
  expect(await verified(third.signature)).toMatchObject({ signatureValid: true, keyVersion: 3 })
  expect(await verified(first.signature, { keyVersion: 3 })).toMatchObject({ signatureValid: false })
  await kms.call('PATCH', `${pair}/versions/1`, { state: 'disabled' })
  expect(await verified(first.signature)).toMatchObject({ signatureValid: false })
  expect(await verified(first.signature, { keyVersion: 1 })).toMatchObject({ code: 'KEY-VERSION-DISABLED' })
  const publicOf = async (query: string) => (await kms.get(`${pair}/public-key${query}`)).body
  expect(await publicOf('')).toEqual(await publicOf('?version=3'))
  expect((await publicOf('?version=1')).publicKey).not.toBe((await publicOf('')).publicKey)
})

test('KMS-07 a deleted key is off at once and its name free; it comes back until its time, and is destroyed then', async () => {
  const { database, keys } = kms.server.services
  const id = await kms.make('leaving')
  const { ciphertext } = (await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).body
  const gone = (await kms.call('DELETE', id)).body.key
  expect(gone).toMatchObject({ id, isDisabled: true, deletionDate: expect.any(String) })
  expect(Math.round((Date.parse(gone.deletionDate) - Date.now()) / 86_400_000)).toBe(7)
  expect((await kms.post(`${id}/decrypt`, { ciphertext })).body.code).toBe('KEY-DISABLED')
  expect((await kms.get(`key-name/leaving?projectId=${kms.project.id}`)).status).toBe(404)
  const heir = await kms.make('leaving')
  expect((await kms.call('PATCH', id, { isDisabled: false })).body.code).toBe('KEY-DELETED')
  expect((await kms.post(`${id}/cancel-deletion`)).body.code).toBe('KEY-NAME-TAKEN')
  await kms.call('DELETE', `${heir}?days=30`)
  expect((await kms.post(`${id}/cancel-deletion`)).body.key).toMatchObject({
    isDisabled: true,
    deletionDate: null,
  })
  await kms.call('PATCH', id, { isDisabled: false })
  expect((await kms.post(`${id}/decrypt`, { ciphertext })).body).toEqual({ plaintext: 'AAAA' })
  for (const days of ['0', '31']) expect((await kms.call('DELETE', `${id}?days=${days}`)).status).toBe(422)

  await kms.call('DELETE', `${id}?days=1`)
  const keepTime = async () => given(await keys.keepTime(openClock(database)))
  expect(await keepTime()).toBe(0)
  await lawfully(database).update('key', { id }, { destroy_at: new Date(Date.now() - 1) })
  // Nobody cancels what is due: nor one whose own clock is late.
  const { unwrapping, record } = kms.server.services
  const early = openKeyOperations({
    unwrapping,
    record,
    approvals: unapproved,
    now: () => new Date(Date.now() - 3_600_000),
    repository: openKeyRepository(database),
  })
  expect(await early.cancelDeletion(kms.callAs(kms.caller), { id })).toMatchObject({ rule: 'KEY-DELETED' })
  // A clock that was moved, here or in the database, destroys nothing.
  const month = 30 * 86_400_000
  let moves = false
  const moved = openClock(database, () => Date.now() + (moves ? month : 0))
  expect(await moved.trusted()).toMatchObject({ ok: true })
  moves = true
  expect(await keys.keepTime(moved)).toMatchObject({ rule: 'CLOCK-MOVED' })
  const ahead = openClock(database, () => Date.now() + month)
  expect(await keys.keepTime(ahead)).toMatchObject({ rule: 'CLOCK-MOVED' })
  // One that was wrong and is put back brings nothing nearer, and is watched from then on.
  moves = true
  const corrected = openClock(database, () => Date.now() + (moves ? month : 0))
  moves = false
  expect(await corrected.trusted()).toMatchObject({ ok: true })
  moves = true
  expect(await corrected.trusted()).toMatchObject({ rule: 'CLOCK-MOVED' })
  expect(await keepTime()).toBe(1)
  expect(await keepTime()).toBe(0)
  const entries = await database
    .selectFrom('audit')
    .select(['operation', 'identity_id', 'project_id', 'outcome'])
    .where('key_id', '=', id)
    .where('operation', '=', 'key.destroy-due')
    .execute()
  expect(entries).toEqual([
    { operation: 'key.destroy-due', identity_id: 'server', project_id: kms.project.id, outcome: 'ok' },
  ])
  expect((await kms.post(`${id}/cancel-deletion`)).body.code).toBe('KEY-DELETED')
  const rows = await database.selectFrom('key_version').selectAll().where('key_id', '=', id).execute()
  expect(rows.map(({ wrapped, state }) => [wrapped.length, state])).toEqual([[0, 'destroyed']])
  // Even with the key's row put back there is nothing left to decrypt with.
  const revived = { destroy_at: null, is_disabled: false, name: 'revived' }
  await lawfully(database).update('key', { id }, revived)
  expect((await kms.post(`${id}/decrypt`, { ciphertext })).body.code).toBe('KEY-VERSION-DISABLED')
  await lawfully(database).update('key_version', { key_id: id }, { state: 'enabled' })
  kms.server.services.unwrapping.forgetAll()
  expect((await kms.post(`${id}/decrypt`, { ciphertext })).body.code).toBe('KEY-ROW-CHANGED')
})

test('KMIP-DOOR a key made over HTTP is found by KMIP, what KMIP encrypts HTTP decrypts, and both are recorded', async () => {
  const { caller, server } = kms
  const id = await kms.make('through-kmip')
  const ask = askKmip(caller)
  const name = structure('Name', [
    textString('NameValue', 'through-kmip'),
    enumeration('NameType', enumerations.NameType.UninterpretedTextString),
  ])
  const state = enumeration('State', enumerations.State.Active)
  const found = await ask('Locate', [structure('Attributes', [name, state])])
  expect(found).toEqual([integer('LocatedItems', 1), textString('UniqueIdentifier', id)])
  const identifier = textString('UniqueIdentifier', id)
  const sealed = await ask('Encrypt', [identifier, byteString('Data', Buffer.from('text'))])
  const ciphertext = sealed.find(({ type }) => type === 'byte-string')?.value
  const opened = await kms.post(`${id}/decrypt`, {
    ciphertext: Buffer.from(ciphertext as Uint8Array).toString('base64'),
  })
  expect(opened.body.plaintext).toBe(base64('text'))
  const rows = await server.services.database
    .selectFrom('audit')
    .select('entry')
    .where('req_id', '=', 'of-kmip')
    .execute()
  const recorded = rows.map(({ entry }) => JSON.parse(entry!)).map((one) => `${one.door} ${one.operation}`)
  expect(recorded.toSorted()).toEqual(['kmip key.encrypt', 'kmip key.list'])
})

test('KEY-ROW-CHANGED an online key whose row, algorithm or KEK was edited in the database is not used', async () => {
  const { database, unwrapping } = kms.server.services
  const id = await kms.make('edited')
  const other = await kms.make('edited-other')
  const encrypt = async () => (await kms.post(`${id}/encrypt`, { plaintext: '' })).body.code ?? 'ok'
  expect(await encrypt()).toBe('ok')
  const restore = async (work: () => Promise<unknown>, undo: () => Promise<unknown>) => {
    await work()
    unwrapping.forgetAll()
    const code = await encrypt()
    await undo()
    unwrapping.forgetAll()
    return code
  }
  const blobOf = async (key: string) =>
    await database
      .selectFrom('key_version')
      .select(['wrapped', 'mac'])
      .where('key_id', '=', key)
      .executeTakeFirstOrThrow()
  const put = (columns: { wrapped: Buffer; mac: Buffer }) => () =>
    lawfully(database).update('key_version', { key_id: id }, columns)
  const own = await blobOf(id)
  expect(await restore(put(await blobOf(other)), put(own))).toBe('KEY-ROW-CHANGED')
  expect(
    await restore(
      () => lawfully(database).update('key', { id }, { algorithm: 'aes-128-gcm' }),
      () => lawfully(database).update('key', { id }, { algorithm: 'aes-256-gcm' }),
    ),
  ).toBe('KEY-ROW-CHANGED')
  for (const table of ['project_kek', 'organisation_kek'] as const)
    expect(
      await restore(
        () => lawfully(database).update(table, {}, { algorithm: 'AES-128' }),
        () => lawfully(database).update(table, {}, { algorithm: 'AES-256' }),
      ),
    ).toBe('KEY-ROW-CHANGED')
  expect(await encrypt()).toBe('ok')
})

test('ORG-01 organisations and projects are made by who may, in the token, and each project’s keys are its own', async () => {
  const { organisations, database } = kms.server.services
  const { callAs, admin, chief, caller, organisation } = kms
  const ruleOf = (outcome: { ok: boolean; rule?: string }) => (outcome.ok ? 'ok' : outcome.rule)
  expect(ruleOf(await organisations.createOrganisation(callAs(chief), { name: 'Mine' }))).toBe('ROLE-REFUSED')
  expect(ruleOf(await organisations.createOrganisation(callAs(admin), { name: ' ' }))).toBe('NAME-MALFORMED')
  const into = (who: typeof admin, id: string) =>
    organisations.createProject(callAs(who), { organisation: id, name: 'P' }).then(ruleOf)
  expect(await into(admin, organisation.id)).toBe('ROLE-REFUSED')
  expect(await into(caller, organisation.id)).toBe('OBJECT-ABSENT')
  const second = given(await organisations.createOrganisation(callAs(admin), { name: 'Second' }))
  expect([await into(chief, second.id), await into(chief, 'nowhere')]).toEqual([
    'OBJECT-ABSENT',
    'OBJECT-ABSENT',
  ])
  await lawfully(database).update('organisation', { id: second.id }, { ceremony_only: true })
  const itsChief = {
    identity: 'c',
    grants: [{ role: 'organisation-admin', organisation: second.id, project: null }],
  } as const
  expect(await into(itsChief, second.id)).toBe('CEREMONY-ONLY')
  const roots = await database
    .selectFrom('root_config')
    .select(['origin', 'state', 'bundle_digest'])
    .execute()
  expect(roots).toEqual([{ origin: 'online', state: 'current', bundle_digest: null }])

  const elsewhere = await kms.makeProject('Elsewhere')
  const hidden = await kms.post('', { projectId: elsewhere.id, name: 'mine' })
  expect([hidden.status, hidden.body.code]).toEqual([404, 'OBJECT-ABSENT'])
})

test('ORG-02 nobody gives a role that reaches further than his own, and a revoked identity is out', async () => {
  const { organisations } = kms.server.services
  const { callAs, admin, chief, caller, organisation, project } = kms
  const give = async (who: typeof admin, role: Role, place: object) => {
    const grant = { role, organisation: null, project: null, ...place }
    const made = await organisations.createIdentity(callAs(who), { name: 'n', grants: [grant] })
    return made.ok ? 'ok' : made.rule
  }
  const [inOrganisation, inProject] = [
    { organisation: organisation.id },
    { organisation: organisation.id, project: project.id },
  ]
  expect(await give(admin, 'server-admin', {})).toBe('ok')
  expect(await give(admin, 'organisation-admin', inOrganisation)).toBe('ok')
  expect(await give(admin, 'service', inProject)).toBe('OBJECT-ABSENT')
  expect(await give(admin, 'service', {})).toBe('GRANT-REFUSED')
  expect(await give(chief, 'service', inProject)).toBe('ok')
  expect(await give(chief, 'crypto-officer', inOrganisation)).toBe('ok')
  expect(await give(chief, 'organisation-admin', inOrganisation)).toBe('ROLE-REFUSED')
  expect(await give(chief, 'server-admin', {})).toBe('ROLE-REFUSED')
  expect(await give(chief, 'service', { ...inProject, organisation: 'another' })).toBe('OBJECT-ABSENT')
  expect(await give(caller, 'service', inProject)).toBe('ROLE-REFUSED')
  const made = given(
    await organisations.createIdentity(callAs(chief), {
      name: 'n',
      grants: [{ role: 'service', ...inProject }],
    }),
  )
  expect(await organisations.revokeIdentity(callAs(caller), { identity: made.identity })).toMatchObject({
    rule: 'OBJECT-ABSENT',
  })
  expect((await organisations.revokeIdentity(callAs(chief), { identity: made.identity })).ok).toBe(true)
  const login = await kms.post('/api/v1/auth/universal-auth/login', made)
  expect(login.status).toBe(422)
  const { clientId, clientSecret } = made
  expect((await kms.post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })).status).toBe(401)
})

test('ORG-03 who has a role in one project lists that one, and who has none there finds no organisation', async () => {
  const { organisations } = kms.server.services
  const { callAs, caller, organisation, project } = kms
  const other = await kms.makeProject('Other')
  const ids = async (who: Caller) => {
    const found = await organisations.listProjects(callAs(who), { organisation: organisation.id })
    return found.ok ? found.value.map(({ id }) => id) : found.rule
  }
  expect(given(await organisations.listOrganisations(callAs(caller), {})).map(({ id }) => id)).toEqual([
    organisation.id,
  ])
  expect(await ids(caller)).toEqual([project.id])
  expect(await ids(kms.chief)).toEqual(expect.arrayContaining([project.id, other.id]))
  expect(await ids({ identity: 'stranger', grants: [] })).toBe('OBJECT-ABSENT')
})

test('IDENTITY-LIST people of a provider are people; a list has a kind, a search, pages and their total', async () => {
  const { database, organisations } = kms.server.services
  const grant = { role: 'user', organisation: kms.organisation.id, project: kms.project.id } as const
  const provider_id = randomUUID()
  await database.change(async (work) => {
    await work.authority.insert('identity_provider', {
      id: provider_id,
      name: 'office',
      kind: 'oidc',
      settings: '{}',
    })
    for (const name of ['Member Ann', 'Member Bob', 'Member Cid']) {
      const identity_id = randomUUID()
      const row = { id: identity_id, name, client_id: null, token_ttl_seconds: 60, revoked_at: null }
      await work.authority.insert('identity', { ...row, tenant: '' })
      await work.authority.insert('member', { identity_id, provider_id, subject: name })
      await insertGrants(work, identity_id, [grant])
    }
  })
  const list = async (fields: object) => {
    const { identities, totalCount } = given(
      await organisations.listIdentities(kms.callAs(kms.chief), { offset: 0, limit: 100, ...fields }),
    )
    return { names: identities.map(({ name }) => name), totalCount }
  }
  const people = { kind: 'person', search: 'MEMBER' } as const
  expect(await list(people)).toEqual({
    names: ['Member Ann', 'Member Bob', 'Member Cid'],
    totalCount: 3,
  })
  expect(await list({ ...people, offset: 1, limit: 1 })).toEqual({ names: ['Member Bob'], totalCount: 3 })
  expect(await list({ ...people, kind: 'service' })).toEqual({ names: [], totalCount: 0 })
  const byHttp = await kms.server.app.inject({
    method: 'GET',
    url: '/api/v1/identities?kind=person&search=bob&limit=1',
    headers: {
      authorization: await kms.bearer([
        { role: 'organisation-admin', organisation: kms.organisation.id, project: null },
      ]),
    },
  })
  expect(byHttp.json()).toMatchObject({ identities: [{ name: 'Member Bob', kind: 'person' }], totalCount: 1 })
})

test('SETUP-01 a person who has not enrolled is set up anew by the same code, and his first enrolment code opens nothing', async () => {
  const { organisations, people } = kms.server.services
  const code = (await organisations.offerSetup()) ?? ''
  const asked = { door: 'direct', reqId: 'test', source: 'here' } as const
  const admin = { code, name: 'Ada', username: 'first-ada' }
  const enrolmentOf = async () => {
    const { admin: made } = given(await organisations.setUp(admin, asked))
    return 'code' in made ? made.code : ''
  }
  const first = await enrolmentOf()
  const again = await enrolmentOf()
  expect(await people.beginEnrolment(first, asked)).toMatchObject({ rule: 'ENROLMENT-ABSENT' })
  given(await people.beginEnrolment(again, asked))
  // A new start of the server, which prints a new code, leads there too.
  expect(await organisations.offerSetup()).not.toBe(null)
})

test('SETUP-01 the setup code makes the first server admin, once, and closes for ever', async () => {
  const { organisations, people, database } = kms.server.services
  const stale = await organisations.offerSetup()
  const code = await organisations.offerSetup()
  const use = (offered: unknown) =>
    kms.server.app.inject({ method: 'POST', url: '/api/v1/setup', payload: { code: offered, name: 'Ada' } })
  expect((await use(stale)).statusCode).toBe(401)
  await lawfully(database).update('deployment', {}, { setup_expires_at: new Date(0) })
  expect((await use(code)).json().code).toBe('SETUP-REFUSED')
  const again = (await organisations.offerSetup()) ?? ''
  const asked = { door: 'direct', reqId: 'test', source: 'here' } as const
  const stranger = { code: again, name: 'Eve', username: 'first-eve' }
  const { admin: invited } = given(await organisations.setUp(stranger, asked))
  const enrolment = 'code' in invited ? invited.code : ''
  given(await people.beginEnrolment(enrolment, asked))
  const [one, two] = await Promise.all([use(again), use(again)])
  expect([one.statusCode, two.statusCode].toSorted()).toEqual([200, 401])
  const won = one.statusCode === 200 ? one : two
  // Whom a set-up before it invited does not enrol after it.
  expect(await people.beginEnrolment(enrolment, asked)).toMatchObject({ rule: 'ENROLMENT-ABSENT' })
  const { clientId, clientSecret } = won.json().identity
  expect(won.headers['audit-receipt']).toMatch(/^v1;/)
  const login = await kms.post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  const headers = { authorization: `Bearer ${login.body.accessToken}` }
  const as = (method: 'GET' | 'POST', url: string, payload?: object) =>
    kms.server.app.inject({ method, url, headers, ...(payload ? { payload } : {}) })
  const made = await as('POST', '/api/v1/organisations', { name: 'Online' })
  expect(made.json().organisation).toMatchObject({ name: 'Online', ceremonyOnly: false })
  const chief = await as('POST', '/api/v1/identities', {
    name: 'Chief',
    grants: [{ role: 'organisation-admin', organisationId: made.json().organisation.id }],
  })
  expect(chief.json().identity).toMatchObject({
    clientId: expect.any(String),
    clientSecret: expect.any(String),
  })
  expect((await as('GET', '/api/v1/organisations')).json().organisations.length).toBeGreaterThan(1)
  expect((await as('POST', `/api/v1/kms/keys`, { projectId: kms.project.id, name: 'no' })).statusCode).toBe(
    404,
  )
  expect(await organisations.offerSetup()).toBe(null)
})

/** A message of KMIP 2.1 by this caller, answered for the project. */
const askKmip =
  (caller: Caller, place = { organisation: kms.organisation.id, project: kms.project.id }) =>
  async (operation: 'Locate' | 'Encrypt', payload: readonly Item[]): Promise<readonly Item[]> => {
    const { server } = kms
    const message = writeRequest({
      header: { ...bareHeader, version: '2.1' },
      items: [
        {
          operation: enumerations.Operation[operation],
          ephemeral: null,
          id: null,
          payload,
          extensions: [],
        },
      ],
    })
    const parts = {
      keys: server.services.keys,
      now: () => new Date(),
      newReqId: () => 'of-kmip',
      roomFor: server.services.authentication.roomFor,
      fault(error: unknown) {
        throw error
      },
    }
    const client = { caller, ...place }
    const answered = given(decodeItem(await answer(encodeItem(message), client, parts)))
    const result = given(readResponse(answered)).items[0]?.result
    if (result?.status !== 'success') throw new Error(JSON.stringify(result))
    return result.payload
  }

test('ACCESS-03 a list shows, at every door, those keys alone that the conditions of a role name', async () => {
  const { server, caller, callAs } = kms
  const project = await kms.makeProject('Scoped')
  const place = { organisation: kms.organisation.id, project: project.id }
  const { keys, database, credentials } = server.services
  const all: readonly Grant[] = caller.grants.map((grant) => ({ ...grant, ...place }))
  const make = async (name: string, algorithm: KeyAlgorithm) =>
    given(await keys.create(callAs({ ...caller, grants: all }), { project: project.id, name, algorithm })).id
  const seen = [await make('pay-1', 'aes-256-gcm'), await make('pay-2', 'aes-256-gcm')]
  const [signs, other] = [await make('pay-signs', 'ECC_NIST_P256'), await make('other', 'aes-256-gcm')]

  async function shownAt(conditions: readonly (Conditions | null)[]) {
    const grants = conditions.map((one): Grant => ({ role: 'service', ...place, conditions: one }))
    // One of two roles in one place is another's: a person has one of each.
    const roles = grants.map((grant, at): Grant => (at === 0 ? grant : { ...grant, role: 'user' }))
    const { identity } = await createIdentity(database, { name: 'scoped', grants: roles })
    const wanted = { identity, name: 'lists', ttlSeconds: 3600 }
    const key = given(await credentials.addApiKey(callAs({ identity, grants: roles }), wanted))
    const rest = await server.app.inject({
      url: `/api/v1/kms/keys?projectId=${project.id}`,
      headers: { authorization: `Bearer ${key.token}` },
    })
    const vault = await server.app.inject({
      method: 'GET',
      url: '/v1/transit/keys?list=true',
      headers: { 'x-vault-token': key.token },
    })
    const time = signingTime(new Date())
    const body = Buffer.from('{}')
    const headers = {
      host: 'kms.test',
      'x-amz-date': time,
      'x-amz-target': 'TrentService.ListKeys',
      'content-type': 'application/x-amz-json-1.1',
    }
    const signed = { method: 'POST', path: '/', headers, body }
    const scope = { time, region: 'custody', service: 'kms' }
    const authorization = authorizationOf(
      key.aws?.accessKeyId ?? '',
      key.aws?.secretAccessKey ?? '',
      signed,
      scope,
    )
    const aws = await server.app.inject({
      method: 'POST',
      url: '/',
      headers: { ...headers, authorization },
      payload: body,
    })
    const client = { organisation: place.organisation, project: project.id }
    const located = await askKmip({ identity, grants: roles }, client)('Locate', [])
    const { body: text } = rest
    return {
      rest: JSON.parse(text)
        .keys.map(({ id }: { id: string }) => id)
        .toSorted(),
      total: JSON.parse(text).totalCount,
      vault: vault.json().data.keys,
      aws: aws
        .json()
        .Keys.map(({ KeyId }: { KeyId: string }) => KeyId)
        .toSorted(),
      kmip: located.flatMap(({ type, value }) => (type === 'text-string' ? [value] : [])).toSorted(),
    }
  }

  const both = seen.toSorted()
  expect(await shownAt([{ keyNames: ['pay-'], keyAlgorithms: ['aes-256-gcm'] }])).toEqual({
    rest: both,
    total: 2,
    vault: ['pay-1', 'pay-2'],
    aws: both,
    kmip: both,
  })
  // Each role adds what is its own; a pair has a public half too.
  const two = await shownAt([{ keyAlgorithms: ['ECC_NIST_P256'] }, { keyNames: ['oth', 'none'] }])
  expect(two).toMatchObject({ rest: [signs, other].toSorted(), vault: ['other', 'pay-signs'] })
  expect(await shownAt([{ keyNames: ['none'] }])).toEqual({
    rest: [],
    total: 0,
    vault: [],
    aws: [],
    kmip: [],
  })
  expect((await shownAt([{ keyNames: ['none'] }, null])).total).toBe(4)
})
