import { FormatError } from './format-error.ts'

type Alphabet = {
  readonly digits: string
  readonly values: Int8Array
  readonly foreign: RegExp
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
export function fromBase64Url(text: string): Uint8Array {
  return decode(text, urlSafe)
}

function alphabet(digits: string, padded: boolean, rule: string): Alphabet {
  const values = new Int8Array(128)
  const foreign = padded ? /[^A-Za-z0-9+/]/ : /[^A-Za-z0-9_-]/
  for (let i = 0; i < digits.length; i++) values[digits.charCodeAt(i)] = i
  return { digits, values, foreign, padded, rule }
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

function decode(text: string, { values, foreign, padded, rule }: Alphabet, length?: number): Uint8Array {
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
  // Looked for first and natively: the loop below then runs without a test, and once, for the kernel, before it is compiled.
  const stray = (padded ? text.slice(0, used) : text).search(foreign)
  if (stray >= 0) throw new FormatError(`${rule}-MALFORMED`, `a foreign character at ${stray}`)
  const digit = (i: number): number => values[text.charCodeAt(i)] ?? 0
  const out = new Uint8Array(size)
  const whole = used - (used % 4)
  let offset = 0
  for (let i = 0; i < whole; i += 4) {
    const group = (digit(i) << 18) | (digit(i + 1) << 12) | (digit(i + 2) << 6) | digit(i + 3)
    out[offset++] = group >> 16
    out[offset++] = group >> 8
    out[offset++] = group
  }
  const left = used - whole
  if (left > 0) {
    const group = (digit(whole) << 18) | (digit(whole + 1) << 12) | ((left === 3 ? digit(whole + 2) : 0) << 6)
    if ((group & (left === 3 ? 0xff : 0xffff)) !== 0)
      throw new FormatError(`${rule}-MALFORMED`, 'trailing bits are not zero')
    out[offset++] = group >> 16
    if (left === 3) out[offset++] = group >> 8
  }
  return out
}
