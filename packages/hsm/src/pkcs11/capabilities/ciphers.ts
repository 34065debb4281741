import {
  constants,
  createCipheriv,
  createECDH,
  createHmac,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { CKK, CKM, mechanismName } from '../../constants.ts'
import type { CipherMechanism, DeriveMechanism, HashName, KeyRef } from '../../device.ts'
import { closedTemplate } from '../../templates.ts'
import { CKA, is } from '../library/attributes.ts'
import type { CurveName } from '../library/curves.ts'
import { hmacMechanisms } from '../library/parameters.ts'
import { withKnownKey } from '../objects/known-keys.ts'
import { decrypt, encrypt, sealGcm } from '../operations/cipher.ts'
import { derive } from '../operations/derive.ts'
import { sign } from '../operations/signing.ts'
import type { TokenSession } from '../session/session.ts'
import { agree, type ScratchPairs, scratchId, type Trial } from './trial.ts'

const plaintext = Buffer.from('0123456789abcdef0123456789abcdef')

function inNode(name: 'gcm' | 'cbc', key: Uint8Array, iv: Uint8Array, padded: boolean): Buffer {
  if (name === 'gcm') {
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(padded)
  return Buffer.concat([cipher.update(plaintext), cipher.final()])
}

const aesFlags = [is('ENCRYPT', true), is('DECRYPT', true)]

/** Under the nonce that it is given, or one of its own. */
const gcmTrial = (token: TokenSession): Trial => ({
  group: 'cipher',
  name: 'aes-256-gcm',
  mechanism: mechanismName(CKM.AES_GCM),
  run: () => {
    const [value, nonce] = [randomBytes(32), randomBytes(12)]
    return withKnownKey(token, value, CKK.AES, aesFlags, async (key) => {
      const sealed = await sealGcm(token, { key, nonce, aad: new Uint8Array(0), plaintext })
      const expected = inNode('gcm', value, sealed.nonce, false)
      return agree(expected.equals(sealed.ciphertext), 'a ciphertext, and back')
    })
  },
})

function cbcTrial(token: TokenSession, kind: 'cbc' | 'cbc-pad', number: number): Trial {
  return {
    group: 'cipher',
    name: `aes-256-${kind}`,
    mechanism: mechanismName(number),
    run: () => {
      const [value, iv] = [randomBytes(32), randomBytes(16)]
      const mechanism: CipherMechanism = { kind, iv }
      return withKnownKey(token, value, CKK.AES, aesFlags, async (key) => {
        const sealed = Buffer.from(await encrypt(token, { key, mechanism, plaintext }))
        const opened = await decrypt(token, { key, mechanism, ciphertext: sealed })
        const expected = inNode('cbc', value, iv, kind === 'cbc-pad')
        return agree(sealed.equals(expected) && plaintext.equals(opened), 'a ciphertext, and back')
      })
    },
  }
}

const oaepTrial = (token: TokenSession, pairsOf: ScratchPairs, hash: HashName): Trial => ({
  group: 'cipher',
  name: `rsa-oaep-${hash}`,
  mechanism: mechanismName(CKM.RSA_PKCS_OAEP),
  run: () =>
    pairsOf('rsa-2048', { decrypt: true }, async ({ privateKey }, key) => {
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      const ciphertext = publicEncrypt({ key, padding, oaepHash: hash }, plaintext)
      const opened = await decrypt(token, { key: privateKey, mechanism: { kind: 'oaep', hash }, ciphertext })
      return agree(plaintext.equals(opened), 'what other software encrypted')
    }),
})

const hmacTrial = (token: TokenSession, hash: keyof typeof hmacMechanisms): Trial => ({
  group: 'sign',
  name: `hmac-${hash}`,
  mechanism: mechanismName(hmacMechanisms[hash]),
  run: () => {
    const value = randomBytes(64)
    const flags = [is('SIGN', true), is('VERIFY', true)]
    return withKnownKey(token, value, CKK.GENERIC_SECRET, flags, async (key) => {
      const { signature } = await sign(token, {
        key,
        mechanism: { kind: 'hmac', hash },
        input: { message: plaintext },
      })
      return agree(createHmac(hash, value).update(plaintext).digest().equals(signature), 'a tag')
    })
  },
})

/** Derives a readable session key and gives its bytes. */
function derived(token: TokenSession, key: KeyRef, mechanism: DeriveMechanism, bytes: number): Buffer {
  const id = scratchId()
  const template = { ...closedTemplate, sensitive: false, extractable: true }
  derive(token, { key, mechanism, id, label: 'trial', kind: 'secret', bytes, template })
  const handle = token.find({ id, class: 'secret' })
  try {
    const value = token.module.getAttribute(token.session, handle, CKA.VALUE)
    return value === 'absent' ? Buffer.alloc(0) : value
  } finally {
    token.destroyHandle(handle)
  }
}

const nodeCurve = { 'p-256': 'prime256v1', 'p-384': 'secp384r1', 'p-521': 'secp521r1' } as const

const ecdhTrial = (token: TokenSession, pairsOf: ScratchPairs, curve: CurveName): Trial => ({
  group: 'derive',
  name: `ecdh-${curve}`,
  mechanism: mechanismName(CKM.ECDH1_DERIVE),
  run: () =>
    pairsOf(curve, { derive: true }, ({ privateKey }, theirs) => {
      const ours = generateKeyPairSync('ec', { namedCurve: nodeCurve[curve] })
      const peer = ours.publicKey.export({ format: 'der', type: 'spki' })
      const { d } = ours.privateKey.export({ format: 'jwk' })
      const { x, y } = theirs.export({ format: 'jwk' })
      const from = (text: string | undefined) => Buffer.from(text ?? '', 'base64url')
      const own = createECDH(nodeCurve[curve])
      own.setPrivateKey(from(d))
      const expected = own.computeSecret(Buffer.concat([Buffer.from([4]), from(x), from(y)]))
      const got = derived(token, privateKey, { kind: 'ecdh', peer }, expected.length)
      return agree(got.equals(expected), 'a shared secret')
    }),
})

const dataTrial = (token: TokenSession, kind: 'aes-ecb-data' | 'aes-cbc-data', number: number): Trial => ({
  group: 'derive',
  name: kind,
  mechanism: mechanismName(number),
  run: () => {
    const [value, iv] = [randomBytes(32), randomBytes(16)]
    return withKnownKey(token, value, CKK.AES, [is('DERIVE', true)], async (key) => {
      const mechanism: DeriveMechanism =
        kind === 'aes-ecb-data' ? { kind, data: plaintext } : { kind, iv, data: plaintext }
      const cipher = createCipheriv(
        kind === 'aes-ecb-data' ? 'aes-256-ecb' : 'aes-256-cbc',
        value,
        kind === 'aes-ecb-data' ? null : iv,
      ).setAutoPadding(false)
      const expected = Buffer.concat([cipher.update(plaintext), cipher.final()])
      return agree(derived(token, key, mechanism, 32).equals(expected), 'a derived key')
    })
  },
})

export const cipherTrials = (token: TokenSession, pairsOf: ScratchPairs): Trial[] => [
  gcmTrial(token),
  cbcTrial(token, 'cbc', CKM.AES_CBC),
  cbcTrial(token, 'cbc-pad', CKM.AES_CBC_PAD),
  ...(['sha1', 'sha256', 'sha384', 'sha512'] as const).map((hash) => oaepTrial(token, pairsOf, hash)),
  ...(['sha256', 'sha384', 'sha512'] as const).map((hash) => hmacTrial(token, hash)),
  ...(['p-256', 'p-384', 'p-521'] as const).map((curve) => ecdhTrial(token, pairsOf, curve)),
  dataTrial(token, 'aes-ecb-data', CKM.AES_ECB_ENCRYPT_DATA),
  dataTrial(token, 'aes-cbc-data', CKM.AES_CBC_ENCRYPT_DATA),
]
