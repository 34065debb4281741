import { createECDH, randomBytes } from 'node:crypto'
import {
  aesKwpUnwrap,
  aesKwpWrap,
  concatBytes,
  ecSpkiFromSec1,
  FormatError,
  fromBase64,
  hkdfSha256,
  hmacSha256,
  lp,
  sha256,
  sha256Hex,
  toHex,
  utf8,
} from '@lux/crypto'
import type { KeyPath } from '@lux/hsm'
import { p256 } from '@noble/curves/nist.js'
import { EnvironmentError } from '../../refusal.ts'
import { settingOf } from '../container.ts'
import { challengeOf, type KeyDevice } from './key-device.ts'

/** In the place of a token's library: the root is ROOT_ENCRYPTION_KEY. */
export const rootKeySetting = 'ROOT_ENCRYPTION_KEY'

/**
 * ROOT_ENCRYPTION_KEY, or what the file holds that ROOT_ENCRYPTION_KEY_FILE names: 32 bytes as base64. Null where there is none.
 * Throws ROOT-KEY, without the text.
 */
export function givenRootKey(): Uint8Array | null {
  const text = settingOf(rootKeySetting)
  if (text === undefined) return null
  try {
    const key = fromBase64(text)
    if (key.length === 32) return key
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
  }
  throw new EnvironmentError('ROOT-KEY', `${rootKeySetting} is not 32 bytes as base64`)
}

/** Stands where a token's serial does, and knows a root key again: 16 hex digits of HKDF-SHA-256. */
export function rootKeySerial(root: Uint8Array): string {
  return toHex(derived(root, 'name', '').slice(0, 8))
}

/**
 * Every key of a server that has no token, derived from its root key: HKDF-SHA-256(root, "", "custody-root-key-1" | lp(purpose) |
 * lp(id)). Nothing is kept, so that nothing but the root key has to be.
 */
export function rootKeyDevice(root: Uint8Array): KeyDevice {
  const kekAt = ({ id, chain = [] }: KeyPath): Uint8Array =>
    chain.reduce((kek, { wrapped }) => aesKwpUnwrap(kek, wrapped), derived(root, 'kek', id))

  return {
    hmac: async ({ key, message }) => hmacSha256(derived(root, 'mac', key.id), message),
    signEcdsa: async ({ key, digest }) =>
      p256.sign(digest, scalarOf(root, key.id), { prehash: false, lowS: true, format: 'compact' }),
    async signingKey(id) {
      const pair = createECDH('prime256v1')
      pair.setPrivateKey(scalarOf(root, id))
      return ecSpkiFromSec1('P-256', new Uint8Array(pair.getPublicKey()))
    },
    macKey: async () => undefined,
    rootKey: async (id) => ({
      mechanism: 'KWP-RFC5649',
      possession: sha256Hex(aesKwpWrap(kekAt({ id }), challengeOf(id))),
      attributes: '[]',
    }),
    generateWrapped: async ({ parent }) => {
      const key = new Uint8Array(randomBytes(32))
      try {
        return { wrapped: aesKwpWrap(kekAt(parent), key) }
      } finally {
        key.fill(0)
      }
    },
    rewrap: async ({ from, wrapped, to }) => {
      const key = aesKwpUnwrap(kekAt(from), wrapped)
      try {
        return aesKwpWrap(kekAt(to), key)
      } finally {
        key.fill(0)
      }
    },
    destroyRoot: async () => {
      throw new EnvironmentError('ROOT-KEY-ONLY', 'what comes from ROOT_ENCRYPTION_KEY cannot be destroyed')
    },
    async proofOf(kind, id) {
      if (kind === 'kek') return sha256(aesKwpWrap(kekAt({ id }), challengeOf(id)))
      if (kind === 'mac') return hmacSha256(derived(root, 'mac', id), challengeOf(id))
      return sha256(utf8(id))
    },
    isThere: async () => undefined,
    unwrapToMemory: async ({ kek, wrapped }) => aesKwpUnwrap(kekAt(kek), wrapped),
  }
}

/** Uniform in [1, n-1] to 2^-128 (FIPS 186-5 A.2.1). */
function scalarOf(root: Uint8Array, id: string): Uint8Array {
  return p256.utils.randomSecretKey(derived(root, 'p-256', id, 48))
}

function derived(root: Uint8Array, purpose: string, id: string, length = 32): Uint8Array {
  const info = concatBytes(utf8('custody-root-key-1'), lp(utf8(purpose)), lp(utf8(id)))
  return hkdfSha256(root, new Uint8Array(0), info, length)
}
