import pkcs11js, { type AesGCM, type Mechanism as JsMechanism } from 'pkcs11js'
import type { KeyRef, VerifyMechanism } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { CKM } from './constants.ts'
import { attempt, call } from './errors.ts'
import { pssSha256 } from './mechanisms.ts'
import type { TokenSession } from './session.ts'

const tagBytes = 16
const nonceBytes = 12

/** DER prefix of DigestInfo for SHA-256, RFC 8017 section 9.2 note 1. */
const sha256DigestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex')

const maxSignatureBytes = 512

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function gcm(nonce: Uint8Array, aad: Uint8Array): JsMechanism {
  if (nonce.length !== nonceBytes)
    throw new RangeError(`nonce: expected ${nonceBytes} bytes, got ${nonce.length}`)
  const parameter: AesGCM = {
    type: pkcs11js.CK_PARAMS_AES_GCM_v240,
    iv: buffer(nonce),
    aad: buffer(aad),
    ivBits: nonceBytes * 8,
    tagBits: tagBytes * 8,
  }
  return { mechanism: CKM.AES_GCM, parameter }
}

/** Ciphertext || 16-byte tag. */
export function encryptGcm(
  token: TokenSession,
  { key, nonce, aad, plaintext }: { key: KeyRef; nonce: Uint8Array; aad: Uint8Array; plaintext: Uint8Array },
): Uint8Array {
  token.requireUser()
  const { p11 } = token.module
  const handle = token.find(key)
  const doing = 'encrypting'
  call(doing, () => p11.C_EncryptInit(token.session, gcm(nonce, aad), handle))
  return call(doing, () =>
    p11.C_Encrypt(token.session, buffer(plaintext), Buffer.alloc(plaintext.length + tagBytes)),
  )
}

export function decryptGcm(
  token: TokenSession,
  {
    key,
    nonce,
    aad,
    ciphertext,
  }: { key: KeyRef; nonce: Uint8Array; aad: Uint8Array; ciphertext: Uint8Array },
): Uint8Array {
  token.requireUser()
  if (ciphertext.length < tagBytes)
    throw hsmError('HSM-DATA-INVALID', 'the ciphertext is shorter than its tag')
  const { p11 } = token.module
  const handle = token.find(key)
  const doing = 'decrypting'
  call(doing, () => p11.C_DecryptInit(token.session, gcm(nonce, aad), handle))
  const result = attempt(() =>
    call(doing, () => p11.C_Decrypt(token.session, buffer(ciphertext), Buffer.alloc(ciphertext.length))),
  )
  if (result.ok) return result.value
  // SoftHSM answers CKR_GENERAL_ERROR for a wrong tag; the key was accepted by the init before it.
  if (result.error.code === 'HSM-DEVICE-ERROR') {
    throw hsmError(
      'HSM-DATA-INVALID',
      'the ciphertext, its nonce or its associated data was altered',
      result.error.ckr,
    )
  }
  throw result.error
}

function sign(token: TokenSession, key: KeyRef, mechanism: JsMechanism, data: Buffer): Uint8Array {
  token.requireUser()
  const { p11 } = token.module
  const handle = token.find(key)
  call('signing', () => p11.C_SignInit(token.session, mechanism, handle))
  return call('signing', () => p11.C_Sign(token.session, data, Buffer.alloc(maxSignatureBytes)))
}

/** The token hashes nothing: the digest is the message of CKM_ECDSA. */
export function signEcdsa(
  token: TokenSession,
  { key, digest }: { key: KeyRef; digest: Uint8Array },
): Uint8Array {
  if (digest.length !== 32 && digest.length !== 48)
    throw new RangeError(`digest: expected 32 or 48 bytes, got ${digest.length}`)
  return sign(token, key, { mechanism: CKM.ECDSA }, buffer(digest))
}

function rsaInput(digest: Uint8Array, padding: 'pkcs1' | 'pss'): { mechanism: JsMechanism; data: Buffer } {
  if (digest.length !== 32) throw new RangeError(`digest: expected 32 bytes, got ${digest.length}`)
  if (padding === 'pkcs1') {
    return { mechanism: { mechanism: CKM.RSA_PKCS }, data: Buffer.concat([sha256DigestInfo, digest]) }
  }
  const { mechanism, parameter } = pssSha256()
  return {
    mechanism: { mechanism, ...(parameter ? { parameter: buffer(parameter) } : {}) },
    data: buffer(digest),
  }
}

export function signRsa(
  token: TokenSession,
  { key, digest, padding }: { key: KeyRef; digest: Uint8Array; padding: 'pkcs1' | 'pss' },
): Uint8Array {
  const { mechanism, data } = rsaInput(digest, padding)
  return sign(token, key, mechanism, data)
}

export function verify(
  token: TokenSession,
  options: { key: KeyRef; mechanism: VerifyMechanism; digest: Uint8Array; signature: Uint8Array },
): boolean {
  const { digest, signature } = options
  const { mechanism, data } =
    options.mechanism === 'ecdsa'
      ? { mechanism: { mechanism: CKM.ECDSA }, data: buffer(digest) }
      : rsaInput(digest, options.mechanism === 'rsa-pss-sha256' ? 'pss' : 'pkcs1')
  const { p11 } = token.module
  const handle = token.find({ id: options.key.id, class: 'public' })
  call('verifying', () => p11.C_VerifyInit(token.session, mechanism, handle))
  const result = attempt(() => call('verifying', () => p11.C_Verify(token.session, data, buffer(signature))))
  if (result.ok) return result.value
  if (result.error.code === 'HSM-SIGNATURE-INVALID') return false
  throw result.error
}

export function hmac(
  token: TokenSession,
  { key, message }: { key: KeyRef; message: Uint8Array },
): Uint8Array {
  return sign(token, key, { mechanism: CKM.SHA256_HMAC }, buffer(message))
}

export function random(token: TokenSession, length: number): Uint8Array {
  return call('drawing random bytes', () =>
    token.module.p11.C_GenerateRandom(token.session, Buffer.alloc(length)),
  )
}
