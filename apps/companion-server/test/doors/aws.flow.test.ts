import { createHash, createPublicKey, verify } from 'node:crypto'
import * as sdk from '@aws-sdk/client-kms'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationOf, signingTime } from '../../src/external-kms/sigv4.ts'
import { createIdentity } from '../support/create-identity.ts'
import { openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let endpoint = ''
let credentials: { accessKeyId: string; secretAccessKey: string }
let aws: sdk.KMSClient

const region = 'eu-central-1'
const clientOf = (given: typeof credentials) =>
  new sdk.KMSClient({ endpoint, region, credentials: given, maxAttempts: 1 })

beforeAll(async () => {
  kms = await openKms()
  endpoint = await kms.server.app.listen({ host: '127.0.0.1', port: 0 })
  const url = `/api/v1/identities/${kms.credentials.identity}/api-keys`
  credentials = (await kms.post(url, { name: 'aws', ttlSeconds: 3600 })).body.apiKey.aws
  aws = clientOf(credentials)
})
afterAll(() => kms?.close())

const made = async (fields: Partial<sdk.CreateKeyCommandInput> = {}) =>
  (await aws.send(new sdk.CreateKeyCommand(fields))).KeyMetadata ?? ({} as Partial<sdk.KeyMetadata>)
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
/** The name of the refusal that the SDK gives to its caller. */
const refusal = (sent: Promise<unknown>) =>
  sent.then(
    () => 'none',
    (error: Error) => error.name,
  )

test('FACADE-AWS the AWS SDK makes a key, encrypts, decrypts without naming it, and re-encrypts; a context is bound', async () => {
  const key = await made({ Description: 'orders' })
  expect(key).toMatchObject({ KeySpec: 'SYMMETRIC_DEFAULT', KeyState: 'Enabled', Enabled: true })
  const EncryptionContext = { order: '7', shop: 'x' }
  const sealed = await aws.send(
    new sdk.EncryptCommand({ KeyId: key.Arn, Plaintext: bytes('secret'), EncryptionContext }),
  )
  const CiphertextBlob = sealed.CiphertextBlob
  const context = { shop: 'x', order: '7' }
  const opened = await aws.send(new sdk.DecryptCommand({ CiphertextBlob, EncryptionContext: context }))
  expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('secret')
  expect(await refusal(aws.send(new sdk.DecryptCommand({ CiphertextBlob })))).toBe(
    'InvalidCiphertextException',
  )
  const other = await made()
  const KeyId = other.KeyId
  expect(await refusal(aws.send(new sdk.DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext })))).toBe(
    'IncorrectKeyException',
  )
  const again = await aws.send(
    new sdk.ReEncryptCommand({ CiphertextBlob, SourceEncryptionContext: context, DestinationKeyId: KeyId }),
  )
  const moved = await aws.send(new sdk.DecryptCommand({ KeyId, CiphertextBlob: again.CiphertextBlob }))
  expect(Buffer.from(moved.Plaintext ?? []).toString()).toBe('secret')
  const data = await aws.send(new sdk.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))
  const same = await aws.send(new sdk.DecryptCommand({ CiphertextBlob: data.CiphertextBlob }))
  expect(same.Plaintext).toEqual(data.Plaintext)
  const hidden = await aws.send(new sdk.GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 16 }))
  expect(hidden).not.toHaveProperty('Plaintext')
  const random = await aws.send(new sdk.GenerateRandomCommand({ NumberOfBytes: 24 }))
  expect(random.Plaintext).toHaveLength(24)
  expect(await refusal(aws.send(new sdk.RotateKeyOnDemandCommand({ KeyId })))).toBe('none')
  expect(
    (await aws.send(new sdk.DecryptCommand({ CiphertextBlob: again.CiphertextBlob }))).Plaintext,
  ).toBeDefined()
})

