import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  randomBytes,
} from 'node:crypto'
import { CKK, CKM, CKO, mechanismName } from '../../constants.ts'
import type { HashName, KeyRef, KeyWrapMechanism } from '../../device.ts'
import { is, num } from '../library/attributes.ts'
import { withKnownKey } from '../objects/known-keys.ts'
import { publicKeyAttributes } from '../objects/public-keys.ts'
import { named } from '../objects/read-back.ts'
import type { TokenSession } from '../session/session.ts'
import { wrapKey } from '../wrapping/key-wrapping.ts'
import { agree, scratchId, type Trial } from './trial.ts'

const kwIv = Buffer.alloc(8, 0xa6)
const kwpIv = Buffer.from('a65959a6', 'hex')

function softwareWrap(kind: 'kw' | 'kwp', kek: Uint8Array, key: Uint8Array): Buffer {
  const cipher =
    kind === 'kw'
      ? createCipheriv('id-aes256-wrap', kek, kwIv)
      : createCipheriv('id-aes256-wrap-pad', kek, kwpIv)
  return Buffer.concat([cipher.update(key), cipher.final()])
}

/** Under a nonce of zeros: ciphertext || tag. */
function gcmWrap(kek: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', kek, Buffer.alloc(12))
  return Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()])
}

const aesTrial = (token: TokenSession, mechanism: KeyWrapMechanism, name: string, number: number): Trial => ({
  group: 'wrap',
  name,
  mechanism: mechanismName(number),
  run: () => {
    const [kekValue, keyValue] = [randomBytes(32), randomBytes(32)]
    return withKnownKey(token, kekValue, CKK.AES, [is('WRAP', true)], (by) =>
      withKnownKey(token, keyValue, CKK.AES, [], async (key) => {
        const wrapped = Buffer.from(await wrapKey(token, { by, mechanism, key }))
        if (mechanism.kind === 'kw' || mechanism.kind === 'kwp')
          return agree(wrapped.equals(softwareWrap(mechanism.kind, kekValue, keyValue)), 'a wrapped key')
        return agree(wrapped.equals(gcmWrap(kekValue, keyValue)), 'a wrapped key')
      }),
    )
  },
})

/** A public key of ours on the token, as a session object that wraps. */
async function withPublicKey<T>(
  token: TokenSession,
  key: KeyObject,
  use: (by: KeyRef) => Promise<T>,
): Promise<T> {
  const id = scratchId()
  const { attributes } = publicKeyAttributes(key.export({ format: 'der', type: 'spki' }))
  const asked = [
    num('CLASS', CKO.PUBLIC_KEY),
    num('KEY_TYPE', CKK.RSA),
    ...named(id, 'trial'),
    ...attributes,
    is('TOKEN', false),
    is('PRIVATE', false),
    is('WRAP', true),
  ]
  const handle = token.module.createObject(token.session, asked, 'making a scratch key')
  try {
    return await use({ id, class: 'public' })
  } finally {
    token.destroyHandle(handle)
  }
}

const rsaTrial = (token: TokenSession, kind: 'oaep' | 'rsa-aes', hash: HashName): Trial => ({
  group: 'wrap',
  name: `${kind === 'oaep' ? 'rsa-oaep' : kind}-${hash}`,
  mechanism: mechanismName(kind === 'oaep' ? CKM.RSA_PKCS_OAEP : CKM.RSA_AES_KEY_WRAP),
  run: () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const value = randomBytes(32)
    const mechanism: KeyWrapMechanism = kind === 'oaep' ? { kind, hash } : { kind, hash, bits: 256 }
    return withPublicKey(token, publicKey, (by) =>
      withKnownKey(token, value, CKK.AES, [], async (key) => {
        const wrapped = Buffer.from(await wrapKey(token, { by, mechanism, key }))
        const padding = constants.RSA_PKCS1_OAEP_PADDING
        const outer = privateDecrypt({ key: privateKey, padding, oaepHash: hash }, wrapped.subarray(0, 256))
        if (kind === 'oaep') return agree(outer.equals(value), 'a wrapped key')
        const inner = createDecipheriv('id-aes256-wrap-pad', outer, kwpIv)
        const opened = Buffer.concat([inner.update(wrapped.subarray(256)), inner.final()])
        const how = token.has(CKM.RSA_AES_KEY_WRAP, 'wrap') ? '' : ', made of OAEP and KWP in the token'
        return agree(opened.equals(value), `a wrapped key${how}`)
      }),
    )
  },
})

export const wrapTrials = (token: TokenSession): Trial[] => [
  aesTrial(token, { kind: 'kw' }, 'aes-kw', CKM.AES_KEY_WRAP),
  aesTrial(token, { kind: 'kwp' }, 'aes-kwp', CKM.AES_KEY_WRAP_KWP),
  aesTrial(token, { kind: 'gcm', nonce: Buffer.alloc(12) }, 'aes-gcm', CKM.AES_GCM),
  ...(['sha1', 'sha256', 'sha384', 'sha512'] as const).flatMap((hash) => [
    rsaTrial(token, 'oaep', hash),
    rsaTrial(token, 'rsa-aes', hash),
  ]),
]
