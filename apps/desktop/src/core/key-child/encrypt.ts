import type { CompactCiphertextListBuilder, CompactCiphertextListExpander } from 'node-tfhe'
import { readCompactPublicKey } from './given-keys.ts'
import { writeFact } from './make-key.ts'
import type { Phases } from './phases.ts'
import type { Encrypt, EncryptResult, SampleType } from './protocol.ts'

const SIZE_LIMIT = 1n << 30n

type Made = { safe_serialize(limit: bigint): Uint8Array }
type Way = {
  readonly push: (list: CompactCiphertextListBuilder, value: string) => void
  readonly get: (list: CompactCiphertextListExpander) => Made
}

const ways: Readonly<Record<SampleType, Way>> = {
  bool: { push: (list, value) => list.push_boolean(value === 'true'), get: (list) => list.get_bool(0) },
  u8: { push: (list, value) => list.push_u8(Number(value)), get: (list) => list.get_uint8(0) },
  u16: { push: (list, value) => list.push_u16(Number(value)), get: (list) => list.get_uint16(0) },
  u32: { push: (list, value) => list.push_u32(Number(value)), get: (list) => list.get_uint32(0) },
  u64: { push: (list, value) => list.push_u64(BigInt(value)), get: (list) => list.get_uint64(0) },
  u128: { push: (list, value) => list.push_u128(BigInt(value)), get: (list) => list.get_uint128(0) },
  u256: { push: (list, value) => list.push_u256(BigInt(value)), get: (list) => list.get_uint256(0) },
  i8: { push: (list, value) => list.push_i8(Number(value)), get: (list) => list.get_int8(0) },
  i16: { push: (list, value) => list.push_i16(Number(value)), get: (list) => list.get_int16(0) },
  i32: { push: (list, value) => list.push_i32(Number(value)), get: (list) => list.get_int32(0) },
  i64: { push: (list, value) => list.push_i64(BigInt(value)), get: (list) => list.get_int64(0) },
  i128: { push: (list, value) => list.push_i128(BigInt(value)), get: (list) => list.get_int128(0) },
  i256: { push: (list, value) => list.push_i256(BigInt(value)), get: (list) => list.get_int256(0) },
}

/**
 * Fresh ciphertexts under a compact public key, for a rehearsal: what a named encryptor would bring. Throws ExpectedError as
 * `readCompactPublicKey`.
 */
export async function encryptSamples(
  { publicKey, samples }: Encrypt['params'],
  phases: Phases,
): Promise<Omit<EncryptResult, 'timings' | 'peakMemoryMiB'>> {
  const tfhe = await phases.run('load', 1, async () => (await import('node-tfhe')).default)
  const bytes = readCompactPublicKey(publicKey)
  return phases.run('write', 1, () => {
    const key = tfhe.TfheCompactPublicKey.safe_deserialize(bytes, SIZE_LIMIT)
    const files = samples.map(({ type, value, out }) => {
      const builder = tfhe.CompactCiphertextList.builder(key)
      ways[type].push(builder, value)
      // Unpacked, so that no server key is needed to take it apart.
      return writeFact(out, ways[type].get(builder.build().expand()).safe_serialize(SIZE_LIMIT))
    })
    key.free()
    return { files }
  })
}
