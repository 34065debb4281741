import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Grant } from '../../src/access/authorize.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { gcpJob, gcpName, startAzure, startGcp } from './support/cloud-doubles.ts'

let gcp: Awaited<ReturnType<typeof startGcp>>
let azure: Awaited<ReturnType<typeof startAzure>>
let kms: Awaited<ReturnType<typeof openKms>>
let made = 0

beforeAll(async () => {
  gcp = await startGcp()
  azure = await startAzure()
  process.env.EGRESS_PRIVATE_HOSTS = `${gcp.host},${azure.host}`
  kms = await openKms()
})
afterAll(async () => {
  delete process.env.EGRESS_PRIVATE_HOSTS
  await kms?.close()
  gcp?.close()
  azure?.close()
})

const base = '/api/v1/external-keys'
const known = {
  gcp: () => ({ settings: { key: gcpName, endpoint: gcp.url }, credentials: gcp.credentials }),
  azure: () => ({
    settings: { vault: azure.url, authority: azure.url, key: 'k', tenantId: 'tenant' },
    credentials: azure.credentials,
  }),
}
type Cloud = keyof typeof known
const configured = (provider: Cloud, fields: object = {}) => {
  made += 1
  const name = `${provider}-${made}`
  return kms.post(base, { projectId: kms.project.id, name, provider, ...known[provider](), ...fields })
}
const codeOf = async (id: string, path: string, body: object = {}) =>
  (await kms.post(`${base}/${id}/${path}`, body)).body.code ?? 'ok'

test.each(['gcp', 'azure'] as const)(
  'EXTERNAL-CLOUD a key of %s encrypts, decrypts, is rotated, and what was changed does not open',
  async (cloud) => {
    const { id } = (await configured(cloud)).body.key
    const [plaintext, aad] = ['AAAA', 'BBBB']
    const { ciphertext } = (await kms.post(`${base}/${id}/encrypt`, { plaintext, aad })).body
    expect(await codeOf(id, 'rotate')).toBe('ok')
    expect((await kms.post(`${base}/${id}/decrypt`, { ciphertext, aad })).body).toEqual({ plaintext })
    const bytes = Buffer.from(ciphertext, 'base64')
    bytes[7 + bytes.readUInt32BE(4)]! ^= 1
    expect(await codeOf(id, 'decrypt', { ciphertext: bytes.toString('base64'), aad })).toBe(
      'PROVIDER-CIPHERTEXT',
    )
    expect(await codeOf(id, 'import', { importedKeyId: await kms.make(`for-${cloud}`) })).toBe(
      'PROVIDER-UNSUPPORTED',
    )
  },
)

test.each(['gcp', 'azure'] as const)(
  'EXTERNAL-CLOUD a key of %s signs, and its signature is right',
  async (cloud) => {
    const { state } = { gcp, azure }[cloud]
    state.signs = true
    const one = await configured(cloud)
    expect(one.body.key).toMatchObject({ keyUsage: 'sign-verify' })
    const { id } = one.body.key
    expect(await codeOf(id, 'sign', { data: 'AAAA', signingAlgorithm: 'ECDSA_SHA_256' })).toBe('ok')
    expect(await codeOf(id, 'sign', { data: 'AAAA', signingAlgorithm: 'RSASSA_PSS_SHA_256' })).toBe(
      'SIGNING-ALGORITHM',
    )
    state.signs = false
  },
)

test('EXTERNAL-IMPORT a key of the project goes to Google through its import job, and encrypts there', async () => {
  const key = await kms.make('own', { isExportable: true })
  const settings = { ...known.gcp().settings, importJob: gcpJob }
  const { id } = (await configured('gcp', { settings, forImport: true })).body.key
  expect(await codeOf(id, 'import', { importedKeyId: key })).toBe('ok')
  const { ciphertext } = (await kms.post(`${base}/${id}/encrypt`, { plaintext: 'AAAA' })).body
  expect(await codeOf(id, 'decrypt', { ciphertext })).toBe('ok')
})

