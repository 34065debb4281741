import { afterAll, beforeAll, expect, test } from 'vitest'
import { lawfully } from '../support/authority.ts'
import { openKms } from '../support/kms-under-test.ts'
import {
  atMoto,
  awsCredentials as credentials,
  type Peer,
  awsRegion as region,
  startMoto,
} from './support/peers.ts'

let moto: Peer
let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  moto = await startMoto()
  process.env.EGRESS_PRIVATE_HOSTS = moto.host
  kms = await openKms()
})

afterAll(async () => {
  delete process.env.EGRESS_PRIVATE_HOSTS
  await kms?.close()
  await moto?.stop()
})

const atAws = (operation: string, fields: object) => atMoto(moto, operation, fields)

const made = async (fields: object = { KeyUsage: 'ENCRYPT_DECRYPT' }): Promise<string> =>
  (await atAws('CreateKey', fields)).KeyMetadata?.KeyId ?? ''

const base = '/api/v1/external-keys'
const configured = (name: string, keyId: string, settings: object = {}) =>
  kms.post(base, {
    projectId: kms.project.id,
    name,
    provider: 'aws',
    credentials,
    settings: { region, keyId, endpoint: moto.url, ...settings },
  })

test('EXTERNAL-AWS a key at AWS encrypts and decrypts, gives data keys and is rotated, and binds additional data', async () => {
  const keyId = await made()
  const one = await configured('orders', keyId)
  expect(one).toMatchObject({ status: 200, body: { key: { provider: 'aws', keyUsage: 'encrypt-decrypt' } } })
  const { id } = one.body.key
  const aad = Buffer.from('order 7').toString('base64')
  const plaintext = Buffer.alloc(100_000, 7).toString('base64')
  const sealed = await kms.post(`${base}/${id}/encrypt`, { plaintext, aad })
  expect(sealed.status).toBe(200)
  expect(sealed.headers['audit-receipt']).toMatch(/^v1;/)
  const { ciphertext } = sealed.body
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext, aad })).body).toEqual({ plaintext })
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext })).body.code).toBe('ENVELOPE-TAG')
  const data = await kms.post(`${base}/${id}/generate-data-key`, {})
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext: data.body.ciphertext })).body).toEqual({
    plaintext: data.body.plaintext,
  })
  expect(Buffer.from(data.body.plaintext, 'base64')).toHaveLength(32)
  expect(await kms.post(`${base}/${id}/rotate`)).toMatchObject({ status: 200 })
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext, aad })).body).toEqual({ plaintext })
  expect((await kms.post(`${base}/${id}/test`)).body).toMatchObject({
    works: true,
    providerKeyId: expect.stringContaining(keyId),
  })
  const bytes = Buffer.from(ciphertext, 'base64')
  // The last byte of what the provider sealed.
  bytes[7 + bytes.readUInt32BE(4)]! ^= 1
  const changed = await kms.post(`${base}/${id}/decrypt`, { ciphertext: bytes.toString('base64'), aad })
  expect(changed.body.code).toBe('PROVIDER-CIPHERTEXT')
})

test.each(['ECC_NIST_P256', 'RSA_2048'])(
  'EXTERNAL-LIE this peer signs the digest of the digest: the signature of its %s key is not valid, and is not given',
  async (KeySpec) => {
    const keyId = await made({ KeyUsage: 'SIGN_VERIFY', KeySpec })
    const one = await configured(`sign-${KeySpec.length}`, keyId)
    expect(one).toMatchObject({ status: 502, body: { code: 'PROVIDER-ANSWER' } })
  },
)

