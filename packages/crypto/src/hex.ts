import { FormatError } from './format-error.ts'

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += digits[byte]
  return text
}

/**
 * Bytes of lower-case hexadecimal, exactly `length` of them when given.
 * Throws FormatError `HEX-MALFORMED` (upper case, odd length, any other character) or `HEX-LENGTH`.
 */
export function fromHex(text: string, length?: number): Uint8Array {
  if (length !== undefined && text.length !== 2 * length) {
    throw new FormatError('HEX-LENGTH', `expected ${2 * length} digits, got ${text.length}`)
  }
  if (text.length % 2 !== 0) throw new FormatError('HEX-MALFORMED', 'odd number of digits')
  const out = new Uint8Array(text.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = 16 * nibble(text, 2 * i) + nibble(text, 2 * i + 1)
  return out
}

function nibble(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  throw new FormatError('HEX-MALFORMED', `not a lower-case hexadecimal digit at ${at}`)
}
