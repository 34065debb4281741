import {
  constants,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
} from 'node:crypto'
import { rm } from 'node:fs/promises'
import { aesKwpUnwrap, aesKwpWrap, encodeCanonical, verifySignature } from '@lux/crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { rsaPair } from '../../../../packages/crypto/test/rsa-pair.ts'
import { shredContext } from '../../src/keys/operations/ending.ts'
import { openKeyOperations } from '../../src/keys/operations.ts'
import { openKeyRepository } from '../../src/keys/repository.ts'
import { wrappedRow } from '../../src/keys/row-mac.ts'
import { unapproved } from '../../src/operations/pipeline.ts'
import { openOwnerDatabase } from '../../src/platform/database/open.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
import { EnvironmentError, type Outcome } from '../../src/refusal.ts'
import { openServer } from '../../src/server.ts'
import { lawfully } from '../support/authority.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
const base64 = (text: string) => Buffer.from(text).toString('base64')

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

test('KMS-08 a threshold key is a record until its ceremony, gives its plan request, and does nothing else', async () => {
  const { project, organisation } = kms
  const wanted = { projectId: project.id, name: 'votes', algorithm: 'TFHE_INTEGER' }
  const made = await kms.post('', { ...wanted, threshold: { t: 2, n: 3, mode: 'S' } })
  expect(made.status).toBe(200)
  const { key, planRequest } = made.body
  expect(key).toMatchObject({
    version: 0,
    keyUsage: 'fhe-computation',
    state: 'awaiting-ceremony',
    fheKeyId: null,
    threshold: { t: 2, n: 3, mode: 'S' },
  })
  const { card, audience } = await readCard(kms.state)
  expect(planRequest).toEqual({
    v: 1,
    kind: 'plan-request',
    domain: 'rehearsal',
    audience,
    name: 'votes',
    organisation: organisation.id,
    project: project.id,
    combinerRecipient: card.combinerRecipient,
    fhe: { id: key.id, type: 'TFHE_INTEGER', mode: 'S', squash: true, inputs: 'signed', t: 2, n: 3 },
  })
  expect((await kms.get(`${key.id}/plan-request`)).body).toEqual(planRequest)
  const codes = []
  for (const [path, body] of [
    ['encrypt', { plaintext: '' }],
    ['rotate', {}],
    ['sign', { data: '', signingAlgorithm: 'ECDSA_SHA_256' }],
  ] as const)
    codes.push((await kms.post(`${key.id}/${path}`, body)).body.code)
  expect(codes).toEqual(['FHE-CEREMONY', 'FHE-CEREMONY', 'FHE-CEREMONY'])
  const refused = async (fields: object) =>
    (await kms.post('', { ...wanted, name: 'other', ...fields })).status
  expect(await refused({})).toBe(422)
  expect(await refused({ threshold: { t: 4, n: 3, mode: 'S' } })).toBe(422)
  expect(await refused({ threshold: { t: 2, n: 3, mode: 'S' }, keyUsage: 'sign-verify' })).toBe(400)
  expect(await refused({ threshold: { t: 2, n: 3, mode: 'S' }, algorithm: 'aes-256-gcm' })).toBe(400)
  expect((await kms.post('', { ...wanted, threshold: { t: 2, n: 3, mode: 'S' } })).body.code).toBe(
    'KEY-NAME-TAKEN',
  )
})

