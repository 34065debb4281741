import { constants, createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { algorithmNames, algorithms, type KeyAlgorithm, servedAlgorithm } from '../../src/keys/algorithms.ts'
import {
  checkSigningInput,
  type SigningAlgorithm,
  signData,
  signingAlgorithmsOf,
  verifyData,
} from '../../src/keys/signing.ts'

const data = new TextEncoder().encode('four crates of lemons')
const hashOf = (name: SigningAlgorithm) => `sha${name.slice(-3)}`
const digestOf = (name: SigningAlgorithm) => new Uint8Array(createHash(hashOf(name)).update(data).digest())

const pairs = new Map<KeyAlgorithm, ReturnType<typeof createPrivateKey>>()
async function pairOf(algorithm: KeyAlgorithm) {
  const key =
    pairs.get(algorithm) ??
    createPrivateKey({
      key: Buffer.from(await algorithms[algorithm].generate()),
      format: 'der',
      type: 'pkcs8',
    })
  pairs.set(algorithm, key)
  return { privateKey: key, publicKey: createPublicKey(key) }
}

const all = algorithmNames
  .filter((name) => name !== 'RSA_4096')
  .flatMap((key) => signingAlgorithmsOf(key).map((algorithm) => ({ key, algorithm })))

test('KMS-01 every pair signs by the algorithms of its kind and by no other', () => {
  expect(Object.fromEntries(algorithmNames.map((name) => [name, signingAlgorithmsOf(name).length]))).toEqual({
    SECRET_DATA: 0,
    'aes-256-gcm': 0,
    'aes-128-gcm': 0,
    HMAC_256: 0,
    HMAC_384: 0,
    HMAC_512: 0,
    ...{
      RSA_2048: 6,
      RSA_4096: 6,
      ECC_NIST_P256: 3,
      ECC_NIST_P384: 3,
      ML_DSA_44: 1,
      ML_DSA_65: 1,
      ML_DSA_87: 1,
    },
  })
  expect(algorithmNames.map((name) => servedAlgorithm(algorithms[name].planned))).toEqual(algorithmNames)
  expect(servedAlgorithm('AES-192')).toBe(null)
})

test.each(all)(
  'KMS-01 $key by $algorithm: what is signed verifies, and other data does not',
  async ({ key, algorithm }) => {
    const { privateKey, publicKey } = await pairOf(key)
    const input = { algorithm, data, isDigest: false }
    const signature = signData(privateKey, input)
    expect(verifyData(publicKey, input, signature)).toBe(true)
    expect(verifyData(publicKey, { ...input, data: new Uint8Array(3) }, signature)).toBe(false)
    for (const at of [0, signature.length >> 1, signature.length - 1]) {
      const changed = Uint8Array.from(signature)
      changed[at]! ^= 1
      expect(verifyData(publicKey, input, changed)).toBe(false)
    }
    for (const wrong of [new Uint8Array(0), signature.slice(1), new Uint8Array(signature.length).fill(255)])
      expect(verifyData(publicKey, input, wrong)).toBe(false)
  },
)

test.each(all.filter(({ algorithm }) => algorithm !== 'ML_DSA_SHAKE_256'))(
  'KMS-02 $key by $algorithm: a digest signs and verifies as its data, by OpenSSL too',
  async ({ key, algorithm }) => {
    const { privateKey, publicKey } = await pairOf(key)
    const whole = { algorithm, data, isDigest: false }
    const digest = { algorithm, data: digestOf(algorithm), isDigest: true }
    const ofDigest = signData(privateKey, digest)
    expect(verifyData(publicKey, whole, ofDigest)).toBe(true)
    expect(verifyData(publicKey, digest, ofDigest)).toBe(true)
    expect(verifyData(publicKey, digest, signData(privateKey, whole))).toBe(true)
    const options = algorithm.startsWith('RSASSA_PSS')
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {}
    expect(verify(hashOf(algorithm), data, { key: publicKey, ...options }, ofDigest)).toBe(true)
    expect(
      verifyData(publicKey, digest, sign(hashOf(algorithm), data, { key: privateKey, ...options })),
    ).toBe(true)
    const other = { ...digest, data: digest.data.map((byte) => byte ^ 1) }
    expect(verifyData(publicKey, other, ofDigest)).toBe(false)
    for (const wrong of [
      new Uint8Array(0),
      ofDigest.slice(1),
      new Uint8Array(ofDigest.length),
      new Uint8Array(ofDigest.length).fill(255),
    ])
      expect(verifyData(publicKey, digest, wrong)).toBe(false)
  },
)

test('KMS-02 a PSS salt of another length than the hash is no signature over a digest', async () => {
  const { privateKey, publicKey } = await pairOf('RSA_2048')
  const short = sign('sha256', data, {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 20,
  })
  const algorithm = 'RSASSA_PSS_SHA_256'
  expect(verifyData(publicKey, { algorithm, data: digestOf(algorithm), isDigest: true }, short)).toBe(false)
  expect(verifyData(publicKey, { algorithm, data, isDigest: false }, short)).toBe(false)
})

test('SIGNING-ALGORITHM and DIGEST-LENGTH refuse what is not the key’s, and what is no digest', () => {
  const rule = (key: KeyAlgorithm, algorithm: SigningAlgorithm, length: number, isDigest: boolean) => {
    const outcome = checkSigningInput(key, { algorithm, data: new Uint8Array(length), isDigest })
    return outcome.ok ? 'ok' : outcome.rule
  }
  expect(rule('ECC_NIST_P256', 'RSASSA_PSS_SHA_256', 1, false)).toBe('SIGNING-ALGORITHM')
  expect(rule('aes-256-gcm', 'ECDSA_SHA_256', 1, false)).toBe('SIGNING-ALGORITHM')
  expect(rule('ML_DSA_65', 'ML_DSA_SHAKE_256', 64, true)).toBe('SIGNING-ALGORITHM')
  expect(rule('RSA_2048', 'RSASSA_PSS_SHA_384', 32, true)).toBe('DIGEST-LENGTH')
  expect(rule('RSA_2048', 'RSASSA_PSS_SHA_384', 48, true)).toBe('ok')
})
