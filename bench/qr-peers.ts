import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Frames that another program shows until `payload` is whole, in QR codes of the same version, with the same ones lost. */
export type Peer = (payload: Uint8Array, lost: () => boolean) => number
export type Peers = Readonly<Record<string, Peer>>

type BcUr = {
  UR: { fromBuffer(bytes: Buffer): object }
  UREncoder: new (ur: object, fragment: number, first: number) => { nextPart(): string }
  URDecoder: new () => { receivePart(part: string): boolean; isComplete(): boolean; isSuccess(): boolean }
}
type BbQr = {
  splitQRs(
    bytes: Uint8Array,
    type: 'B',
    options: { encoding: '2'; minVersion: number; maxVersion: number },
  ): { parts: string[] }
}

/** The largest fragment whose part still fits version 20 in alphanumeric mode at level L (1249 characters). */
const fragment = 595

/**
 * @ngraveio/bc-ur (BC-UR's LT code) and bbqr (no erasure code), which are only measured against. Empty unless `npm ci --prefix bench/peers`
 * installed them from their lock file.
 */
export async function qrPeers(folder: string): Promise<Peers> {
  if (!existsSync(join(folder, 'node_modules'))) return {}
  const load = createRequire(join(folder, 'package.json'))
  const { UR, UREncoder, URDecoder }: BcUr = load('@ngraveio/bc-ur')
  // It can only be imported, and require finds no such package.
  const { splitQRs }: BbQr = await import(pathToFileURL(join(folder, 'node_modules/bbqr/dist/bbqr.js')).href)
  return {
    'bc-ur': (payload, lost) => {
      const encoder = new UREncoder(UR.fromBuffer(Buffer.from(payload)), fragment, 0)
      const decoder = new URDecoder()
      let shown = 0
      while (!decoder.isComplete()) {
        shown++
        const part = encoder.nextPart()
        if (!lost()) decoder.receivePart(part)
      }
      if (!decoder.isSuccess()) throw new Error('bc-ur: not whole')
      return shown
    },
    bbqr: (payload, lost) => {
      const { parts } = splitQRs(payload, 'B', { encoding: '2', minVersion: 20, maxVersion: 20 })
      const seen = new Set<number>()
      let shown = 0
      while (seen.size < parts.length) {
        if (!lost()) seen.add(shown % parts.length)
        shown++
      }
      return shown
    },
  }
}