test('FHE-RECORD the record of a threshold key switches its use off, and no receipt says that its shares are gone', async () => {
  const { database, threshold } = kms.server.services
  const threshold2of3 = { t: 2, n: 3, mode: 'S' } as const
  const wanted = { projectId: kms.project.id, algorithm: 'TFHE_INTEGER', threshold: threshold2of3 }
  const { key } = (await kms.post('', { ...wanted, name: 'ballots' })).body
  const [keyId, requestId] = ['ab'.repeat(32), 'request']
  await database
    .insertInto('fhe_key')
    .values({
      id: keyId,
      organisation_id: kms.organisation.id,
      type: 'TFHE_INTEGER',
      ...threshold2of3,
      epoch: 0,
      commitments: keyId,
      evidence: '{}',
      bundle_digest: keyId,
    })
    .execute()
  await lawfully(database).update('key', { id: key.id }, { fhe_key_id: keyId })
  const call = () => kms.callAs(kms.caller)
  const ruleOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'ok' : outcome.rule)
  const uses = async () => [
    ruleOf(await threshold.release(call(), { id: keyId, requestId })),
    ruleOf(await threshold.result(call(), { id: keyId, requestId })),
  ]
  expect(await uses()).toEqual(['REQUEST-ABSENT', 'REQUEST-ABSENT'])
  expect((await kms.post(`${key.id}/shred`, { confirmName: 'ballots' })).body.code).toBe('FHE-CEREMONY')
  const destroyed = await kms.server.services.keys.destroyObject(call(), { id: key.id })
  expect(ruleOf(destroyed)).toBe('FHE-CEREMONY')
  await kms.call('PATCH', key.id, { isDisabled: true })
  expect(await uses()).toEqual(['KEY-DISABLED', 'KEY-DISABLED'])
  // It is of the project whose record asked for it: who has a role in another alone does not see it.
  const other = await kms.makeProject('Other')
  const grants = [{ role: 'service', organisation: kms.organisation.id, project: other.id }] as const
  const stranger = kms.callAs({ identity: kms.caller.identity, grants })
  const listedBy = async (who: typeof stranger) =>
    given(await threshold.list(who, { limit: 10 })).map(({ id }) => id)
  expect(await threshold.get(stranger, { id: keyId })).toMatchObject({ rule: 'OBJECT-ABSENT' })
  expect(ruleOf(await threshold.result(stranger, { id: keyId, requestId }))).toBe('OBJECT-ABSENT')
  expect([await listedBy(stranger), await listedBy(call())]).toEqual([[], [keyId]])
  const entry = await database
    .selectFrom('audit')
    .select('project_id')
    .where('operation', '=', 'threshold.release')
    .executeTakeFirstOrThrow()
  expect(entry.project_id).toBe(kms.project.id)
  // Who reads still reads.
  expect(ruleOf(await threshold.requests(call(), { id: keyId }))).toBe('ok')
  await kms.call('PATCH', key.id, { isDisabled: false })
  expect(await uses()).toEqual(['REQUEST-ABSENT', 'REQUEST-ABSENT'])
  await kms.call('DELETE', key.id)
  expect(await uses()).toEqual(['KEY-DELETED', 'KEY-DELETED'])
  await lawfully(database).remove('key', { id: key.id })
  await database.deleteFrom('fhe_key').execute()
})

test('KMS-09 rewrap moves a ciphertext to the current version, and to other AAD, without showing its text', async () => {
  const id = await kms.make('rewrapped')
  const [plaintext, aad, newAad] = [base64('four crates'), base64('order 7'), base64('order 8')]
  const { ciphertext } = (await kms.post(`${id}/encrypt`, { plaintext, aad })).body
  await kms.post(`${id}/rotate`)
  const moved = (await kms.post(`${id}/rewrap`, { ciphertext, aad })).body
  expect(Object.keys(moved)).toEqual(['ciphertext'])
  expect(Buffer.from(moved.ciphertext, 'base64').readUInt32BE(22)).toBe(2)
  const open = async (fields: object) => (await kms.post(`${id}/decrypt`, fields)).body
  expect(await open({ ciphertext: moved.ciphertext, aad })).toEqual({ plaintext })
  const other = (await kms.post(`${id}/rewrap`, { ciphertext, aad, newAad })).body
  expect(await open({ ciphertext: other.ciphertext, aad: newAad })).toEqual({ plaintext })
  expect((await open({ ciphertext: other.ciphertext, aad })).code).toBe('ENVELOPE-TAG')
  expect((await kms.post(`${id}/rewrap`, { ciphertext, newAad })).body.code).toBe('ENVELOPE-TAG')
})

