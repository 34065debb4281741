import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { concatBytes, sha256, toWords, utf8, wipe } from '@lux/crypto'
import { parseClientKey, spliceSquashKey, squashKeyFromSeed } from '@lux/crypto/fhe'
import type * as Tfhe from 'node-tfhe'
import { CoreError } from '../core-error.ts'
import { writeDurably } from '../store/durable-file.ts'
import { systemEntropy } from '../system-entropy.ts'
import type { Phases } from './phases.ts'
import type { FileFact, KeyKind } from './protocol.ts'

const SIZE_LIMIT = 1n << 30n
const PUBLIC_MODE = 0o644

export type MadeKey = {
  /** Serialized client key: wipe it. */
  readonly clientKey: Uint8Array
  readonly publicKey: FileFact
  readonly serverKey: FileFact | null
  /** 16 bytes from which the key was made, else null: wipe it. */
  readonly seed: Uint8Array | null
}

/** Makes a client key and writes its public files into `outDir`; the client key itself is not written. */
export async function makeKey(
  { squash, inputs, serverKey }: KeyKind,
  { fromSeed, outDir, phases }: { fromSeed: boolean; outDir: string; phases: Phases },
): Promise<MadeKey> {
  // Imported here, so that the first phase message precedes the 30 MB of wasm.
  const tfhe = await phases.run('load', 1, async () => (await import('node-tfhe')).default as typeof Tfhe)
  const seed = fromSeed ? systemEntropy.bytes(16) : null
  const plain = await phases.run('client-key', 0.1, () => {
    const config = configOf(tfhe, inputs)
    const key = seed
      ? tfhe.TfheClientKey.generate_with_seed(config, seedNumber(seed))
      : tfhe.TfheClientKey.generate(config)
    const bytes = key.safe_serialize(SIZE_LIMIT)
    key.free()
    return bytes
  })
  const clientKey = squash
    ? await phases.run('squash-key', 0.1, () => {
        const bits = seed ? squashKeyFromSeed(seed) : systemEntropy.bytes(512)
        const spliced = spliceSquashKey(plain, bits)
        wipe(bits)
        wipe(plain)
        return spliced
      })
    : plain
  const key = tfhe.TfheClientKey.safe_deserialize(clientKey, SIZE_LIMIT)
  checkRoundTrip(key.safe_serialize(SIZE_LIMIT), clientKey)
  const publicKey = await phases.run('compact-public-key', 0.1, () => {
    const made = tfhe.TfheCompactPublicKey.new(key)
    const bytes = made.safe_serialize(SIZE_LIMIT)
    made.free()
    return writeFact(join(outDir, 'compact-public-key.bin'), bytes)
  })
  const server = serverKey
    ? await phases.run('server-key', squash ? 100 : 6, () => {
        const made = tfhe.TfheCompressedServerKey.new(key)
        const bytes = made.safe_serialize(SIZE_LIMIT)
        made.free()
        return writeFact(join(outDir, 'server-key.bin'), bytes)
      })
    : null
  key.free()
  return { clientKey, publicKey, serverKey: server, seed }
}

/** Writes a public file (0644, fsync, rename) and says what it is. */
export function writeFact(path: string, bytes: Uint8Array, mode = PUBLIC_MODE): FileFact {
  writeDurably(path, bytes, mode)
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
}

/** Seed and the first two bytes of SHA-256("lux-fhe/v1/seed-words" || seed), as PGP words. */
export function seedWords(seed: Uint8Array): string[] {
  return toWords(concatBytes(seed, sha256(utf8('lux-fhe/v1/seed-words'), seed).subarray(0, 2)))
}

function configOf(tfhe: typeof Tfhe, inputs: KeyKind['inputs']): Tfhe.TfheConfig {
  const builder = tfhe.TfheConfigBuilder.default()
  if (inputs === 'signed') return builder.build()
  const { PARAM_PKE_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128: name } =
    tfhe.ShortintCompactPublicKeyEncryptionParametersName
  return builder
    .use_dedicated_compact_public_key_parameters(new tfhe.ShortintCompactPublicKeyEncryptionParameters(name))
    .build()
}

function seedNumber(seed: Uint8Array): bigint {
  return seed.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n)
}

/** The library must carry the spliced key unchanged, and our own parser must accept it. */
function checkRoundTrip(again: Uint8Array, clientKey: Uint8Array): void {
  const equal = again.length === clientKey.length && again.every((byte, i) => byte === clientKey[i])
  wipe(again)
  if (!equal) throw new CoreError('FHE-ROUND-TRIP', 'the library changed the client key')
  const { key64, key128 } = parseClientKey(clientKey)
  wipe(key64)
  if (key128) wipe(key128)
}
