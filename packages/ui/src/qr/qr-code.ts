import { create } from 'qrcode'

/** The modules of a QR code, row by row: 1 is dark. */
export type Modules = { readonly size: number; readonly dark: Uint8Array }

/** Light modules around a code, ISO/IEC 18004 section 9.1. */
export const quietZone = 4

/** The QR code of a frame: alphanumeric, at error correction level L. Without `version` it is the smallest that takes the text. */
export function qrCode(text: string, version?: number): Modules {
  const { modules } = create([{ data: text, mode: 'alphanumeric' }], {
    errorCorrectionLevel: 'L',
    ...(version === undefined ? {} : { version }),
  })
  return { size: modules.size, dark: Uint8Array.from(modules.data) }
}

/** Draws a code black on white, in the dark too, with its quiet zone; `scale` pixels a module. */
export function drawCode(canvas: HTMLCanvasElement, { size, dark }: Modules, scale: number): void {
  const side = (size + 2 * quietZone) * scale
  canvas.width = side
  canvas.height = side
  const context = canvas.getContext('2d')
  if (context === null) return
  context.fillStyle = '#fff'
  context.fillRect(0, 0, side, side)
  context.fillStyle = '#000'
  for (let at = 0; at < dark.length; at++) {
    if (dark[at] !== 1) continue
    const [row, column] = [Math.floor(at / size), at % size]
    context.fillRect((column + quietZone) * scale, (row + quietZone) * scale, scale, scale)
  }
}
