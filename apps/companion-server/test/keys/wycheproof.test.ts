import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '@lux/crypto'
import { expect, test } from 'vitest'
import { macOf } from '../../src/keys/operations/proving.ts'
import { rawDecrypt } from '../../src/keys/raw-cipher.ts'
import { type SigningAlgorithm, verifyData } from '../../src/keys/signing.ts'
import { openByOaep } from '../../src/keys/transport-wrap.ts'

type Case = Readonly<Record<'key' | 'msg' | 'sig' | 'tag' | 'iv' | 'aad' | 'ct' | 'label', string>> & {
  readonly tcId: number
  readonly result: 'valid' | 'invalid' | 'acceptable'
  readonly flags: readonly string[]
}
type Group = {
  readonly publicKeyDer: string
  readonly privateKeyPkcs8: string
  readonly ivSize: number
  readonly keySize: number
  readonly tagSize: number
  readonly tests: readonly Case[]
}

const groupsOf = (place: string): readonly Group[] =>
  JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')).testGroups

const signatures: readonly (readonly [file: string, algorithm: SigningAlgorithm, hash: string])[] = [
  ['ecdsa_secp256r1_sha256', 'ECDSA_SHA_256', 'sha256'],
  ['ecdsa_secp256r1_sha512', 'ECDSA_SHA_512', 'sha512'],
  ['ecdsa_secp384r1_sha256', 'ECDSA_SHA_256', 'sha256'],
  ['ecdsa_secp384r1_sha384', 'ECDSA_SHA_384', 'sha384'],
  ['ecdsa_secp384r1_sha512', 'ECDSA_SHA_512', 'sha512'],
  ['rsa_pss_2048_sha256_mgf1_32', 'RSASSA_PSS_SHA_256', 'sha256'],
  ['rsa_pss_2048_sha384_mgf1_48', 'RSASSA_PSS_SHA_384', 'sha384'],
  ['rsa_pss_4096_sha256_mgf1_32', 'RSASSA_PSS_SHA_256', 'sha256'],
  ['rsa_pss_4096_sha384_mgf1_48', 'RSASSA_PSS_SHA_384', 'sha384'],
  ['rsa_pss_4096_sha512_mgf1_64', 'RSASSA_PSS_SHA_512', 'sha512'],
  ['rsa_signature_2048_sha256', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
  ['rsa_signature_2048_sha384', 'RSASSA_PKCS1_V1_5_SHA_384', 'sha384'],
  ['rsa_signature_2048_sha512', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512'],
  ['rsa_signature_4096_sha256', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
  ['rsa_signature_4096_sha384', 'RSASSA_PKCS1_V1_5_SHA_384', 'sha384'],
  ['rsa_signature_4096_sha512', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512'],
]

// `acceptable` is one case in each file of PKCS#1 v1.5, without the NULL of its hash's name: this server refuses it.
test.each(signatures)('WYCHEPROOF %s by %s, of data and of its digest', (file, algorithm, hash) => {
  const wrong: string[] = []
  let tried = 0
  for (const { publicKeyDer, tests } of groupsOf(`../vectors/wycheproof/${file}.json`)) {
    const key = createPublicKey({ key: Buffer.from(publicKeyDer, 'hex'), format: 'der', type: 'spki' })
    for (const { tcId, msg, sig, result } of tests) {
      const data = fromHex(msg)
      // The curves' arithmetic over digests is slow JavaScript: every fourth case is enough of it.
      const both = !algorithm.startsWith('ECDSA') || tcId % 4 === 0
      for (const isDigest of both ? [false, true] : [false]) {
        const input = { algorithm, data: isDigest ? createHash(hash).update(data).digest() : data, isDigest }
        tried++
        if (verifyData(key, input, fromHex(sig)) !== (result === 'valid'))
          wrong.push(`${tcId} ${isDigest ? 'digest' : 'data'} ${result}`)
      }
    }
  }
  expect(tried).toBeGreaterThan(200)
  expect(wrong).toEqual([])
})

test.each([
  ['hmac_sha256', 'HMAC_256'],
  ['hmac_sha384', 'HMAC_384'],
  ['hmac_sha512', 'HMAC_512'],
] as const)('WYCHEPROOF %s by %s', (file, algorithm) => {
  const wrong: number[] = []
  for (const { tagSize, tests } of groupsOf(`../vectors/wycheproof/${file}.json`))
    for (const { tcId, key, msg, tag, result } of tests) {
      const mac = macOf(algorithm, fromHex(key), fromHex(msg)).subarray(0, tagSize / 8)
      if ((toHex(mac) === tag) !== (result === 'valid')) wrong.push(tcId)
    }
  expect(wrong).toEqual([])
})

test('WYCHEPROOF aes_gcm as KMIP uses it: nonces of 12 bytes, keys of 128 and 256 bits', () => {
  const wrong: number[] = []
  let tried = 0
  const all = groupsOf('../../../../packages/crypto/vectors/wycheproof/aes_gcm_test.json')
  for (const { ivSize, keySize, tests } of all) {
    if (keySize === 192) continue
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
      tried++
      const cipher = { mode: 'gcm', tagLength: tag.length / 2, aad: fromHex(aad) } as const
      const sealed = { data: fromHex(ct), iv: fromHex(iv), tag: fromHex(tag) }
      const opened = rawDecrypt(fromHex(key), cipher, sealed)
      const right = opened.ok
        ? ivSize === 96 && result === 'valid' && toHex(opened.value) === msg
        : !(ivSize === 96 && result === 'valid')
      if (!right) wrong.push(tcId)
    }
  }
  expect(tried).toBeGreaterThan(150)
  expect(wrong).toEqual([])
})

test('WYCHEPROOF aes_cbc_pkcs5 as KMIP uses it: keys of 128 and 256 bits, with padding', () => {
  const wrong: number[] = []
  let tried = 0
  for (const { tests } of groupsOf('../vectors/wycheproof/aes_cbc_pkcs5.json'))
    for (const { tcId, key, iv, msg, ct, result } of tests) {
      tried++
      const sealed = { data: fromHex(ct), iv: fromHex(iv), tag: null }
      const opened = rawDecrypt(fromHex(key), { mode: 'cbc', padded: true }, sealed)
      if ((opened.ok && toHex(opened.value) === msg) !== (result === 'valid')) wrong.push(tcId)
    }
  expect(tried).toBeGreaterThan(100)
  expect(wrong).toEqual([])
})

// This server’s label is empty: a text under another is refused, however valid it is there.
test.each([2048, 3072, 4096])(
  'WYCHEPROOF rsa_oaep_%i_sha256_mgf1sha256 as keys are wrapped by it',
  (bits) => {
    const wrong: number[] = []
    let tried = 0
    for (const { privateKeyPkcs8, tests } of groupsOf(
      `../vectors/wycheproof/rsa_oaep_${bits}_sha256_mgf1sha256.json`,
    )) {
      const key = createPrivateKey({ key: Buffer.from(privateKeyPkcs8, 'hex'), format: 'der', type: 'pkcs8' })
      const opened = (sealed: Uint8Array) => {
        try {
          return toHex(openByOaep(key, sealed))
        } catch {
          return null
        }
      }
      for (const { tcId, msg, ct, label, result } of tests) {
        tried++
        if ((opened(fromHex(ct)) === msg) !== (result === 'valid' && label === '')) wrong.push(tcId)
      }
    }
    expect(tried).toBeGreaterThan(30)
    expect(wrong).toEqual([])
  },
)