test('KMS-10 many at once: each item has its answer or its own error, in order', async () => {
  const id = await kms.make('many')
  const sealed = await kms.post(`${id}/encrypt-batch`, {
    items: [{ plaintext: base64('one') }, { plaintext: base64('two'), aad: base64('a') }],
  })
  const [one, two] = sealed.body.items
  const opened = await kms.post(`${id}/decrypt-batch`, {
    items: [{ ciphertext: two.ciphertext, aad: base64('a') }, { ciphertext: 'AAAA' }, one],
  })
  expect(opened.status).toBe(200)
  expect(opened.body.items).toEqual([
    { plaintext: base64('two') },
    {
      error: {
        statusCode: 400,
        code: 'ENVELOPE-MALFORMED',
        message: expect.stringContaining('ENVELOPE-MALFORMED'),
      },
    },
    { plaintext: base64('one') },
  ])
  const moved = await kms.post(`${id}/rewrap-batch`, { items: [one, two] })
  expect(moved.body.items[0]).toEqual({ ciphertext: expect.any(String) })
  expect(moved.body.items[1].error.code).toBe('ENVELOPE-TAG')
  const pair = await kms.make('many-pair', { algorithm: 'ECC_NIST_P256' })
  const signed = await kms.post(`${pair}/sign-batch`, {
    items: [
      { data: base64('x'), signingAlgorithm: 'ECDSA_SHA_256' },
      { data: base64('x'), signingAlgorithm: 'RSASSA_PSS_SHA_256' },
    ],
  })
  expect(signed.body.items).toMatchObject([
    { keyVersion: 1, signingAlgorithm: 'ECDSA_SHA_256' },
    { error: { code: 'SIGNING-ALGORITHM' } },
  ])
  expect((await kms.post(`${id}/encrypt-batch`, { items: [] })).status).toBe(422)
  expect((await kms.post(`nothing/encrypt-batch`, { items: [{ plaintext: '' }] })).status).toBe(404)
})

test('KMS-11 a key is rotated when its schedule says so, once, and not while it is off', async () => {
  const { keys, database } = kms.server.services
  const id = await kms.make('scheduled', { rotateEveryDays: 30 })
  const shown = async () => (await kms.get(id)).body.key
  const { nextRotation } = await shown()
  expect(Math.round((Date.parse(nextRotation) - Date.now()) / 86_400_000)).toBe(30)
  expect(await keys.rotateDue()).toBe(0)
  const due = () => lawfully(database).update('key', { id }, { rotate_at: new Date(Date.now() - 1000) })
  await due()
  const counts = await Promise.all([keys.rotateDue(), keys.rotateDue()])
  expect(counts.toSorted()).toEqual([0, 1])
  expect(await shown()).toMatchObject({ version: 2, rotateEveryDays: 30 })
  expect(Date.parse((await shown()).nextRotation)).toBeGreaterThan(Date.now() + 29 * 86_400_000)
  await kms.call('PATCH', id, { isDisabled: true })
  await due()
  expect(await keys.rotateDue()).toBe(0)
  expect((await kms.call('PATCH', id, { rotateEveryDays: null })).body.key).toMatchObject({
    rotateEveryDays: null,
    nextRotation: null,
  })
  const entries = await database
    .selectFrom('audit')
    .select('entry')
    .where('identity_id', '=', 'server')
    .execute()
  expect(entries.map(({ entry }) => JSON.parse(entry!))).toMatchObject([
    { door: 'server', operation: 'key.rotate', outcome: 'ok', key: id, version: 2 },
  ])
})