test('FACADE-FIELDS what an AWS client asks for beside is refused and not left out: a policy, tags, a dry run, a recipient, grants', async () => {
  const { total } = (await kms.get('?limit=1')).body
  const Policy = '{"Version":"2012-10-17","Statement":[]}'
  const unsupported = 'UnsupportedOperationException'
  expect(await refusal(made({ Policy }))).toBe(unsupported)
  expect(await refusal(made({ Tags: [{ TagKey: 'owner', TagValue: 'x' }] }))).toBe(unsupported)
  expect(await refusal(made({ MultiRegion: true }))).toBe(unsupported)
  expect((await kms.get('?limit=1')).body.total).toBe(total)
  const { KeyId } = await made({ Tags: [], MultiRegion: false, BypassPolicyLockoutSafetyCheck: false })
  const neutral = { DryRun: false, GrantTokens: [] }
  const { CiphertextBlob } = await aws.send(
    new sdk.EncryptCommand({ KeyId, Plaintext: bytes('secret'), ...neutral }),
  )
  const decrypt = (beside: Partial<sdk.DecryptCommandInput>) =>
    refusal(aws.send(new sdk.DecryptCommand({ CiphertextBlob, ...beside })))
  expect(await decrypt(neutral)).toBe('none')
  expect(await decrypt({ DryRun: true })).toBe(unsupported)
  expect(await decrypt({ GrantTokens: ['x'] })).toBe(unsupported)
  const Recipient = { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: bytes('x') } as const
  expect(await decrypt({ Recipient })).toBe(unsupported)
  const mac = await made({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
  const other = { KeyId: mac.KeyId, Message: bytes('m'), MacAlgorithm: 'HMAC_SHA_512' } as const
  expect(await refusal(aws.send(new sdk.GenerateMacCommand(other)))).toBe('InvalidKeyUsageException')
  expect(
    await refusal(aws.send(new sdk.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', NumberOfBytes: 16 }))),
  ).toBe('ValidationException')
})

test.each([
  ['ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['ECC_NIST_P384', 'ECDSA_SHA_384'],
  ['RSA_2048', 'RSASSA_PSS_SHA_256'],
] as const)(
  'FACADE-AWS the AWS SDK signs by %s and %s, and the signature is right under the public key',
  async (KeySpec, SigningAlgorithm) => {
    const { KeyId } = await made({ KeySpec, KeyUsage: 'SIGN_VERIFY' })
    const Message = bytes('a release')
    const { Signature } = await aws.send(new sdk.SignCommand({ KeyId, Message, SigningAlgorithm }))
    const hash = `sha${SigningAlgorithm.slice(-3)}`
    const digest = new Uint8Array(createHash(hash).update(Message).digest())
    const known = { KeyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm } as const
    expect((await aws.send(new sdk.VerifyCommand({ ...known, Signature }))).SignatureValid).toBe(true)
    const wrong = { ...known, Message: bytes('another').slice(0, digest.length), Signature }
    expect(await refusal(aws.send(new sdk.VerifyCommand({ ...wrong, MessageType: 'RAW' })))).toBe(
      'KMSInvalidSignatureException',
    )
    const { PublicKey, SigningAlgorithms } = await aws.send(new sdk.GetPublicKeyCommand({ KeyId }))
    expect(SigningAlgorithms).toContain(SigningAlgorithm)
    if (KeySpec === 'RSA_2048') return
    const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })
    expect(verify(hash, Message, key, Signature ?? new Uint8Array(0))).toBe(true)
  },
)

// The true cosign runs every night (cosign.nightly.ts).
test('FACADE-AWS what cosign sends for awskms://…/alias/release: looked for, made by the old name of its kind, and used by its alias', async () => {
  const KeyId = 'alias/release'
  expect(await refusal(aws.send(new sdk.GetPublicKeyCommand({ KeyId })))).toBe('NotFoundException')
  const created = { KeyUsage: 'SIGN_VERIFY', CustomerMasterKeySpec: 'ECC_NIST_P256' } as const
  const { KeyId: TargetKeyId } = await made({ ...created, Description: 'Created by Sigstore' })
  await aws.send(new sdk.CreateAliasCommand({ AliasName: KeyId, TargetKeyId }))
  const { PublicKey } = await aws.send(new sdk.GetPublicKeyCommand({ KeyId }))
  const { KeyMetadata } = await aws.send(new sdk.DescribeKeyCommand({ KeyId }))
  const [SigningAlgorithm] = KeyMetadata?.SigningAlgorithms ?? []
  expect(SigningAlgorithm).toBe('ECDSA_SHA_256')
  const Message = new Uint8Array(createHash('sha256').update('a release').digest())
  const signing = { KeyId, Message, MessageType: 'DIGEST', SigningAlgorithm } as const
  const { Signature } = await aws.send(new sdk.SignCommand(signing))
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })
  expect(verify('sha256', bytes('a release'), key, Signature ?? new Uint8Array(0))).toBe(true)
})

test('FACADE-AWS aliases, lists, MACs and the life of a key, its refusals by the names that AWS gives them', async () => {
  const { KeyId } = await made()
  await aws.send(new sdk.CreateAliasCommand({ AliasName: 'alias/orders', TargetKeyId: KeyId }))
  const named = await aws.send(new sdk.DescribeKeyCommand({ KeyId: 'alias/orders' }))
  expect(named.KeyMetadata?.KeyId).toBe(KeyId)
  const { Aliases } = await aws.send(new sdk.ListAliasesCommand({ KeyId }))
  expect(Aliases).toMatchObject([{ AliasName: 'alias/orders' }])
  const first = await aws.send(new sdk.ListKeysCommand({ Limit: 1 }))
  expect(first).toMatchObject({ Truncated: true, NextMarker: '1' })
  const Plaintext = bytes('x')
  const encrypt = () => refusal(aws.send(new sdk.EncryptCommand({ KeyId, Plaintext })))
  await aws.send(new sdk.DisableKeyCommand({ KeyId }))
  expect(await encrypt()).toBe('DisabledException')
  await aws.send(new sdk.EnableKeyCommand({ KeyId }))
  expect(await encrypt()).toBe('none')
  await aws.send(new sdk.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
  expect(await encrypt()).toBe('KMSInvalidStateException')
  const gone = await aws.send(new sdk.DescribeKeyCommand({ KeyId }))
  expect(gone.KeyMetadata).toMatchObject({ KeyState: 'PendingDeletion', DeletionDate: expect.any(Date) })
  await aws.send(new sdk.CancelKeyDeletionCommand({ KeyId }))
  expect(await encrypt()).toBe('DisabledException')
  const mac = await made({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
  const given = { KeyId: mac.KeyId, Message: bytes('m'), MacAlgorithm: 'HMAC_SHA_256' } as const
  const { Mac } = await aws.send(new sdk.GenerateMacCommand(given))
  expect((await aws.send(new sdk.VerifyMacCommand({ ...given, Mac }))).MacValid).toBe(true)
  expect(await refusal(aws.send(new sdk.VerifyMacCommand({ ...given, Mac: bytes('0'.repeat(32)) })))).toBe(
    'KMSInvalidMacException',
  )
  expect(await refusal(aws.send(new sdk.EncryptCommand({ KeyId: mac.KeyId, Plaintext })))).toBe(
    'InvalidKeyUsageException',
  )
  const never = '11111111-2222-3333-4444-555555555555'
  expect(await refusal(aws.send(new sdk.EncryptCommand({ KeyId: never, Plaintext })))).toBe(
    'NotFoundException',
  )
  expect(
    await refusal(aws.send(new sdk.CreateGrantCommand({ KeyId, GranteePrincipal: 'x', Operations: [] }))),
  ).toBe('UnknownOperationException')
  expect(await refusal(made({ KeySpec: 'SM2' }))).toBe('InvalidKeyUsageException')
})

test('KEY-VERSION-ABSENT a version that no key has is refused by each door, and spoils no call of others beside it', async () => {
  const { KeyId } = await made()
  const { key } = (await kms.get(`${KeyId}`)).body
  const sealed = await kms.post(`${KeyId}/encrypt`, { plaintext: 'AAAA' })
  const envelope = Buffer.from(sealed.body.ciphertext, 'base64')
  envelope.writeUInt32BE(0xffffffff, 22)
  const ciphertext = envelope.toString('base64')

  const rotated = await kms.make('of-another')
  const old = (await kms.post(`${rotated}/encrypt`, { plaintext: 'BBBB' })).body.ciphertext
  await kms.post(`${rotated}/rotate`)
  kms.server.services.unwrapping.forgetAll()
  const [spoiled, ...good] = await Promise.all([
    kms.post(`${KeyId}/decrypt`, { ciphertext }),
    ...Array.from({ length: 4 }, () => kms.post(`${rotated}/decrypt`, { ciphertext: old })),
  ])
  expect([spoiled?.status, spoiled?.body.code]).toEqual([400, 'KEY-VERSION-ABSENT'])
  expect(good.map(({ status, body }) => [status, body])).toEqual(
    Array.from({ length: 4 }, () => [200, { plaintext: 'BBBB' }]),
  )

  const CiphertextBlob = new Uint8Array(envelope)
  expect(await refusal(aws.send(new sdk.DecryptCommand({ KeyId, CiphertextBlob })))).toBe(
    'InvalidCiphertextException',
  )
  const byVault = await kms.server.app.inject({
    method: 'POST',
    url: `/v1/transit/decrypt/${key.name}`,
    headers: { 'x-vault-token': kms.headers.authorization.slice('Bearer '.length) },
    payload: { ciphertext: `vault:v1:${ciphertext}` },
  })
  expect([byVault.statusCode, byVault.body.includes('KEY-VERSION-ABSENT')]).toEqual([400, true])
})

test('FACADE-AWS a call that is not signed, wrongly signed, too old or by a revoked key is refused, and a role is a role', async () => {
  const sent = (given: typeof credentials) =>
    refusal(clientOf(given).send(new sdk.GenerateRandomCommand({ NumberOfBytes: 8 })))
  expect(await sent(credentials)).toBe('none')
  expect(await sent({ ...credentials, secretAccessKey: 'x' })).toBe('InvalidSignatureException')
  expect(await sent({ ...credentials, accessKeyId: `LUX${'0'.repeat(32)}` })).toBe(
    'UnrecognizedClientException',
  )
  expect(await sent({ ...credentials, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' })).toBe(
    'UnrecognizedClientException',
  )

  const body = Buffer.from(JSON.stringify({ NumberOfBytes: 8 }))
  const by = async (time: string, changed: { headers?: object; body?: Buffer; names?: string[] } = {}) => {
    const host = new URL(endpoint).host
    const all = { host, 'x-amz-date': time, 'x-amz-target': 'TrentService.GenerateRandom' }
    const names = changed.names ?? Object.keys(all)
    const headers = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
    const scope = { time, region, service: 'kms' }
    const { accessKeyId, secretAccessKey } = credentials
    const signed = { method: 'POST', path: '/', headers, body }
    const authorization = authorizationOf(accessKeyId, secretAccessKey, signed, scope)
    const reply = await kms.server.app.inject({
      method: 'POST',
      url: '/',
      payload: changed.body ?? body,
      headers: { 'content-type': 'application/x-amz-json-1.1', ...all, authorization, ...changed.headers },
    })
    return reply.statusCode === 200 ? 'none' : reply.json().__type
  }
  const now = signingTime(new Date())
  expect(await by(now)).toBe('none')
  expect(await by(signingTime(new Date(Date.now() - 3_600_000)))).toBe('InvalidSignatureException')
  expect(await by(now, { body: Buffer.from('{"NumberOfBytes":9}') })).toBe('InvalidSignatureException')
  expect(await by(now, { headers: { 'x-amz-target': 'TrentService.CreateKey' } })).toBe(
    'InvalidSignatureException',
  )
  expect(await by(now, { names: ['host', 'x-amz-date'] })).toBe('IncompleteSignatureException')
  expect(await by(now, { headers: { authorization: 'Bearer x' } })).toBe('IncompleteSignatureException')
  expect(await by(now, { body: Buffer.from('[]') })).toBe('InvalidSignatureException')

  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const reader = await createIdentity(kms.server.services.database, {
    name: 'reader',
    grants: [{ role: 'auditor', ...place }],
  })
  const chief = kms.callAs(kms.chief)
  const key = await kms.server.services.credentials.addApiKey(chief, {
    identity: reader.identity,
    name: 'k',
    ttlSeconds: 3600,
  })
  if (!key.ok) throw new Error(key.detail)
  const { KeyId } = await made()
  const asReader = clientOf(key.value.aws)
  expect(await refusal(asReader.send(new sdk.DescribeKeyCommand({ KeyId })))).toBe('none')
  expect(await refusal(asReader.send(new sdk.EncryptCommand({ KeyId, Plaintext: bytes('x') })))).toBe(
    'AccessDeniedException',
  )
  const entries = await kms.server.services.database
    .selectFrom('audit')
    .select('entry')
    .where('identity_id', '=', reader.identity)
    .orderBy('seq')
    .execute()
  expect(entries.map(({ entry }) => JSON.parse(entry ?? ''))).toMatchObject([
    {
      door: 'aws',
      operation: 'key.read',
      outcome: 'ok',
      credential: `api-key:${key.value.id}`,
      factor: 'none',
    },
    { door: 'aws', operation: 'key.encrypt', outcome: 'ROLE-REFUSED' },
  ])
  const { identity } = reader
  await kms.server.services.credentials.revoke(chief, { identity, id: key.value.id })
  await expect
    .poll(() => refusal(asReader.send(new sdk.DescribeKeyCommand({ KeyId }))))
    .toBe('UnrecognizedClientException')
})
