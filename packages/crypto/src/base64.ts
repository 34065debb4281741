import { FormatError } from './format-error.ts'

type Alphabet = {
  readonly digits: string
  readonly values: Int8Array
  readonly padded: boolean
  readonly rule: string
}

const standard = alphabet('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', true, 'BASE64')
const urlSafe = alphabet(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  false,
  'BASE64URL',
)

/** Base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return encode(bytes, standard)
}

/**
 * Bytes of padded base64, exactly `length` of them when given. Throws FormatError `BASE64-MALFORMED` (missing or
 * extra padding, non-zero trailing bits, white space, foreign characters) or `BASE64-LENGTH`.
 */
export function fromBase64(text: string, length?: number): Uint8Array {
  return decode(text, standard, length)
}

/** URL-safe base64 without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return encode(bytes, urlSafe)
}

/** Bytes of unpadded URL-safe base64; as strict as `fromBase64`, with `BASE64URL-…` rules. Padding is refused. */
export function fromBase64Url(text: string, length?: number): Uint8Array {
  return decode(text, urlSafe, length)
}

function alphabet(digits: string, padded: boolean, rule: string): Alphabet {
  const values = new Int8Array(128).fill(-1)
  for (let i = 0; i < digits.length; i++) values[digits.charCodeAt(i)] = i
  return { digits, values, padded, rule }
}

function encode(bytes: Uint8Array, { digits, padded }: Alphabet): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += digits.charAt(group >> 18) + digits.charAt((group >> 12) & 63)
    if (left > 1) text += digits.charAt((group >> 6) & 63)
    else if (padded) text += '='
    if (left > 2) text += digits.charAt(group & 63)
    else if (padded) text += '='
  }
  return text
}

function decode(text: string, { values, padded, rule }: Alphabet, length: number | undefined): Uint8Array {
  let used = text.length
  if (padded) {
    if (text.length % 4 !== 0) throw new FormatError(`${rule}-MALFORMED`, 'not a multiple of 4 characters')
    if (text.endsWith('==')) used -= 2
    else if (text.endsWith('=')) used -= 1
  }
  if (used % 4 === 1) throw new FormatError(`${rule}-MALFORMED`, 'a single character is left over')
  const size = Math.floor((used * 3) / 4)
  if (length !== undefined && size !== length) {
    throw new FormatError(`${rule}-LENGTH`, `expected ${length} bytes, got ${size}`)
  }
  const out = new Uint8Array(size)
  let group = 0
  let bits = 0
  let offset = 0
  for (let i = 0; i < used; i++) {
    const value = values[text.charCodeAt(i)] ?? -1
    if (value < 0) throw new FormatError(`${rule}-MALFORMED`, `a foreign character at ${i}`)
    group = ((group << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[offset++] = (group >> bits) & 0xff
    }
  }
  if ((group & ((1 << bits) - 1)) !== 0)
    throw new FormatError(`${rule}-MALFORMED`, 'trailing bits are not zero')
  return out
}