test('EXTERNAL-STATE a disabled key, a deleted one and one that was never there are told apart', async () => {
  const keyId = await made()
  const { id } = (await configured('states', keyId)).body.key
  await atAws('DisableKey', { KeyId: keyId })
  expect((await kms.post(`${base}/${id}/test`)).body.code).toBe('PROVIDER-KEY-DISABLED')
  await atAws('EnableKey', { KeyId: keyId })
  await atAws('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: 7 })
  expect((await kms.post(`${base}/${id}/test`)).body.code).toBe('PROVIDER-KEY-DELETED')
  const never = await configured('never', '11111111-2222-3333-4444-555555555555')
  expect(never).toMatchObject({ status: 409, body: { code: 'PROVIDER-KEY-ABSENT' } })
})

test('EXTERNAL-ADDRESS addresses inside, metadata services, plain HTTP and redirects are refused', async () => {
  const keyId = await made()
  for (const [endpoint, code] of [
    ['https://169.254.169.254', 'PROVIDER-ADDRESS'],
    ['https://[fd00:ec2::254]', 'PROVIDER-ADDRESS'],
    ['https://[::ffff:127.0.0.1]', 'PROVIDER-ADDRESS'],
    ['https://127.0.0.1:1', 'PROVIDER-ADDRESS'],
    ['https://localhost', 'PROVIDER-ADDRESS'],
    ['https://2130706433', 'PROVIDER-ADDRESS'],
    ['http://192.0.2.1', 'PROVIDER-ADDRESS'],
    ['https://user@example.org', 'PROVIDER-ADDRESS'],
    ['https://name.invalid', 'PROVIDER-UNREACHABLE'],
    ['file:///etc/passwd', 'PROVIDER-SETTINGS'],
  ] as const) {
    const { body } = await configured('inside', keyId, { endpoint })
    expect([endpoint, body.code]).toEqual([endpoint, code])
  }
})

test('EXTERNAL-SECRET credentials are in no reply and not in the database, and a row that is moved to another address does not open', async () => {
  const keyId = await made()
  const one = await configured('sealed', keyId)
  const { id } = one.body.key
  const { database } = kms.server.services
  const row = await database
    .selectFrom('external_key')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  expect(JSON.stringify(row)).not.toContain(credentials.secretAccessKey)
  expect(row.credentials.includes(credentials.secretAccessKey)).toBe(false)
  for (const { body } of [
    one,
    await kms.get(`${base}/${id}`),
    await kms.get(`${base}?projectId=${kms.project.id}`),
  ])
    expect(JSON.stringify(body)).not.toMatch(/secret|AKIA/)
  const settings = JSON.stringify({ ...row.settings, endpoint: 'https://elsewhere.example' })
  await lawfully(database).update('external_key', { id }, { settings })
  const moved = await kms.post(`${base}/${id}/encrypt`, { plaintext: 'AAAA' })
  expect(moved).toMatchObject({ status: 503, body: { code: 'EXTERNAL-KEY-ROW' } })
  expect(await kms.call('DELETE', `${base}/${id}?confirmName=sealed`)).toMatchObject({ status: 200 })
  expect((await kms.get(`${base}/${id}`)).status).toBe(404)
})

test('EXTERNAL-REMOVE a key is removed by its name, and what was encrypted opens once it is configured again by its id', async () => {
  const keyId = await made()
  const { id } = (await configured('archive', keyId)).body.key
  const plaintext = Buffer.from('kept for years').toString('base64')
  const { ciphertext } = (await kms.post(`${base}/${id}/encrypt`, { plaintext })).body
  const opened = async (of: string) => (await kms.post(`${base}/${of}/decrypt`, { ciphertext })).body
  for (const query of ['', '?confirmName=archives'])
    expect(await kms.call('DELETE', `${base}/${id}${query}`)).toMatchObject({
      status: 422,
      body: { code: 'REQUEST-FIELDS' },
    })
  expect(await opened(id)).toEqual({ plaintext })
  expect((await kms.call('DELETE', `${base}/${id}?confirmName=archive`)).status).toBe(200)
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext })).status).toBe(404)

  // As another key of the same project it does not open; nor is an id taken that is none, or is in use.
  const other = (await configured('other', keyId)).body.key.id
  expect((await opened(other)).code).toBe('ENVELOPE-KEY')
  const settings = { region, keyId, endpoint: moto.url }
  const again = (keyId: string, name: string) =>
    kms.post(base, { projectId: kms.project.id, name, provider: 'aws', settings, credentials, keyId })
  for (const none of [other, '11111111-2222-3333-4444-555555555555'])
    expect(await again(none, 'again')).toMatchObject({ status: 404, body: { code: 'OBJECT-ABSENT' } })
  expect((await again(id, 'other')).body.code).toBe('KEY-NAME-TAKEN')
  expect(await again(id, 'archive')).toMatchObject({ status: 200, body: { key: { id } } })
  expect(await opened(id)).toEqual({ plaintext })
  expect((await again(id, 'archive-2')).status).toBe(404)
})

test('EXTERNAL-SETTINGS a key moves to another address with its id, once its credentials have worked there', async () => {
  const keyId = await made()
  const { id } = (await configured('moving', keyId)).body.key
  const plaintext = Buffer.from('before').toString('base64')
  const { ciphertext } = (await kms.post(`${base}/${id}/encrypt`, { plaintext })).body
  await atAws('CreateAlias', { AliasName: 'alias/moving', TargetKeyId: keyId })
  const change = (settings: object, more: object = { credentials }) =>
    kms.call('PATCH', `${base}/${id}`, { settings: { region, endpoint: moto.url, ...settings }, ...more })
  // Credentials that are here go to no other address.
  expect((await change({ keyId }, {})).body.code).toBe('REQUEST-FIELDS')
  expect((await change({ keyId: 'alias/none' })).body.code).toBe('PROVIDER-KEY-ABSENT')
  expect((await kms.get(`${base}/${id}`)).body.key.settings.keyId).toBe(keyId)
  expect(await change({ keyId: 'alias/moving' })).toMatchObject({
    status: 200,
    body: { key: { id, settings: { keyId: 'alias/moving' } } },
  })
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext })).body).toEqual({ plaintext })
})