test('KMS-11 a rotation that fails is due again within minutes, is in the audit, and keeps no other key from its turn', async () => {
  const { keys, database, token, unwrapping } = kms.server.services
  const first = await kms.make('sealed-first', { rotateEveryDays: 30 })
  const second = await kms.make('sealed-second', { rotateEveryDays: 30 })
  const due = (...ids: readonly string[]) =>
    lawfully(database).update('key', (its) => its.where('id', 'in', ids), {
      rotate_at: new Date(Date.now() - 1000),
    })
  const shown = async (id: string) => (await kms.get(id)).body.key
  const minutes = async (id: string) => (Date.parse((await shown(id)).nextRotation) - Date.now()) / 60_000
  await due(first, second)
  // No KEK is in memory, and the token lends none.
  unwrapping.forgetAll()
  const away = vi
    .spyOn(token, 'useAgain')
    .mockRejectedValue(new EnvironmentError('TOKEN-PIN', 'it is sealed'))
  try {
    await expect(keys.rotateDue()).rejects.toMatchObject({ code: 'TOKEN-PIN' })
  } finally {
    away.mockRestore()
  }
  for (const id of [first, second]) {
    expect((await shown(id)).version).toBe(1)
    expect(await minutes(id)).toBeLessThanOrEqual(5)
  }
  const entries = await database
    .selectFrom('audit')
    .select(['key_id', 'operation', 'outcome'])
    .where('identity_id', '=', 'server')
    .where('key_id', 'in', [first, second])
    .execute()
  expect(entries.map(({ operation, outcome }) => [operation, outcome])).toEqual(
    Array(2).fill(['key.rotate', 'TOKEN-PIN']),
  )
  await due(first, second)
  expect(await keys.rotateDue()).toBe(2)
  for (const id of [first, second]) {
    expect((await shown(id)).version).toBe(2)
    expect(await minutes(id)).toBeGreaterThan(29 * 24 * 60)
  }
})

