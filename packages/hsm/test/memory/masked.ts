const mask = 0x55

/** Bytes as hex of another value, so that a process may name them without holding them. */
export const masked = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte ^ mask).toString(16).padStart(2, '0')).join('')

/** The only copy, and the caller's to wipe. */
export function unmasked(hex: string): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(hex.length / 2))
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16) ^ mask
  return bytes
}
