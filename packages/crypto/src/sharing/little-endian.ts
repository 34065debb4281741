/** Integers of THRESHOLD-FHE are little endian; a value that does not fit throws RangeError. */
export function u8(n: number): Uint8Array {
  return little(n, 1)
}

export function u16(n: number): Uint8Array {
  return little(n, 2)
}

export function u32(n: number): Uint8Array {
  return little(n, 4)
}

export function u64(n: number | bigint): Uint8Array {
  return bigToBytes(BigInt(n), 8)
}

function little(n: number, size: number): Uint8Array {
  if (!Number.isSafeInteger(n) || n < 0 || n >= 2 ** (8 * size)) {
    throw new RangeError(`n: ${n} does not fit ${size} bytes`)
  }
  const out = new Uint8Array(size)
  for (let i = 0, rest = n; i < size; i++, rest = Math.floor(rest / 256)) out[i] = rest % 256
  return out
}

const WORD_MASK = (1n << 64n) - 1n

/** `size` bytes, least significant first. */
export function bigToBytes(n: bigint, size: number): Uint8Array {
  if (n < 0n || n >> BigInt(8 * size) !== 0n) throw new RangeError(`n: does not fit ${size} bytes`)
  const out = new Uint8Array(size)
  const view = new DataView(out.buffer)
  let rest = n
  let at = 0
  // Words of 64 bits where there are any: a partial of 64 blocks is 88 numbers of 16 bytes.
  for (; at + 8 <= size; at += 8, rest >>= 64n) view.setBigUint64(at, rest & WORD_MASK, true)
  for (; at < size; at++, rest >>= 8n) out[at] = Number(rest & 255n)
  return out
}

export function bytesToBig(bytes: Uint8Array): bigint {
  let n = 0n
  for (let i = bytes.length - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[i] ?? 0)
  return n
}
