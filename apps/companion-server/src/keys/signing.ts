import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { concatBytes, equalBytes } from '@lux/crypto'
import { p256, p384 } from '@noble/curves/nist.js'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import type { KeyAlgorithm } from './algorithms.ts'

type Hash = 'sha256' | 'sha384' | 'sha512'
type Scheme = { readonly kind: 'pss' | 'pkcs1' | 'ecdsa'; readonly hash: Hash } | { readonly kind: 'ml-dsa' }

const schemes = {
  RSASSA_PSS_SHA_256: { kind: 'pss', hash: 'sha256' },
  RSASSA_PSS_SHA_384: { kind: 'pss', hash: 'sha384' },
  RSASSA_PSS_SHA_512: { kind: 'pss', hash: 'sha512' },
  RSASSA_PKCS1_V1_5_SHA_256: { kind: 'pkcs1', hash: 'sha256' },
  RSASSA_PKCS1_V1_5_SHA_384: { kind: 'pkcs1', hash: 'sha384' },
  RSASSA_PKCS1_V1_5_SHA_512: { kind: 'pkcs1', hash: 'sha512' },
  ECDSA_SHA_256: { kind: 'ecdsa', hash: 'sha256' },
  ECDSA_SHA_384: { kind: 'ecdsa', hash: 'sha384' },
  ECDSA_SHA_512: { kind: 'ecdsa', hash: 'sha512' },
  ML_DSA_SHAKE_256: { kind: 'ml-dsa' },
} as const satisfies { readonly [name: string]: Scheme }

export type SigningAlgorithm = keyof typeof schemes

// Object.keys gives what the literal above has.
export const signingAlgorithmNames = Object.keys(schemes) as readonly SigningAlgorithm[]

const kindsOf: Readonly<Partial<Record<KeyAlgorithm, readonly Scheme['kind'][]>>> = {
  RSA_2048: ['pss', 'pkcs1'],
  RSA_4096: ['pss', 'pkcs1'],
  ECC_NIST_P256: ['ecdsa'],
  ECC_NIST_P384: ['ecdsa'],
  ML_DSA_44: ['ml-dsa'],
  ML_DSA_65: ['ml-dsa'],
  ML_DSA_87: ['ml-dsa'],
}

/** How a key of this algorithm may sign; none where it does not. */
export function signingAlgorithmsOf(algorithm: KeyAlgorithm): readonly SigningAlgorithm[] {
  const kinds = kindsOf[algorithm] ?? []
  return signingAlgorithmNames.filter((name) => kinds.includes(schemes[name].kind))
}

export type SigningInput = {
  readonly algorithm: SigningAlgorithm
  readonly data: Uint8Array
  /** `data` is the digest by the algorithm's hash: sign(data) verifies as verify(hash(data), isDigest). */
  readonly isDigest?: boolean
}

const digestLengths: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 }

/** Refuses SIGNING-ALGORITHM one that is not the key's, DIGEST-LENGTH what is no digest by the algorithm's hash. */
export function checkSigningInput(
  key: KeyAlgorithm,
  { algorithm, data, isDigest }: SigningInput,
): Outcome<null> {
  if (!signingAlgorithmsOf(key).includes(algorithm))
    return refuse('SIGNING-ALGORITHM', `a key of algorithm ${key} does not sign by ${algorithm}`)
  if (!isDigest) return accept(null)
  const scheme = schemes[algorithm]
  if (scheme.kind === 'ml-dsa') return refuse('SIGNING-ALGORITHM', `${algorithm} signs data, not its digest`)
  const length = digestLengths[scheme.hash]
  if (data.length !== length)
    return refuse('DIGEST-LENGTH', `a digest for ${algorithm} has ${length} bytes, not ${data.length}`)
  return accept(null)
}

/** Of input that `checkSigningInput` accepted. ECDSA is DER, the salt of RSA-PSS as long as the hash. */
export function signData(key: KeyObject, { algorithm, data, isDigest }: SigningInput): Uint8Array {
  const scheme = schemes[algorithm]
  if (scheme.kind === 'ml-dsa') return sign(null, data, key)
  const { kind, hash } = scheme
  if (!isDigest) return sign(hash, data, { key, ...nativeOptions[kind] })
  if (kind === 'ecdsa') return ecdsaOverDigest(key, data)
  const length = modulusBytes(key)
  const message =
    kind === 'pss'
      ? encodePss(hash, data, randomBytes(digestLengths[hash]), length)
      : encodePkcs1(hash, data, length)
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, message)
}

/** Of input that `checkSigningInput` accepted; anything that is no signature is simply not valid. */
export function verifyData(
  key: KeyObject,
  { algorithm, data, isDigest }: SigningInput,
  signature: Uint8Array,
): boolean {
  const scheme = schemes[algorithm]
  if (scheme.kind === 'ml-dsa') return verify(null, data, key, signature)
  const { kind, hash } = scheme
  if (!isDigest) return verify(hash, data, { key, ...nativeOptions[kind] }, signature)
  if (kind === 'ecdsa') return ecdsaVerifiesDigest(key, data, signature)
  const length = modulusBytes(key)
  if (signature.length !== length) return false
  let message: Uint8Array
  try {
    message = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature)
  } catch {
    return false
  }
  return kind === 'pss' ? isPssOf(hash, data, message) : equalBytes(message, encodePkcs1(hash, data, length))
}

