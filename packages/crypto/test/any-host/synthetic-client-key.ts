import { concatBytes } from '../../src/bytes.ts'
import { CLIENT_KEY_HEADER } from '../../src/fhe/keys/client-key.ts'
import { fromHex } from '../../src/hex.ts'
import type { Entropy } from '../../src/random.ts'
import { u32, u64 } from '../../src/sharing/little-endian.ts'

const u32s = (...values: readonly number[]) => concatBytes(...values.map(u32))
const versioned = (value: number) => concatBytes(u32(0), u64(value))

/** A default client key of 31458 B laid out by hand from the format, under bits of `entropy`: a key without tfhe. */
export function syntheticClientKey(entropy: Entropy): Uint8Array {
  const key = (bits: number) => {
    const random = entropy.bytes(bits)
    const words = new Uint8Array(8 * bits)
    for (let i = 0; i < bits; i++) words[8 * i] = (random[i] ?? 0) & 1
    return concatBytes(u64(bits), words)
  }
  return concatBytes(
    CLIENT_KEY_HEADER,
    u32s(1, 8, 0, 1, 0, 0, 0, 0),
    key(2048),
    versioned(2048),
    u32(0),
    key(918),
    u32s(0, 0, 2),
    versioned(918),
    versioned(1),
    versioned(2048),
    u32s(0, 1, 0, 45),
    u32s(0, 1, 0, 17),
    ...[23, 1, 4, 4, 4, 4, 5].map(versioned),
    fromHex('3bdf4f8d973260c0'),
    u32s(0, 0, 0, 0, 0),
    u64(64),
    u32s(0, 0),
    u32s(0, 2),
    Uint8Array.of(0, 0, 0, 0, 0, 0, 1),
    u32s(0, 0, 0, 0, 0),
    key(918),
    u32(0),
    u64(0),
  )
}
