import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type ErasureCode, type RaptorQModule, raptorQ } from '@lux/crypto/transport'
import { type Modules, quietZone } from '../../src/qr/qr-code.ts'

const { resolve } = createRequire(import.meta.url)

export const readerWasm = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(resolve('zxing-wasm/reader/zxing_reader.wasm')))

/** The fountain code as the worker has it; by its path, for the package's own declarations need the types of a browser. */
export async function loadErasureCode(): Promise<ErasureCode> {
  type Loaded = RaptorQModule & { initSync(wasm: Uint8Array): unknown }
  const { Encoder, Decoder, initSync }: Loaded = await import(
    pathToFileURL(resolve('raptorq/raptorq.js')).href
  )
  initSync(readFileSync(resolve('raptorq/raptorq_bg.wasm')))
  return raptorQ({ Encoder, Decoder })
}

/** What a camera sees of codes side by side; `scale` pixels a module, `light` the paper's brightness. */
export function picture(codes: readonly Modules[], scale = 3, light = 255): ImageData {
  const sides = codes.map(({ size }) => (size + 2 * quietZone) * scale)
  const width = sides.reduce((sum, side) => sum + side, 0)
  const height = Math.max(...sides)
  const data = new Uint8ClampedArray(width * height * 4).fill(light)
  let left = 0
  codes.forEach(({ size, dark }, at) => {
    for (let y = 0; y < size * scale; y++)
      for (let x = 0; x < size * scale; x++) {
        if (dark[Math.floor(y / scale) * size + Math.floor(x / scale)] !== 1) continue
        const pixel = ((y + quietZone * scale) * width + x + left + quietZone * scale) * 4
        data.fill(30, pixel, pixel + 3)
      }
    left += sides[at] ?? 0
  })
  return { data, width, height, colorSpace: 'srgb' } as ImageData
}
