import { InfisicalSDK } from '@infisical/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let sdk: InfisicalSDK

beforeAll(async () => {
  kms = await openKms()
  const siteUrl = await kms.server.app.listen({ host: '127.0.0.1', port: 0 })
  sdk = new InfisicalSDK({ siteUrl })
  const { clientId, clientSecret } = kms.credentials
  await sdk.auth().universalAuth.login({ clientId, clientSecret })
})

afterAll(() => kms.close())

const data = Buffer.from('four crates of lemons').toString('base64')

test('SDK-01 @infisical/sdk, as it comes, makes a key, finds it by name, encrypts, decrypts and deletes', async () => {
  const projectId = kms.project.id
  const key = await sdk
    .kms()
    .keys()
    .create({
      projectId,
      name: 'orders',
      description: 'Of the shop',
      // Its types name them in an enum that it does not export as a value.
      ...({ keyUsage: 'encrypt-decrypt', encryptionAlgorithm: 'aes-256-gcm' } as object),
    } as Parameters<ReturnType<ReturnType<InfisicalSDK['kms']>['keys']>['create']>[0])
  expect(key).toMatchObject({ name: 'orders', projectId, encryptionAlgorithm: 'aes-256-gcm', version: 1 })
  expect(await sdk.kms().keys().getByName({ projectId, name: 'orders' })).toEqual(key)
  const ciphertext = await sdk.kms().encryption().encrypt({ keyId: key.id, plaintext: data })
  expect(await sdk.kms().encryption().decrypt({ keyId: key.id, ciphertext })).toBe(data)
  expect(await sdk.kms().keys().delete({ keyId: key.id })).toMatchObject({ id: key.id, isDisabled: true })
  await expect(sdk.kms().encryption().encrypt({ keyId: key.id, plaintext: data })).rejects.toThrow(
    /KEY-DISABLED/,
  )
  await expect(sdk.kms().keys().getByName({ projectId, name: 'orders' })).rejects.toThrow(/404/)
})

test.each(['RSA_4096', 'ECC_NIST_P256'])(
  'SDK-02 @infisical/sdk signs and verifies with %s',
  async (algorithm) => {
    const projectId = kms.project.id
    const name = `signs-${algorithm.slice(0, 3).toLowerCase()}`
    const wanted = { projectId, name, keyUsage: 'sign-verify', encryptionAlgorithm: algorithm }
    const { id: keyId } = await sdk
      .kms()
      .keys()
      .create(wanted as Parameters<ReturnType<ReturnType<InfisicalSDK['kms']>['keys']>['create']>[0])
    const signing = sdk.kms().signing()
    const [signingAlgorithm] = await signing.listSigningAlgorithms({ keyId })
    expect(Buffer.from(await signing.getPublicKey({ keyId }), 'base64')[0]).toBe(0x30)
    if (signingAlgorithm === undefined) throw new Error('no signing algorithm')
    const signed = await signing.sign({ keyId, data, signingAlgorithm })
    expect(signed).toMatchObject({ keyId, signingAlgorithm })
    const { signature } = signed
    expect(await signing.verify({ keyId, data, signature, signingAlgorithm })).toMatchObject({
      signatureValid: true,
    })
    const other = Buffer.from('five').toString('base64')
    expect(await signing.verify({ keyId, data: other, signature, signingAlgorithm })).toMatchObject({
      signatureValid: false,
    })
  },
)
