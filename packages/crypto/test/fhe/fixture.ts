import tfhe from 'node-tfhe'
import { concatBytes, utf8 } from '../../src/bytes.ts'
import {
  type DealtKey,
  dealFheKey,
  largestBudgets,
  parseCiphertext,
  type RosterEntry,
} from '../../src/fhe/index.ts'
import { spliceSquashKey } from '../../src/fhe/keys/client-key.ts'
import { deterministicEntropy, type Entropy } from '../../src/random.ts'
import { u32, u64 } from '../../src/sharing/little-endian.ts'
import { bytesOf, dense, wordsOf } from '../sharing/reference.ts'

export const LIMIT = 1n << 30n

/** One real client key of tfhe a test file. */
export function realClientKey(dedicated = false): { key: tfhe.TfheClientKey; bytes: Uint8Array } {
  const builder = tfhe.TfheConfigBuilder.default()
  const names = tfhe.ShortintCompactPublicKeyEncryptionParametersName
  const config = dedicated
    ? builder
        .use_dedicated_compact_public_key_parameters(
          new tfhe.ShortintCompactPublicKeyEncryptionParameters(
            names.V1_7_PARAM_PKE_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
          ),
        )
        .build()
    : builder.build()
  const key = tfhe.TfheClientKey.generate(config)
  return { key, bytes: key.safe_serialize(LIMIT) }
}

export function entropyOf(seed: number): Entropy {
  return deterministicEntropy(new Uint8Array(32).fill(seed))
}

export function withSquashKey(clientKey: Uint8Array, seed = 9): Uint8Array {
  return spliceSquashKey(clientKey, entropyOf(seed).bytes(512))
}

export function rosterOf(n: number): RosterEntry[] {
  return Array.from({ length: n }, (_, i) => ({ index: i + 1, name: '', card: '' }))
}

export function dealt(
  clientKey: Uint8Array,
  t: number,
  n: number,
  mode: 'S' | 'F',
  squash: boolean,
): DealtKey {
  const budgets = largestBudgets({ t, n }, { mode, squash })
  if (!budgets.ok) throw new Error(budgets.detail)
  const result = dealFheKey({
    clientKey,
    publicKeys: { compactPublicKey: null, serverKey: null },
    t,
    n,
    domain: 'rehearsal',
    roster: rosterOf(n),
    policyHash: new Uint8Array(32),
    budgets: budgets.value,
    entropy: entropyOf(t * 16 + n),
  })
  if (!result.ok) throw new Error(`${result.rule}: ${result.detail}`)
  return result.value
}

/** A fresh FheUint file whose every body got more noise: the bytes of one that was computed. */
export function withNoise(file: Uint8Array, noise: bigint): Uint8Array {
  const { blocks } = parseCiphertext(file)
  const changed = file.slice()
  const view = new DataView(changed.buffer)
  for (const { mask } of blocks) {
    const body = Buffer.from(file).indexOf(mask) + mask.length
    view.setBigUint64(body, BigInt.asUintN(64, view.getBigUint64(body, true) + noise), true)
  }
  return changed
}

const vn = (n: number) => concatBytes(u32(0), u64(n))
const zeros = (n: number) => new Uint8Array(n)

/** A SquashedNoise file of a value, made by hand as the format says: the evaluator that writes them is native. */
export function squashedFile(
  key128: Uint8Array,
  kind: 'Bool' | 'Uint' | 'Int',
  value: bigint,
  bits: number,
  { noise = 1n << 60n, seed = 5 } = {},
): Uint8Array {
  const key = wordsOf(key128, 128)
  const original = kind === 'Bool' ? 1 : bits / 2
  const count = Math.ceil(original / 2)
  const entropy = entropyOf(seed)
  const unsigned = BigInt.asUintN(kind === 'Bool' ? 1 : bits, value)
  const blocks = Array.from({ length: count }, (_, i) => {
    const mask = entropy.bytes(4096 * 16)
    const digit = (unsigned >> BigInt(4 * i)) & 15n
    const e = i % 2 === 0 ? noise : -noise
    const body = BigInt.asUintN(128, dense(wordsOf(mask, 128), key, 128) + (digit << 123n) + e)
    return concatBytes(
      zeros(8),
      u64(4097),
      mask,
      bytesOf([body], 128),
      zeros(20),
      u64(128),
      vn(15),
      vn(4),
      vn(4),
    )
  })
  const name = utf8(`high_level_api::SquashedNoiseFhe${kind}`)
  return concatBytes(
    u64(3),
    utf8('0.5'),
    u32(0),
    u64(3),
    utf8('0.1'),
    u64(name.length),
    name,
    u32(1),
    u32(0),
    u32(0),
    kind === 'Bool' ? zeros(0) : u64(count),
    ...blocks,
    kind === 'Bool' ? zeros(0) : u64(original),
    u32(0),
    u32(0),
    u32(0),
    u64(0),
  )
}
