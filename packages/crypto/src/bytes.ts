import { FormatError } from './format-error.ts'

/** Joins parts into a new array. For a few parts only: each is an argument, and a stack holds about 60 000. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes(parts)
}

/** The same for a list of any length. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

/** Whether two arrays hold the same bytes; for equal lengths the time does not depend on the content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

const encoder = new TextEncoder()

/** UTF-8 of a string. Throws RangeError on a lone surrogate, which has no UTF-8 (RFC 3629). */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new RangeError('text: holds a lone surrogate')
  return encoder.encode(text)
}

/** String of UTF-8 bytes. Throws FormatError `UTF8-MALFORMED`; a byte order mark is kept as a character. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new FormatError('UTF8-MALFORMED', 'the bytes are not UTF-8')
  }
}

/** Unsigned 16-bit integer, 2 bytes, most significant first. */
export function u16be(n: number | bigint): Uint8Array {
  return unsigned(n, 2)
}

/** Unsigned 32-bit integer, 4 bytes, most significant first. */
export function u32be(n: number | bigint): Uint8Array {
  return unsigned(n, 4)
}

/** Unsigned 64-bit integer, 8 bytes, most significant first. A number must be a safe integer. */
export function u64be(n: number | bigint): Uint8Array {
  if (typeof n === 'number' || n < 0n || n >= 2n ** 64n) return unsigned(n, 8)
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, n)
  return out
}

/** Length-prefixed bytes: u32be(length) || bytes. */
export function lp(bytes: Uint8Array): Uint8Array {
  return concatBytes(u32be(bytes.length), bytes)
}

/** Overwrites with zeros. Copies that the engine made meanwhile are out of reach; only process exit clears those. */
export function wipe(bytes: Uint8Array): void {
  bytes.fill(0)
}

function unsigned(n: number | bigint, size: number): Uint8Array {
  if (typeof n === 'number' && !Number.isSafeInteger(n)) throw new RangeError('n: not a safe integer')
  // The common case, and without a BigInt many times faster.
  if (typeof n === 'number' && n >= 0 && n < 2 ** 31) {
    const out = new Uint8Array(size)
    for (let i = size - 1, rest = n; rest > 0 && i >= 0; i--, rest >>>= 8) out[i] = rest
    if (size >= 4 || n < 2 ** (8 * size)) return out
  }
  let rest = BigInt(n)
  if (rest < 0n || rest >> BigInt(8 * size) !== 0n) throw new RangeError(`n: does not fit in ${size} bytes`)
  const out = new Uint8Array(size)
  for (let i = size - 1; i >= 0; i--) {
    out[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return out
}
