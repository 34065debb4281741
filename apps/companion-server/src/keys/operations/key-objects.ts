import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { EnvironmentError } from '../../refusal.ts'

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
