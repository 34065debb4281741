/** One DER value: its tag byte and its content. Only what X.509 and PKCS #7 need: definite, minimal lengths, low tags. */
type DerValue = { readonly tag: number; readonly content: Uint8Array; readonly whole: Uint8Array }

export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  boolean: 0x01,
} as const

/** Input that is not DER, or not the expected DER. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

function readLength(bytes: Uint8Array, at: number): { length: number; next: number } {
  const first = bytes[at]
  if (first === undefined) throw new DerError('a length is missing')
  if (first < 0x80) return { length: first, next: at + 1 }
  const count = first & 0x7f
  if (count === 0 || count > 3) throw new DerError('an indefinite length, or one over 16 MiB')
  let length = 0
  for (let i = 1; i <= count; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) throw new DerError('a length is cut off')
    length = length * 256 + byte
  }
  if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError('a length is longer than it need be')
  return { length, next: at + 1 + count }
}

/** All values of a content, one after another, with nothing left over. At most 4096. */
export function derValues(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = []
  let at = 0
  while (at < bytes.length) {
    if (values.length === 4096) throw new DerError('too many values')
    const tag = bytes[at]
    if (tag === undefined || (tag & 0x1f) === 0x1f) throw new DerError('a tag of several bytes')
    const { length, next } = readLength(bytes, at + 1)
    if (next + length > bytes.length) throw new DerError('a value is cut off')
    values.push({
      tag,
      content: bytes.subarray(next, next + length),
      whole: bytes.subarray(at, next + length),
    })
    at = next + length
  }
  return values
}

/** The one value that these bytes are, of this tag. */
export function derValue(bytes: Uint8Array, tag: number): DerValue {
  const [value, second] = derValues(bytes)
  if (value === undefined || second !== undefined) throw new DerError('one value was expected')
  if (value.tag !== tag) throw new DerError(`tag ${value.tag} where ${tag} was expected`)
  return value
}

export const derSequence = (bytes: Uint8Array): DerValue[] =>
  derValues(derValue(bytes, derTag.sequence).content)

/** Dotted decimal. */
export function oidOf(content: Uint8Array): string {
  if (content.length === 0 || content.length > 64) throw new DerError('an object identifier’s length')
  const parts: number[] = []
  let value = 0
  content.forEach((byte, i) => {
    if (value === 0 && byte === 0x80) throw new DerError('an object identifier is padded')
    value = value * 128 + (byte & 0x7f)
    if (value > 0xffff_ffff) throw new DerError('an object identifier’s number')
    if ((byte & 0x80) === 0) {
      parts.push(value)
      value = 0
    } else if (i === content.length - 1) throw new DerError('an object identifier is cut off')
  })
  const [first = 0, ...rest] = parts
  const top = Math.min(Math.floor(first / 40), 2)
  return [top, first - top * 40, ...rest].join('.')
}

/** A non-negative INTEGER of at most 8 bytes, minimal. */
export function derNumber(bytes: Uint8Array): number {
  const { content } = derValue(bytes, derTag.integer)
  const [first = 0x80, second = 0] = content
  if (content.length > 7 || (first & 0x80) !== 0) throw new DerError('a negative or very large number')
  if (content.length > 1 && first === 0 && (second & 0x80) === 0) throw new DerError('a padded number')
  return content.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** A BIT STRING of whole bytes. */
export function derBits(bytes: Uint8Array): Uint8Array {
  const { content } = derValue(bytes, derTag.bitString)
  if (content[0] !== 0) throw new DerError('a bit string of no whole bytes')
  return content.subarray(1)
}
