/** Bytes, or the UTF-8 bytes of a text, as base64. */
export function toBase64(of: string | Uint8Array): string {
  const bytes = typeof of === 'string' ? new TextEncoder().encode(of) : of
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

export const fromBase64 = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))

/** PEM (RFC 7468) of what base64 holds. */
export const pemOf = (label: string, base64: string): string =>
  `-----BEGIN ${label}-----\n${base64.replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END ${label}-----\n`

/** The contents of a PEM block, as base64. Bare base64 stays as it is. */
export const derOf = (pem: string): string => pem.replaceAll(/-----[^-]*-----|\s+/g, '')

/** The UTF-8 text in base64. Null where the bytes are no UTF-8. */
export function textOf(base64: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64(base64))
  } catch {
    return null
  }
}
