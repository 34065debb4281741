import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type Scheme, schemeNames, schemes } from '../src/sign/schemes.ts'

const real = Object.fromEntries(schemeNames.map((name) => [name, { ...schemes[name] }]))
const known = new Map<string, Uint8Array | boolean>()

/** How OpenSSL takes keys: what stands before a seed in PKCS #8, and before a public key in SPKI (RFC 9881, 8410, 5480). */
const ahead = {
  mlDsa65: {
    seed: '3034020100300b060960864801650304031204228020',
    publicKey: '308207b2300b0609608648016503040312038207a100',
  },
  ed25519: { seed: '302e020100300506032b657004220420', publicKey: '302a300506032b6570032100' },
  p256: { publicKey: '3059301306072a8648ce3d020106082a8648ce3d030107034200' },
}

const keys = new Map<string, KeyObject>()

/** Made once: to read a key takes as long as to use it. */
function keyOf(before: string, bytes: Uint8Array, read: (der: Buffer) => KeyObject): KeyObject {
  const der = Buffer.concat([Buffer.from(before, 'hex'), bytes])
  const id = der.toString('base64')
  const key = keys.get(id) ?? read(der)
  keys.set(id, key)
  return key
}

const signer = (before: string) => (seed: Uint8Array, message: Uint8Array) => {
  const key = keyOf(before, seed, (der) => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  return new Uint8Array(sign(null, message, key))
}

/** `fits`: what our own verifier looks at first, and OpenSSL takes more easily. */
const verifier =
  (
    before: string,
    fits: (publicKey: Uint8Array, signature: Uint8Array) => boolean,
    hash: string | null = null,
  ) =>
  (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    fits(publicKey, signature) &&
    verify(
      hash,
      message,
      keyOf(before, publicKey, (key) => createPublicKey({ key, format: 'der', type: 'spki' })),
      signature,
    )

const isSound = (name: Scheme) => {
  const isKey = once(`${name} key`, real[name]!.isPublicKey)
  return (publicKey: Uint8Array, signature: Uint8Array) =>
    isKey(publicKey) && real[name]!.signatureFault(signature) === null
}

/**
 * By OpenSSL, which is a dozen times faster than JavaScript. Its signatures of ML-DSA-65 are not the deterministic ones; those of
 * ECDSA are left to JavaScript, which makes the same at each run.
 */
const openssl = {
  sign: { mlDsa65: signer(ahead.mlDsa65.seed), ed25519: signer(ahead.ed25519.seed), p256: real.p256!.sign },
  verify: {
    mlDsa65: verifier(ahead.mlDsa65.publicKey, isSound('mlDsa65')),
    ed25519: verifier(ahead.ed25519.publicKey, isSound('ed25519')),
    p256: verifier(ahead.p256.publicKey, isSound('p256'), 'sha256'),
  },
}

function idOf(what: string, parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256').update(what)
  for (const part of parts) hash.update(`/${part.length}/`).update(part)
  return hash.digest('base64')
}

/** What `compute` answers for these bytes, asked once. */
function once<T extends Uint8Array | boolean>(
  what: string,
  compute: (...parts: Uint8Array[]) => T,
): (...parts: Uint8Array[]) => T {
  return (...parts) => {
    const id = idOf(what, parts)
    const answer = (known.get(id) as T | undefined) ?? compute(...parts)
    known.set(id, answer)
    return typeof answer === 'boolean' ? answer : (new Uint8Array(answer) as T)
  }
}

/**
 * From here on, OpenSSL computes signatures, and nothing is signed or verified twice: the tests replay the same runs and
 * bundles hundreds of times, and nearly all of their time went into signatures.
 */
export function quickSignatures(): void {
  for (const name of schemeNames) {
    const { isPublicKey, publicKey } = real[name]!
    Object.assign(schemes[name], {
      publicKey: once(`${name} public key`, publicKey),
      sign: once(`${name} sign`, openssl.sign[name]),
      verify: once(`${name} verify`, openssl.verify[name]),
      isPublicKey: once(`${name} key`, isPublicKey),
    })
  }
}

/** Every signature is computed, as in the product. */
export function ownSignatures(): void {
  for (const name of schemeNames) Object.assign(schemes[name], real[name])
}

/** The ML-DSA-65 signatures that this worker verified, by `idOf('mlDsa65 verify', [public key, message, signature])`, and the answers. */
export function knownVerdicts(): Record<string, boolean> {
  return Object.fromEntries([...known].filter((one): one is [string, boolean] => typeof one[1] === 'boolean'))
}