test('KMS-11 a rotation that is refused is told once, and waits for as many days as the key says by then', async () => {
  const { keys, database, unwrapping, record } = kms.server.services
  const id = await kms.make('no-algorithm', { rotateEveryDays: 30 })
  const due = { rotate_at: new Date(Date.now() - 1000), algorithm: 'of another time' }
  await lawfully(database).update('key', { id }, due)
  // Its days are changed while it is being rotated.
  const repository = openKeyRepository(database)
  const meddling = openKeyOperations({
    unwrapping,
    record,
    approvals: unapproved,
    now: () => new Date(),
    repository: {
      ...repository,
      async claimRotation(from, until) {
        const claimed = await repository.claimRotation(from, until)
        if (claimed !== 'none') await repository.change(id, { rotate_every_days: 7, rotate_at: until })
        return claimed
      },
    },
  })
  await expect(meddling.rotateDue()).rejects.toMatchObject({ code: 'KEY-USAGE' })
  const { rotate_every_days: days, rotate_at: at } = await database
    .selectFrom('key')
    .select(['rotate_every_days', 'rotate_at'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  expect(days).toBe(7)
  expect(Math.round(((at?.getTime() ?? 0) - Date.now()) / 86_400_000)).toBe(7)
  expect(await keys.rotateDue()).toBe(0)
})

test('KMS-12 a compromised version still opens and makes nothing, for ever', async () => {
  const id = await kms.make('leaked')
  const { ciphertext } = (await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).body
  const set = async (state: string) => (await kms.call('PATCH', `${id}/versions/1`, { state })).body
  expect(await set('compromised')).toEqual({ version: 1, state: 'compromised' })
  expect((await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).body.code).toBe('KEY-VERSION-DISABLED')
  expect((await kms.post(`${id}/decrypt`, { ciphertext })).body).toEqual({ plaintext: 'AAAA' })
  expect((await set('enabled')).code).toBe('KEY-VERSION-COMPROMISED')
  await kms.post(`${id}/rotate`)
  expect((await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).status).toBe(200)
})

test('LOGIN-RENEW a token is renewed by itself alone, and stays the same', async () => {
  const { clientId, clientSecret } = kms.credentials
  const login = await kms.post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  const { accessToken } = login.body
  const renew = (bearer: string, token: string) =>
    kms.server.app.inject({
      ...({ method: 'POST', url: '/api/v1/auth/token/renew' } as const),
      headers: { authorization: `Bearer ${bearer}` },
      payload: { accessToken: token },
    })
  const { database } = kms.server.services
  const soon = new Date(Date.now() + 60_000)
  await lawfully(database).update('token', {}, { expires_at: soon })
  const renewed = await renew(accessToken, accessToken)
  expect(renewed.json()).toMatchObject({ accessToken, tokenType: 'Bearer', accessTokenMaxTTL: 31_536_000 })
  expect(renewed.json().expiresIn).toBeGreaterThan(29 * 86_400)
  const other = await kms.post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  const differing = await renew(accessToken, other.body.accessToken)
  expect([differing.statusCode, differing.json().code]).toEqual([401, 'ACCESS-REFUSED'])
  // A year after its login a token ends, however often it was renewed.
  const long = new Date(Date.now() - 364 * 86_400_000)
  await lawfully(database).update('token', {}, { created_at: long })
  expect((await renew(accessToken, accessToken)).json().expiresIn).toBeLessThanOrEqual(86_400)
  const fresh = { created_at: new Date(), expires_at: new Date(Date.now() + 9e8) }
  await lawfully(database).update('token', {}, fresh)
})

const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }

async function importKey(name: string, algorithm: string, key: Uint8Array, fields: object = {}) {
  const { importKey: offered } = (await kms.post('/api/v1/kms/import-keys', { projectId: kms.project.id }))
    .body
  const to = createPublicKey({ key: Buffer.from(offered.publicKey, 'base64'), format: 'der', type: 'spki' })
  const aes = randomBytes(32)
  const wrappedKey = Buffer.concat([publicEncrypt({ key: to, ...oaep }, aes), aesKwpWrap(aes, key)])
  const body = {
    importKeyId: offered.id,
    name,
    algorithm,
    wrappedKey: wrappedKey.toString('base64'),
    ...fields,
  }
  return { body, reply: await kms.post('import', body) }
}

test('KMS-13 a key is imported under a wrapping key that works once, and is used as its owner knows it', async () => {
  const secret = randomBytes(32)
  const { body, reply } = await importKey('own-mac', 'HMAC_256', secret)
  expect(reply.status).toBe(200)
  const { id } = reply.body.key
  const data = Buffer.from('hello')
  const { mac } = (await kms.post(`${id}/generate-mac`, { data: data.toString('base64') })).body
  expect(mac).toBe(createHmac('sha256', secret).update(data).digest('base64'))
  expect((await kms.get(`${id}/versions`)).body.versions).toMatchObject([{ version: 1, origin: 'imported' }])
  expect((await kms.post('import', { ...body, name: 'again' })).body.code).toBe('IMPORT-KEY-ABSENT')

  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  const pair = await importKey('own-pair', 'ECC_NIST_P384', der)
  const signature = sign('sha384', data, privateKey).toString('base64')
  const verified = await kms.post(`${pair.reply.body.key.id}/verify`, {
    data: data.toString('base64'),
    signature,
    signingAlgorithm: 'ECDSA_SHA_384',
  })
  expect(verified.body.signatureValid).toBe(true)
  expect((await importKey('wrong-curve', 'ECC_NIST_P256', der)).reply.body.code).toBe('KEY-MATERIAL')
  expect((await importKey('wrong-length', 'aes-256-gcm', randomBytes(16))).reply.body.code).toBe(
    'KEY-MATERIAL',
  )
  const spoiled = await importKey('spoiled', 'HMAC_256', secret, { wrappedKey: base64('x'.repeat(600)) })
  expect(spoiled.reply.body.code).toBe('IMPORT-UNWRAP')
  // What did not open has used the wrapping key up too.
  expect((await kms.post('import', spoiled.body)).body.code).toBe('IMPORT-KEY-ABSENT')
})

test('KMS-14 a key that was made to leave leaves wrapped to whom an officer names; no other does', async () => {
  const id = await kms.make('leaves', { algorithm: 'HMAC_256', isExportable: true })
  const { publicKey, privateKey } = rsaPair(3072)
  const to = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const { body } = await kms.post(`${id}/export`, { publicKey: to })
  const wrapped = Buffer.from(body.wrappedKey, 'base64')
  const aes = privateDecrypt({ key: privateKey, ...oaep }, wrapped.subarray(0, 384))
  const secret = aesKwpUnwrap(aes, wrapped.subarray(384))
  const { mac } = (await kms.post(`${id}/generate-mac`, { data: 'AAAA' })).body
  expect(mac).toBe(createHmac('sha256', secret).update(Buffer.from('AAAA', 'base64')).digest('base64'))
  const short = rsaPair(2048)
  const shortTo = short.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  expect((await kms.post(`${id}/export`, { publicKey: shortTo })).body.code).toBe('WRAPPING-KEY')
  expect((await kms.post(`${id}/export`, { publicKey: 'AAAA' })).body.code).toBe('WRAPPING-KEY')
  const stays = await kms.make('stays')
  expect((await kms.post(`${stays}/export`, { publicKey: to })).body.code).toBe('KEY-NOT-EXPORTABLE')
  const { lifecycle } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const service = { identity: 's', grants: [{ role: 'service', ...place }] } as const
  const refused = await lifecycle.exportKey(kms.callAs(service), { id, to: Buffer.from(to, 'base64') })
  expect(refused).toMatchObject({ ok: false, rule: 'ROLE-REFUSED' })
})

test('KEY-SHREDDED a shredded key comes back by nothing: neither by the server nor by an older database', async () => {
  const { database, unwrapping } = kms.server.services
  const id = await kms.make('shredded')
  const { ciphertext } = (await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })).body
  await kms.post(`${id}/rotate`)
  const backup = {
    key: await database.selectFrom('key').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    versions: await database.selectFrom('key_version').selectAll().where('key_id', '=', id).execute(),
  }
  expect((await kms.post(`${id}/shred`, { confirmName: 'another' })).body.code).toBe('SHRED-CONFIRM')
  const { receipt } = (await kms.post(`${id}/shred`, { confirmName: 'shredded' })).body
  const { card, audience } = await readCard(kms.state)
  expect(receipt.payload).toMatchObject({ level: 'S0', id, versions: 2, bundles: [], audience })
  const [signature] = receipt.signatures
  const signed = encodeCanonical(receipt.payload)
  expect(verifySignature(card.receiptKey, shredContext, signed, signature)).toMatchObject({ ok: true })
  expect((await kms.post(`${id}/shred`, { confirmName: 'x' })).body.receipt).toEqual(receipt)
  expect((await kms.post(`${id}/decrypt`, { ciphertext })).body.code).toBe('KEY-SHREDDED')
  expect((await kms.post(`${id}/cancel-deletion`)).body.code).toBe('KEY-DELETED')

  // An older database, put back under the running server.
  const owner = await openOwnerDatabase({ folder: kms.state.database })
  await owner.database.deleteFrom('tombstone').execute()
  await owner.close()
  const write = lawfully(database)
  await write.update('key', { id }, { is_disabled: backup.key.is_disabled, destroy_at: null })
  for (const { version, wrapped, state } of backup.versions)
    await write.update('key_version', { key_id: id, version }, { wrapped, state })
  unwrapping.forgetAll()
  for (const [operation, body] of [
    ['decrypt', { ciphertext }],
    ['encrypt', { plaintext: 'AAAA' }],
    ['rotate', {}],
  ] as const)
    expect((await kms.post(`${id}/${operation}`, body)).body.code).toBe('KEY-SHREDDED')
  const [first] = backup.versions
  const row = wrappedRow('data', id, kms.project.id, id, first!)
  const unwrapped = unwrapping.useKey(backup.key, { ...first!, row }, () => 'its bytes')
  await expect(unwrapped).rejects.toMatchObject({ code: 'KEY-SHREDDED' })
  await kms.server.app.close()
  const again = await openServer(kms.state, false)
  try {
    const call = kms.callAs(kms.caller)
    const opened = await again.services.keys.decrypt(call, {
      id,
      ciphertext: Buffer.from(ciphertext, 'base64'),
    })
    expect(opened).toMatchObject({ ok: false, rule: 'KEY-SHREDDED' })
    const rows = await again.services.database
      .selectFrom('key_version')
      .select(['wrapped', 'state'])
      .where('key_id', '=', id)
      .execute()
    expect(rows.map(({ wrapped, state }) => [wrapped.length, state])).toEqual([
      [0, 'destroyed'],
      [0, 'destroyed'],
    ])
  } finally {
    await again.app.close()
    await rm(kms.state.root, { recursive: true, force: true })
  }
})
