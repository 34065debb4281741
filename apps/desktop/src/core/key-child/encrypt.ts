import { readFileSync } from 'node:fs'
import { withSystemErrors } from '@lux/node-files'
import { writeFact } from './make-key.ts'
import type { Phases } from './phases.ts'
import type { Encrypt, EncryptResult } from './protocol.ts'

const SIZE_LIMIT = 1n << 30n

/** Fresh ciphertexts under a compact public key, for a rehearsal: what a named encryptor would bring. */
export async function encryptSamples(
  { publicKey, samples }: Encrypt['params'],
  phases: Phases,
): Promise<Omit<EncryptResult, 'timings' | 'peakMemoryMiB'>> {
  const tfhe = await phases.run('load', 1, async () => (await import('node-tfhe')).default)
  return phases.run('write', 1, () => {
    const bytes = withSystemErrors(() => new Uint8Array(readFileSync(publicKey)), publicKey)
    const key = tfhe.TfheCompactPublicKey.safe_deserialize(bytes, SIZE_LIMIT)
    const files = samples.map(({ type, value, out }) => {
      const builder = tfhe.CompactCiphertextList.builder(key)
      if (type === 'u8') builder.push_u8(Number(value))
      else builder.push_u256(BigInt(value))
      // Unpacked, so that no server key is needed to take it apart.
      const expanded = builder.build().expand()
      const made = type === 'u8' ? expanded.get_uint8(0) : expanded.get_uint256(0)
      return writeFact(out, made.safe_serialize(SIZE_LIMIT))
    })
    key.free()
    return { files }
  })
}
