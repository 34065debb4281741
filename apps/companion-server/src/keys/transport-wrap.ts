import {
  constants,
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { promisify } from 'node:util'
import { aesKwpUnwrap, aesKwpWrap, concatBytes, FormatError, wipe } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../refusal.ts'

// RSA_AES_KEY_WRAP_SHA_256, as PKCS#11 (CKM_RSA_AES_KEY_WRAP) and the cloud KMSs have it: a fresh AES-256 key by RSA-OAEP with
// SHA-256 and MGF1 of the same, then the key by AES-KWP under that one.
const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const

const makePair = promisify(generateKeyPair)

export async function wrappingPair(): Promise<{ readonly spki: Uint8Array; readonly pkcs8: Uint8Array }> {
  const { publicKey, privateKey } = await makePair('rsa', { modulusLength: 3072 })
  return {
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    pkcs8: privateKey.export({ type: 'pkcs8', format: 'der' }),
  }
}

/** RSA-OAEP alone: for a secret that is short enough, where a provider takes it so. */
export function sealByOaep(to: KeyObject, key: Uint8Array): Uint8Array {
  return new Uint8Array(publicEncrypt({ key: to, ...oaep }, key))
}

/** Undoes `sealByOaep`. Throws what OpenSSL says of a text that does not open, which is told to nobody. */
export function openByOaep(key: KeyObject, sealed: Uint8Array): Uint8Array {
  return privateDecrypt({ key, ...oaep }, sealed)
}

export function sealWrapped(to: KeyObject, key: Uint8Array): Uint8Array {
  const aes = randomBytes(32)
  try {
    return concatBytes(publicEncrypt({ key: to, ...oaep }, aes), aesKwpWrap(aes, key))
  } finally {
    wipe(aes)
  }
}

/** Refuses IMPORT-UNWRAP in one text, whichever half does not open. */
export function openWrapped(pkcs8: Uint8Array, wrapped: Uint8Array): Outcome<Uint8Array> {
  const wrong = refuse('IMPORT-UNWRAP', 'it does not open with this import key')
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  const length = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  if (wrapped.length <= length || wrapped.length > length + 8192) return wrong
  let aes: Uint8Array | null = null
  try {
    aes = openByOaep(key, wrapped.subarray(0, length))
    return aes.length === 32 ? accept(aesKwpUnwrap(aes, wrapped.subarray(length))) : wrong
  } catch (error) {
    if (error instanceof FormatError || (error instanceof Error && 'code' in error)) return wrong
    throw error
  } finally {
    if (aes !== null) wipe(aes)
  }
}