test('EXTERNAL-APPROVAL a role that waits for approvals waits for them here too, also where the provider wraps under another key each time', async () => {
  const { database, external, approvals } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const ada = await createIdentity(database, { name: 'ada', grants: [{ role: 'auditor', ...place }] })
  const conditions = { approvals: { count: 1, by: [ada.identity], services: true as const } }
  const grants = (['crypto-officer', 'service'] as const).map(
    (role): Grant => ({ role, ...place, conditions }),
  )
  const { identity } = await createIdentity(database, { name: 'asker', grants })
  const call = () => kms.callAs({ identity, grants })
  const approver = () => kms.callAs({ identity: ada.identity, grants: [] })
  /** The one request that waits. */
  const approve = async () => {
    const all = given(await approvals.list(approver(), { offset: 0, limit: 100 }))
    const waiting = all.filter(({ state }) => state === 'waiting')
    expect(waiting).toHaveLength(1)
    return given(await approvals.approve(approver(), { id: waiting[0]!.id }))
  }
  const settings = { ...known.gcp().settings, importJob: gcpJob }
  const { id } = (await configured('gcp', { settings, forImport: true })).body.key
  const encrypt = () => external.encrypt(call(), { id, plaintext: Uint8Array.of(1) })
  expect(await encrypt()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  expect(await approve()).toMatchObject({ operation: 'external-key.encrypt', key: id })
  expect(await encrypt()).toMatchObject({ ok: true })

  const key = await kms.make('approved', { isExportable: true })
  const bring = () => external.importKey(call(), { id, key })
  gcp.state.renews = true
  expect(await bring()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  expect(await bring()).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  const asked = await approve()
  expect(asked).toMatchObject({ operation: 'key.export', key })
  expect(asked.asked).toContain(`into the key ${id} at gcp`)
  expect(await bring()).toMatchObject({ ok: true })
  gcp.state.renews = false
  expect(await bring()).toMatchObject({ rule: 'APPROVAL-NEEDED' })

  // What is refused uses up no approval, and what was approved is done once.
  const remove = (confirm: string) => external.remove(call(), { id, confirm })
  expect(await remove('another')).toMatchObject({ rule: 'REQUEST-FIELDS' })
  const { name } = given(await external.get(kms.callAs(kms.caller), { id }))
  expect(await remove(name)).toMatchObject({ rule: 'APPROVAL-NEEDED' })

  // Whoever approves reads what for, also of what has no input.
  expect(await external.generateDataKey(call(), { id, spec: 'AES_256' })).toMatchObject({
    rule: 'APPROVAL-NEEDED',
  })
  expect(await external.rotate(call(), { id })).toMatchObject({ rule: 'APPROVAL-NEEDED' })
  const said = given(await approvals.list(approver(), { offset: 0, limit: 100 })).map(({ asked }) => asked)
  expect(said).toEqual(
    expect.arrayContaining([expect.stringMatching(/^a data key AES_256 /), 'a new version at the provider']),
  )
})

test('EXTERNAL-STATE Google: throttling, disabled, destroyed and lost versions, other credentials and a wrong checksum are told apart', async () => {
  const { id } = (await configured('gcp')).body.key
  const encrypt = () => codeOf(id, 'encrypt', { plaintext: 'AAAA' })
  for (const [version, code] of [
    ['DISABLED', 'PROVIDER-KEY-DISABLED'],
    ['DESTROY_SCHEDULED', 'PROVIDER-KEY-DELETED'],
    ['DESTROYED', 'PROVIDER-KEY-DELETED'],
    ['ENABLED', 'ok'],
  ] as const) {
    gcp.state.version = version
    expect([version, await encrypt(), await codeOf(id, 'test')]).toEqual([version, code, code])
  }
  gcp.state.spoilt = true
  expect(await encrypt()).toBe('PROVIDER-ANSWER')
  gcp.state.spoilt = false
  gcp.state.gone = true
  expect(await encrypt()).toBe('PROVIDER-KEY-ABSENT')
  gcp.state.gone = false
  gcp.state.busy = true
  expect(await encrypt()).toBe('PROVIDER-THROTTLED')
  gcp.state.busy = false
  const other = await configured('gcp', {
    credentials: { ...gcp.credentials, clientEmail: 'else@p.example' },
  })
  expect(other.body.code).toBe('PROVIDER-DENIED')
  const noKey = await configured('gcp', {
    credentials: { ...gcp.credentials, privateKey: '-----BEGIN PRIVATE KEY-----\nAAAA' },
  })
  expect(noKey.body.code).toBe('PROVIDER-SETTINGS')
})

test('EXTERNAL-STATE Azure: throttling, a disabled key, a deleted one, a lost one, missing rights and a wrong secret are told apart', async () => {
  const { id } = (await configured('azure')).body.key
  const encrypt = () => codeOf(id, 'encrypt', { plaintext: 'AAAA' })
  for (const [change, back, code] of [
    [{ enabled: false }, { enabled: true }, 'PROVIDER-KEY-DISABLED'],
    [{ deleted: true }, { deleted: false }, 'PROVIDER-KEY-DELETED'],
    [{ gone: true }, { gone: false }, 'PROVIDER-KEY-ABSENT'],
    [{ rights: false }, { rights: true }, 'PROVIDER-DENIED'],
    [{ busy: true }, { busy: false }, 'PROVIDER-THROTTLED'],
  ] as const) {
    Object.assign(azure.state, change)
    expect([code, await encrypt()]).toEqual([code, code])
    Object.assign(azure.state, back)
  }
  expect(await encrypt()).toBe('ok')
  const wrong = { ...azure.credentials, clientSecret: 'wrong' }
  expect((await configured('azure', { credentials: wrong })).body.code).toBe('PROVIDER-DENIED')
})
