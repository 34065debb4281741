import { misfit } from './http-error.ts'

/** Base64 with padding, by the runtime's own code. */
export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

/** The bytes of a field of the body. Throws 422. */
export function decodeField(name: string, text: string): Uint8Array {
  // Memory of its own: it may be a key.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text, 'base64'))
  const written = bytes.write(text, 'base64')
  // What is written otherwise than these bytes are was read leniently.
  if (written === bytes.length && bytes.toString('base64') === text) return new Uint8Array(bytes.buffer)
  throw misfit(`${name} is not standard padded base64`, [
    { path: `/${name}`, message: 'expected standard padded base64' },
  ])
}
