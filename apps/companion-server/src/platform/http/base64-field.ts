import { fromBase64 } from '@lux/crypto'
import { misfit } from './http-error.ts'

/** The bytes of a field of the body. Throws 422. */
export function decodeField(name: string, text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw misfit(`${name} is not standard padded base64`, [
      { path: `/${name}`, message: 'expected standard padded base64' },
    ])
  }
}
