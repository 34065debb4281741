import type { Receiver } from '@lux/crypto/transport'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import type { Scanned } from './messages.ts'

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

/** Gives the codes of one picture to a receiver. A good code counts more than a foreign one beside it. */
export function scanTexts(receiver: Receiver, texts: readonly string[]): Scanned {
  let best: Scanned = { state: 'nothing' }
  for (const text of texts) {
    const taken = receiver.take(text)
    if (!taken.ok) {
      if (best.state === 'nothing') best = { state: 'refused', rule: taken.rule, detail: named(taken, text) }
    } else if (taken.value.state === 'received') return taken.value
    else best = { state: 'progress', fresh: taken.value.state === 'new', progress: taken.value.progress }
  }
  return best
}

const kinds = [
  ['web', /^https?:\/\//i],
  ['wifi', /^wifi:/i],
  ['contact', /^(?:begin:vcard|mecard:)/i],
  ['authenticator', /^otpauth/i],
  ['payment', /^(?:bitcoin:|ethereum:|bcd\r?\n|spc\r?\n)/i],
] as const

/** The kind of a foreign code, and nothing of its text, which may be somebody's secret. */
export function foreignKind(text: string): string {
  return kinds.find(([, begins]) => begins.test(text))?.[0] ?? 'other'
}

function named({ rule, detail }: { rule: string; detail: string }, text: string): string {
  return rule === 'TRANSFER-FOREIGN' ? foreignKind(text) : detail
}
