import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectProvider } from '../../src/external-kms/connect.ts'
import type { Provider } from '../../src/external-kms/provider.ts'
import { authorizationOf, signingTime } from '../../src/external-kms/sigv4.ts'
import { verifyData } from '../../src/keys/signing.ts'
import { sealByOaep } from '../../src/keys/transport-wrap.ts'
import { openEgress } from '../../src/platform/http/egress.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { freePort, type Peer, startProgram } from './support/peers.ts'

// local-kms keeps to AWS where moto does not: a disabled key does nothing, digests are signed as digests, and keys are imported.
// It is built with Go, which is why it is not in npm test.

const source = 'github.com/nsmithuk/local-kms@v0.0.0-20260228092603-2a5e92d09ab6'
const region = 'eu-central-1'
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'the-secret-of-the-test' }
let kms: Peer
let folder = ''

beforeAll(async () => {
  folder = await makeFolder()
  const bin = process.env.LOCAL_KMS_BIN ?? join(folder, 'bin')
  if (process.env.LOCAL_KMS_BIN === undefined)
    execFileSync('go', ['install', source], { env: { ...process.env, GOBIN: bin } })
  const [data, port] = [join(folder, 'data'), String(await freePort())]
  await mkdir(data)
  kms = await startProgram(
    join(bin, 'local-kms'),
    { KMS_REGION: region, PORT: port, KMS_DATA_PATH: data, KMS_SEED_PATH: join(folder, 'none') },
    /Local KMS started/,
    `http://127.0.0.1:${port}`,
  )
})
afterAll(async () => {
  await kms?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** What the owner of the account does there. */
async function atAws(operation: string, fields: object) {
  const body = Buffer.from(JSON.stringify(fields))
  const time = signingTime(new Date())
  const headers = {
    host: kms.host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-date': time,
    'x-amz-target': `TrentService.${operation}`,
  }
  const request = { method: 'POST', path: '/', headers, body }
  const { accessKeyId, secretAccessKey } = credentials
  const scope = { time, region, service: 'kms' }
  const authorization = authorizationOf(accessKeyId, secretAccessKey, request, scope)
  const reply = await fetch(kms.url, { method: 'POST', headers: { ...headers, authorization }, body })
  return JSON.parse((await reply.text()) || '{}')
}

async function keyAt(fields: object): Promise<{ readonly keyId: string; readonly provider: Provider }> {
  const keyId: string = (await atAws('CreateKey', fields)).KeyMetadata.KeyId
  const connected = connectProvider(
    openEgress({ allowed: [kms.host] }),
    { provider: 'aws', settings: { region, keyId, endpoint: kms.url }, credentials },
    () => new Date(),
  )
  if (!connected.ok) throw new Error(connected.detail)
  return { keyId, provider: connected.value }
}

const bytes = new Uint8Array(randomBytes(32))
const ok = { ok: true }

test('EXTERNAL-AWS local-kms: there and back with its context, rotated, disabled and deleted', async () => {
  const { keyId, provider } = await keyAt({})
  const sealed = await provider.encrypt(bytes, 'one')
  if (!sealed.ok) throw new Error(sealed.detail)
  expect(await provider.decrypt(sealed.value, 'one')).toEqual({ ok: true, value: bytes })
  expect(await provider.decrypt(sealed.value, 'two')).toMatchObject({ rule: 'PROVIDER-CIPHERTEXT' })
  await atAws('DisableKey', { KeyId: keyId })
  expect(await provider.encrypt(bytes, 'one')).toMatchObject({ rule: 'PROVIDER-KEY-DISABLED' })
  await atAws('EnableKey', { KeyId: keyId })
  await atAws('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: 7 })
  expect(await provider.decrypt(sealed.value, 'one')).toMatchObject({ rule: 'PROVIDER-KEY-DELETED' })
  expect(await provider.describe()).toMatchObject({ rule: 'PROVIDER-KEY-DELETED' })
})

test.each([
  ['ECC_NIST_P256', 'ECDSA_SHA_256'],
  // Its RSA-PSS has the longest salt there is, where AWS has one as long as the hash: the server refuses such a signature.
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_512'],
] as const)('EXTERNAL-AWS local-kms: %s signs a digest by %s', async (KeySpec, algorithm) => {
  const { provider } = await keyAt({ KeyUsage: 'SIGN_VERIFY', KeySpec })
  const described = await provider.describe()
  if (!described.ok || described.value.publicKey === null) throw new Error('no public key')
  const digest = new Uint8Array(
    createHash(`sha${algorithm.slice(-3)}`)
      .update('m')
      .digest(),
  )
  const made = await provider.sign({ algorithm, digest })
  if (!made.ok) throw new Error(made.detail)
  const key = createPublicKey({ key: Buffer.from(described.value.publicKey), format: 'der', type: 'spki' })
  expect(verifyData(key, { algorithm, data: digest, isDigest: true }, made.value)).toBe(true)
})

test('EXTERNAL-IMPORT local-kms takes a secret in that was wrapped to it by RSA-OAEP', async () => {
  const { keyId: KeyId, provider } = await keyAt({ Origin: 'EXTERNAL' })
  // It knows RSA_2048 alone, where the server asks for RSA_4096.
  const wanted = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }
  const target = await atAws('GetParametersForImport', { KeyId, ...wanted })
  const to = createPublicKey({ key: Buffer.from(target.PublicKey, 'base64'), format: 'der', type: 'spki' })
  const taken = { ticket: target.ImportToken, wrapped: sealByOaep(to, bytes), algorithm: 'aes-256-gcm' }
  expect(await provider.importKey(taken)).toMatchObject(ok)
  expect(await provider.encrypt(bytes, 'one')).toMatchObject(ok)
})
