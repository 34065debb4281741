import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'

/** The most codes to look for in a picture. Ours may be next to a foreign one. */
const mostCodes = 3

/** Starts the reader from these bytes. Otherwise it would fetch its file from the network. */
export async function prepareReader(wasm: Uint8Array<ArrayBuffer>): Promise<void> {
  await prepareZXingModule({ overrides: { wasmBinary: wasm.buffer }, fireImmediately: true })
}

/** The texts of the QR codes in a picture. */
export async function readCodes(picture: ImageData): Promise<string[]> {
  const found = await readBarcodes(picture, {
    formats: ['QRCode'],
    tryHarder: true,
    tryRotate: false,
    tryInvert: false,
    tryDownscale: true,
    maxNumberOfSymbols: mostCodes,
  })
  return found.filter(({ isValid }) => isValid).map(({ text }) => text)
}
