import { create } from 'qrcode'

/** The words of a share as the modules of one QR code, row by row, 1 is dark: capitals take the least room, and are read as well. */
export function sheetCode(words: string): { size: number; dark: Uint8Array } {
  const { modules } = create([{ data: words.toUpperCase(), mode: 'alphanumeric' }], {
    errorCorrectionLevel: 'M',
  })
  return { size: modules.size, dark: Uint8Array.from(modules.data) }
}
