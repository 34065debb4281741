import { FormatError, fromBase64 } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'

/** What the window scanned. Errors: INPUT-INVALID where it is not Base64. */
export function scannedBytes(payload: string): Uint8Array {
  try {
    return fromBase64(payload)
  } catch (error) {
    if (error instanceof FormatError) throw new ExpectedError('INPUT-INVALID', 'payload')
    throw error
  }
}
