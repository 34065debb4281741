import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import {
  type Ciphertext,
  type DealtKey,
  dealFheKey,
  largestBudgets,
  parseCiphertext,
  parseClientKey,
  spliceSquashKey,
  type VerifiedShare,
  verifyShare,
} from '../../packages/crypto/src/fhe/index.ts'
import type { LweBlock } from '../../packages/crypto/src/sharing/index.ts'
import { ringVector } from '../../packages/crypto/src/sharing/kernel.ts'
import { root } from '../../scripts/root.ts'

type Encrypted<Value> = {
  safe_serialize(limit: bigint): Uint8Array
  decrypt(key: unknown): Value
}
type Encrypt<Value> = { encrypt_with_client_key(value: Value, key: unknown): Encrypted<Value> }
type Tfhe = {
  TfheConfigBuilder: { default(): { build(): unknown } }
  TfheClientKey: { generate(config: unknown): { safe_serialize(limit: bigint): Uint8Array } }
  FheUint8: Encrypt<number>
  FheUint64: Encrypt<bigint>
  FheUint256: Encrypt<bigint>
}

const LIMIT = 1n << 30n
const DELTA = 1n << 123n

/** A client key of tfhe with a squash key, and ciphertexts under both. */
export type BenchKey = {
  readonly clientKey: Uint8Array
  /** A fresh one, encrypted with the client key. */
  fresh(bits: 8 | 64 | 256): Ciphertext
  /** As an evaluator squashes it, random masks, noise of 60 bits. */
  squashed(bits: number): Ciphertext
  /** tfhe's own decryption, in the same wasm, of a fresh u256. */
  decrypt(): void
}

export const entropy = { bytes: (n: number): Uint8Array => new Uint8Array(randomBytes(n)) }

export function makeBenchKey(): BenchKey {
  // node-tfhe is a dependency of apps/desktop alone.
  const tfhe = createRequire(join(root, 'apps/desktop/package.json'))('node-tfhe') as Tfhe
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  const clientKey = spliceSquashKey(key.safe_serialize(LIMIT), entropy.bytes(512))
  const { key128 } = parseClientKey(clientKey)
  const secret = ringVector(128, 4096)
  secret.addScaled(key128 ?? new Uint8Array(0), [1n, 0n, 0n, 0n])
  const encrypted = {
    8: tfhe.FheUint8.encrypt_with_client_key(200, key),
    64: tfhe.FheUint64.encrypt_with_client_key(12345n, key),
    256: tfhe.FheUint256.encrypt_with_client_key(1n << 255n, key),
  }
  return {
    clientKey,
    fresh: (bits) => parseCiphertext(encrypted[bits].safe_serialize(LIMIT)),
    squashed: (bits) => ({
      kind: 'uint',
      bits,
      width: 128,
      tag: new Uint8Array(0),
      blocks: Array.from({ length: bits / 4 }, (_, i): LweBlock => {
        const mask = entropy.bytes(65_536)
        const body = BigInt.asUintN(128, secret.dot(mask)[0] + BigInt(i % 16) * DELTA + (1n << 60n))
        return {
          mask,
          body: Uint8Array.from({ length: 16 }, (_, byte) => Number((body >> BigInt(8 * byte)) & 255n)),
        }
      }),
    }),
    decrypt: () => {
      encrypted[256].decrypt(key)
    },
  }
}

export function dealBenchKey(clientKey: Uint8Array, t: number, n: number): DealtKey {
  const budgets = largestBudgets({ t, n }, { mode: 'S', squash: true })
  if (!budgets.ok) throw new Error(budgets.detail)
  const dealt = dealFheKey({
    clientKey,
    publicKeys: { compactPublicKey: null, serverKey: null },
    t,
    n,
    domain: 'rehearsal',
    roster: Array.from({ length: n }, (_, i) => ({ index: i + 1, name: '', card: '' })),
    policyHash: new Uint8Array(32),
    budgets: budgets.value,
    entropy,
  })
  if (!dealt.ok) throw new Error(dealt.detail)
  return dealt.value
}

export function verified(dealt: DealtKey, holder: number): VerifiedShare {
  const share = verifyShare(dealt.shares[holder - 1] ?? new Uint8Array(0), dealt.pub)
  if (!share.ok) throw new Error(share.detail)
  return share.value
}
