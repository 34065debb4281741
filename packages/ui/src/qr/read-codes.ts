import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'

/** Codes looked for in one picture: ours may stand beside another one. */
const mostCodes = 3

/** Makes the reader of its WebAssembly. Without it, it would look for its file in the network, which is never asked. */
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