const nativeOptions = {
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  pkcs1: { padding: constants.RSA_PKCS1_PADDING },
  ecdsa: { dsaEncoding: 'der' },
} as const

// OpenSSL signs no ready-made digest by ECDSA through Node, so the curve's own arithmetic does, with added randomness.
const noble = { prehash: false, lowS: false, format: 'der' } as const

function curveOf(key: KeyObject) {
  return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? p256 : p384
}

function ecdsaOverDigest(key: KeyObject, digest: Uint8Array): Uint8Array {
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
  try {
    return curveOf(key).sign(digest, scalar, { ...noble, extraEntropy: randomBytes(32) })
  } finally {
    scalar.fill(0)
  }
}

function ecdsaVerifiesDigest(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const point = concatBytes(Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'))
  try {
    return curveOf(key).verify(signature, digest, point, noble)
  } catch {
    return false
  }
}

function modulusBytes(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
}

// DigestInfo of RFC 8017, section 9.2, note 1.
const digestInfo: Readonly<Record<Hash, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
}

/** EMSA-PKCS1-v1_5 over a digest, RFC 8017, section 9.2. */
function encodePkcs1(hash: Hash, digest: Uint8Array, length: number): Uint8Array {
  const info = concatBytes(Buffer.from(digestInfo[hash], 'hex'), digest)
  const padding = new Uint8Array(length - info.length - 3).fill(0xff)
  return concatBytes(Uint8Array.of(0, 1), padding, Uint8Array.of(0), info)
}

/** EMSA-PSS-ENCODE over a digest, RFC 8017, section 9.1.1; the modulus has whole bytes, so one bit on the left is zero. */
function encodePss(hash: Hash, digest: Uint8Array, salt: Uint8Array, length: number): Uint8Array {
  const seed = pssHash(hash, digest, salt)
  const block = new Uint8Array(length - seed.length - 1)
  block[block.length - salt.length - 1] = 1
  block.set(salt, block.length - salt.length)
  const masked = xor(block, mgf1(hash, seed, block.length))
  masked[0] = (masked[0] ?? 0) & 0x7f
  return concatBytes(masked, seed, Uint8Array.of(0xbc))
}

/** EMSA-PSS-VERIFY over a digest, RFC 8017, section 9.1.2, for a salt as long as the hash. */
function isPssOf(hash: Hash, digest: Uint8Array, message: Uint8Array): boolean {
  const hashLength = digestLengths[hash]
  const masked = message.subarray(0, message.length - hashLength - 1)
  const seed = message.subarray(masked.length, message.length - 1)
  if (message.at(-1) !== 0xbc || ((masked[0] ?? 0x80) & 0x80) !== 0) return false
  const block = xor(masked, mgf1(hash, seed, masked.length))
  block[0] = (block[0] ?? 0) & 0x7f
  const start = block.length - hashLength - 1
  if (block.subarray(0, start).some((byte) => byte !== 0) || block[start] !== 1) return false
  return equalBytes(seed, pssHash(hash, digest, block.subarray(start + 1)))
}

function pssHash(hash: Hash, digest: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHash(hash).update(new Uint8Array(8)).update(digest).update(salt).digest()
}

function mgf1(hash: Hash, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = []
  const counter = Buffer.alloc(4)
  for (let at = 0; at * digestLengths[hash] < length; at++) {
    counter.writeUInt32BE(at)
    blocks.push(createHash(hash).update(seed).update(counter).digest())
  }
  return concatBytes(...blocks).subarray(0, length)
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, at) => byte ^ (other[at] ?? 0))
}

/**
 * Parsed once for as long as the cache lends the same bytes: parsing costs more than a P-256 signature. Node cannot wipe a key object;
 * OpenSSL clears it when it is collected, which it is only once the cache has let go of the bytes.
 */
const parsed = new WeakMap<Uint8Array, { privateKey: KeyObject; publicKey: KeyObject }>()

function pairOf(bytes: Uint8Array) {
  const known = parsed.get(bytes)
  if (known) return known
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, derLength(bytes))
  try {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const pair = { privateKey, publicKey: createPublicKey(privateKey) }
    parsed.set(bytes, pair)
    return pair
  } catch (error) {
    throw new EnvironmentError('KEY-UNWRAP', 'the key is no PKCS#8', { cause: error })
  }
}

export const privateKeyOf = (bytes: Uint8Array): KeyObject => pairOf(bytes).privateKey
export const publicKeyOf = (bytes: Uint8Array): KeyObject => pairOf(bytes).publicKey

/** Of the outer SEQUENCE: where a token wraps by KW, zeros follow it. */
function derLength(bytes: Uint8Array): number {
  const [, short = 0] = bytes
  if (short < 0x80) return Math.min(bytes.length, 2 + short)
  const count = short & 0x7f
  const length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  return Math.min(bytes.length, 2 + count + length)
}
