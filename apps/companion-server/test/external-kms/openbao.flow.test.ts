import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Members, vaultMembers } from '../../src/doors/members.ts'
import { answerVault } from '../../src/doors/vault/operations.ts'
import type { KeyOperations } from '../../src/keys/operations.ts'
import { openKms } from '../support/kms-under-test.ts'
import { atPeer, baoToken, type Peer, startOpenBao } from './support/peers.ts'

let bao: Peer
let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  bao = await startOpenBao()
  process.env.EGRESS_PRIVATE_HOSTS = bao.host
  kms = await openKms()
  await atBao('POST', 'sys/mounts/transit', { type: 'transit' })
  // Made at the first call: an RSA key of 4096 bits, which may take seconds.
  await atBao('GET', 'transit/wrapping_key')
})

afterAll(async () => {
  delete process.env.EGRESS_PRIVATE_HOSTS
  await kms?.close()
  await bao?.stop()
})

/** What the engine's owner does there, past the server. */
const atBao = (method: string, path: string, fields?: object) => atPeer(bao, method, path, fields)

const base = '/api/v1/external-keys'
const configured = (key: string, fields: object = {}) =>
  kms.post(base, {
    projectId: kms.project.id,
    name: key,
    provider: 'vault',
    credentials: { token: baoToken },
    settings: { address: bao.url, key },
    ...fields,
  })
const made = (key: string, type = 'aes256-gcm96') => atBao('POST', `transit/keys/${key}`, { type })

test('EXTERNAL-VAULT a key of OpenBao encrypts and decrypts, gives data keys, is rotated and has new credentials', async () => {
  await made('orders')
  const one = await configured('orders')
  expect(one).toMatchObject({ status: 200, body: { key: { keyUsage: 'encrypt-decrypt' } } })
  const { id } = one.body.key
  const [plaintext, aad] = ['AAAA', 'BBBB']
  const { ciphertext } = (await kms.post(`${base}/${id}/encrypt`, { plaintext, aad })).body
  expect(await kms.post(`${base}/${id}/rotate`)).toMatchObject({ status: 200 })
  expect((await atBao('GET', 'transit/keys/orders')).data.latest_version).toBe(2)
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext, aad })).body).toEqual({ plaintext })
  const data = (await kms.post(`${base}/${id}/generate-data-key`, { keySpec: 'AES_128' })).body
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext: data.ciphertext })).body).toEqual({
    plaintext: data.plaintext,
  })
  const wrong = await kms.call('PATCH', `${base}/${id}`, { credentials: { token: 'wrong' } })
  expect(wrong).toMatchObject({ status: 502, body: { code: 'PROVIDER-DENIED' } })
  const { client_token: token } = (await atBao('POST', 'auth/token/create', { ttl: '1h' })).auth
  expect(await kms.call('PATCH', `${base}/${id}`, { credentials: { token } })).toMatchObject({ status: 200 })
  await atBao('POST', 'auth/token/revoke', { token })
  const late = await kms.post(`${base}/${id}/decrypt`, { ciphertext, aad })
  expect(late).toMatchObject({ status: 502, body: { code: 'PROVIDER-DENIED' } })
})

test.each([
  ['ecdsa-p256', 'ECDSA_SHA_256'],
  ['ecdsa-p384', 'ECDSA_SHA_384'],
  ['rsa-3072', 'RSASSA_PSS_SHA_384'],
  ['rsa-2048', 'RSASSA_PKCS1_V1_5_SHA_256'],
])(
  'EXTERNAL-VAULT a key of type %s signs by %s, also after its rotation, and a swapped key is noticed',
  async (type, signingAlgorithm) => {
    await made(type, type)
    const { id, publicKey } = (await configured(type)).body.key
    const sign = () => kms.post(`${base}/${id}/sign`, { data: 'AAAA', signingAlgorithm })
    expect(await sign()).toMatchObject({ status: 200, body: { signingAlgorithm } })
    const rotated = await kms.post(`${base}/${id}/rotate`)
    expect(rotated.body.key.publicKey).not.toBe(publicKey)
    expect(await sign()).toMatchObject({ status: 200 })
    // Past the server: it signs under a key that nobody here has seen.
    await atBao('POST', `transit/keys/${type}/rotate`, {})
    expect(await sign()).toMatchObject({ status: 502, body: { code: 'PROVIDER-ANSWER' } })
  },
)

