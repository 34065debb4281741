import { equalBytes } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { bytesToBig } from '../../sharing/little-endian.ts'

/**
 * Reads little-endian fields in order, never beyond the end. Every method throws FormatError: FHE-TRUNCATED, FHE-TRAILING, or FHE-FIELD for
 * a value that the format does not allow. Returned bytes are copies. For a secret file no detail quotes a value: where the file has a word
 * too many, the value read at a later field is part of the key.
 */
export type ByteReader = {
  readonly offset: number
  readonly left: number
  take(length: number, what: string): Uint8Array
  u8(what: string): number
  u16(what: string): number
  u32(what: string): number
  u64(what: string): bigint
  /** The next u32s are exactly these. */
  u32s(what: string, ...expected: readonly number[]): void
  /** The next bytes are exactly these. */
  expect(what: string, expected: Uint8Array): void
  /** A u64 in 0..max as a number, checked before anything is allocated. */
  count(what: string, max: number): number
  /** u32 0, u64 value: a versioned integer of tfhe; exactly `expected`. */
  versioned(what: string, expected: number): void
  /** u32 0, u64 value, any. */
  anyVersioned(what: string): void
  end(): void
}

export function byteReader(bytes: Uint8Array, { secret = false } = {}): ByteReader {
  let offset = 0
  const take = (length: number, what: string): Uint8Array => {
    if (bytes.length - offset < length) {
      throw new FormatError(
        'FHE-TRUNCATED',
        `${what}: ends at byte ${bytes.length}, needs ${offset + length}`,
      )
    }
    offset += length
    return Uint8Array.prototype.slice.call(bytes, offset - length, offset)
  }
  const integer = (size: number, what: string): bigint => bytesToBig(take(size, what))
  const wrong = (what: string, said: string): FormatError =>
    new FormatError('FHE-FIELD', secret ? `${what}: not as the format has it` : `${what}: ${said}`)
  const field = (what: string, seen: unknown, expected: unknown): void => {
    if (seen !== expected) throw wrong(what, `${seen}, expected ${expected}`)
  }
  const reader: ByteReader = {
    get offset() {
      return offset
    },
    get left() {
      return bytes.length - offset
    },
    take,
    u8: (what) => Number(integer(1, what)),
    u16: (what) => Number(integer(2, what)),
    u32: (what) => Number(integer(4, what)),
    u64: (what) => integer(8, what),
    u32s(what, ...expected) {
      for (const value of expected) field(what, reader.u32(what), value)
    },
    expect(what, expected) {
      if (!equalBytes(take(expected.length, what), expected)) {
        throw new FormatError('FHE-FIELD', `${what}: other bytes than the format has`)
      }
    },
    count(what, max) {
      const value = integer(8, what)
      if (value > BigInt(max)) throw wrong(what, `${value}, at most ${max}`)
      return Number(value)
    },
    versioned(what, expected) {
      field(what, reader.u32(what), 0)
      field(what, integer(8, what), BigInt(expected))
    },
    anyVersioned(what) {
      field(what, reader.u32(what), 0)
      take(8, what)
    },
    end() {
      if (offset !== bytes.length) {
        throw new FormatError('FHE-TRAILING', `${bytes.length - offset} bytes after the end`)
      }
    },
  }
  return reader
}
