import { concatBytes } from '../bytes.ts'

export const tag = {
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
} as const

/** One DER element: tag, minimal definite length, content. ITU-T X.690. */
export function element(tagByte: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...content)
  return concatBytes(Uint8Array.of(tagByte), length(body.length), body)
}

/** INTEGER of an unsigned number given most significant byte first; leading zeros are dropped. */
export function unsignedInteger(magnitude: Uint8Array): Uint8Array {
  const digits = withoutLeadingZeros(magnitude)
  const needsSign = digits.length === 0 || (digits[0] ?? 0) >= 0x80
  return element(tag.integer, needsSign ? Uint8Array.of(0) : new Uint8Array(0), digits)
}

export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0)
  return start < 0 ? new Uint8Array(0) : bytes.slice(start)
}

/** Splits off the first element, whose tag must be the given one; null on anything that is not plain DER. */
export function splitElement(
  bytes: Uint8Array,
  tagByte: number,
): { readonly content: Uint8Array; readonly rest: Uint8Array } | null {
  if (bytes[0] !== tagByte) return null
  const first = bytes[1]
  if (first === undefined || first === 0x80 || first > 0x82) return null
  const extra = first < 0x80 ? 0 : first - 0x80
  let size = extra === 0 ? first : 0
  for (let i = 0; i < extra; i++) size = size * 256 + (bytes[2 + i] ?? 0)
  const start = 2 + extra
  if (bytes.length < start + size) return null
  return { content: bytes.subarray(start, start + size), rest: bytes.subarray(start + size) }
}

function length(n: number): Uint8Array {
  if (n < 0x80) return Uint8Array.of(n)
  if (n < 0x100) return Uint8Array.of(0x81, n)
  if (n < 0x10000) return Uint8Array.of(0x82, n >> 8, n & 0xff)
  throw new RangeError(`content: at most 65535 bytes, got ${n}`)
}