test('EXTERNAL-IMPORT a key of the project goes to OpenBao wrapped, and encrypts there; one that may not leave does not', async () => {
  const [own, kept] = [await kms.make('own', { isExportable: true }), await kms.make('kept')]
  const { id } = (await configured('brought', { forImport: true })).body.key
  const refused = await kms.post(`${base}/${id}/import`, { importedKeyId: kept })
  expect(refused.body.code).toBe('KEY-NOT-EXPORTABLE')
  expect(await kms.post(`${base}/${id}/import`, { importedKeyId: own })).toMatchObject({ status: 200 })
  const { ciphertext } = (await kms.post(`${base}/${id}/encrypt`, { plaintext: 'AAAA' })).body
  expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext })).body).toEqual({ plaintext: 'AAAA' })
  expect((await atBao('GET', 'transit/keys/brought')).data.imported_key).toBe(true)
  const entries = await kms.server.services.database
    .selectFrom('audit')
    .select(['operation', 'outcome'])
    .where('operation', 'in', ['key.export', 'external-key.import'])
    .where('outcome', '=', 'ok')
    .execute()
  expect(entries).toHaveLength(2)
})

test('EXTERNAL-STATE a key that OpenBao has lost is not made anew by an encrypt', async () => {
  await made('lost')
  const { id } = (await configured('lost')).body.key
  const { ciphertext } = (await kms.post(`${base}/${id}/encrypt`, { plaintext: 'AAAA' })).body
  await atBao('POST', 'transit/keys/lost/config', { deletion_allowed: true })
  await atBao('DELETE', 'transit/keys/lost')
  for (const [path, body] of [
    ['encrypt', { plaintext: 'AAAA' }],
    ['decrypt', { ciphertext }],
    ['test', {}],
  ] as const)
    expect(await kms.post(`${base}/${id}/${path}`, body)).toMatchObject({
      status: 409,
      body: { code: 'PROVIDER-KEY-ABSENT' },
    })
  await expect(atBao('GET', 'transit/keys/lost')).rejects.toThrow('404')
})

test('FACADE-FIELDS each member that OpenBao’s document gives a call of transit is mapped, or refused before a key is asked', async () => {
  const { paths, components } = await atBao('GET', 'sys/internal/specs/openapi')
  const keys = new Proxy({} as KeyOperations, {
    get: (_, name) => {
      throw new Error(`keys.${String(name)} was called`)
    },
  })
  const call = { caller: { identity: 'i', grants: [] }, door: 'vault', reqId: 'r', receipt: null } as const
  const asked: string[] = []
  const bare: string[] = []
  for (const place of Object.keys(vaultMembers) as (keyof typeof vaultMembers)[]) {
    const members: Members = vaultMembers[place]
    const [method = '', path = ''] = place.split(' ')
    const named = path
      .replace(':kind', '{plaintext}')
      .replace(':hash', '{urlalgorithm}')
      .replace(':length', '{urlbytes}')
      .replace(':name', '{name}')
    const schema = paths[`/transit/${named}`][method.toLowerCase()].requestBody?.content['application/json']
    const fields = schema && components.schemas[schema.schema.$ref.split('/').at(-1)].properties
    // Where the document names nothing, nothing is asked: that is so of calls without a body alone.
    if (Object.keys(fields ?? {}).length === 0) bare.push(place)
    for (const field of Object.keys(fields ?? {})) {
      if (members[field] === 'mapped') continue
      for (const value of [fields[field].type === 'boolean' ? 'yes' : true, 'x', 7, ['x']]) {
        if (field === 'deletion_allowed' && value === true) continue
        const answer = await answerVault(place, { call, keys, params: {}, body: { [field]: value } })
        expect({ place, field, answer }).toMatchObject({ answer: { rule: 'FACADE-UNSUPPORTED' } })
      }
      asked.push(field)
    }
  }
  expect(bare.filter((place) => !/^(GET|LIST|DELETE) /.test(place))).toEqual([])
  expect(new Set(asked)).toEqual(
    new Set([
      ...['allow_plaintext_backup', 'auto_rotate_period', 'context', 'convergent_encryption', 'derived'],
      ...['exportable', 'external_key_ref', 'key_size', 'key_version', 'partial_failure_response_code'],
      ...['deletion_allowed', 'min_encryption_version', 'source', 'urlalgorithm', 'urlbytes'],
    ]),
  )
})
