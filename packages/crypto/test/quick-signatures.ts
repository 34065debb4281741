import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { schemeNames, schemes } from '../src/sign/schemes.ts'

const real = Object.fromEntries(schemeNames.map((name) => [name, { ...schemes[name] }]))
const known = new Map<string, Uint8Array | boolean>()

/** How OpenSSL takes ML-DSA-65: what stands before a seed in PKCS #8 and before a public key in SPKI (RFC 9881). */
const beforeSeed = Buffer.from('3034020100300b060960864801650304031204228020', 'hex')
const beforePublicKey = Buffer.from('308207b2300b0609608648016503040312038207a100', 'hex')

/** ML-DSA-65 by OpenSSL, which is a dozen times faster than JavaScript. Its signatures are not the deterministic ones. */
const openssl = {
  sign: (seed: Uint8Array, message: Uint8Array): Uint8Array => {
    const key = Buffer.concat([beforeSeed, seed])
    return new Uint8Array(sign(null, message, createPrivateKey({ key, format: 'der', type: 'pkcs8' })))
  },
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
    if (publicKey.length !== 1952 || signature.length !== 3309) return false
    const key = Buffer.concat([beforePublicKey, publicKey])
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature)
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
 * From here on, ML-DSA-65 is computed by OpenSSL, and nothing is signed or verified twice: the tests replay the same runs and
 * bundles hundreds of times, and nearly all of their time went into signatures.
 */
export function quickSignatures(): void {
  for (const name of schemeNames) {
    const { sign: signing, verify: verifying, isPublicKey, publicKey } = real[name]!
    Object.assign(schemes[name], {
      publicKey: once(`${name} public key`, publicKey),
      sign: once(`${name} sign`, name === 'mlDsa65' ? openssl.sign : signing),
      verify: once(`${name} verify`, name === 'mlDsa65' ? openssl.verify : verifying),
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
