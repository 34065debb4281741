import { FormatError } from '../format-error.ts'

// RFC 9285 table 1: the alphabet of a QR code's alphanumeric mode. No function that knows letter case may touch it: in a Turkish
// locale I and i are two letters.
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'
const none = 45
const values = new Uint8Array(128).fill(none)
for (let i = 0; i < digits.length; i++) values[digits.charCodeAt(i)] = i

/** Base45 (RFC 9285): three characters for two bytes, two for a last one. */
export function toBase45(bytes: Uint8Array): string {
  let text = ''
  const even = bytes.length - (bytes.length % 2)
  for (let i = 0; i < even; i += 2) {
    const pair = ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
    text += digits.charAt(pair % 45) + digits.charAt(Math.floor(pair / 45) % 45)
    text += digits.charAt(Math.floor(pair / 2025))
  }
  if (even === bytes.length) return text
  const last = bytes[even] ?? 0
  return text + digits.charAt(last % 45) + digits.charAt(Math.floor(last / 45))
}

/**
 * Decodes Base45. Throws FormatError `BASE45-MALFORMED`: more than `most` bytes (checked before anything is allocated), a foreign
 * character, a lower-case letter, a single one left over, a group beyond 65535 or 255.
 */
export function fromBase45(text: string, most: number): Uint8Array {
  const left = text.length % 3
  if (left === 1) throw new FormatError('BASE45-MALFORMED', 'a single character is left over')
  const size = ((text.length - left) / 3) * 2 + (left === 2 ? 1 : 0)
  if (size > most) throw new FormatError('BASE45-MALFORMED', `${size} bytes, more than ${most}`)
  const out = new Uint8Array(size)
  const groups = text.length - left
  let offset = 0
  for (let i = 0; i < groups; i += 3) {
    const pair = digitAt(text, i) + 45 * digitAt(text, i + 1) + 2025 * digitAt(text, i + 2)
    if (pair > 0xffff) throw new FormatError('BASE45-MALFORMED', `the group at ${i} is beyond 65535`)
    out[offset++] = pair >> 8
    out[offset++] = pair & 0xff
  }
  if (left === 2) {
    const last = digitAt(text, groups) + 45 * digitAt(text, groups + 1)
    if (last > 0xff) throw new FormatError('BASE45-MALFORMED', `the group at ${groups} is beyond 255`)
    out[offset] = last
  }
  return out
}

function digitAt(text: string, at: number): number {
  const value = values[text.charCodeAt(at)] ?? none
  if (value === none) throw new FormatError('BASE45-MALFORMED', `a foreign character at ${at}`)
  return value
}
