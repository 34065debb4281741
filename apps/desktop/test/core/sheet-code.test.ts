import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { sheetCode } from '../../src/core/services/ceremonies/sheet-paper.ts'

const scale = 4
const quiet = 4

test('the code of a sheet is read back as the words of the share', async () => {
  const { resolve } = createRequire(import.meta.url)
  const wasm = new Uint8Array(readFileSync(resolve('zxing-wasm/reader/zxing_reader.wasm')))
  // By its path, for the package's own declarations need the types of a browser.
  const { prepareZXingModule, readBarcodes } = await import(pathToFileURL(resolve('zxing-wasm/reader')).href)
  await prepareZXingModule({ overrides: { wasmBinary: wasm.buffer }, fireImmediately: true })
  const some = ['academic', 'zero', 'yoga', 'wildlife']
  const words = Array.from({ length: 33 }, (_, at) => some[at % some.length]).join(' ')
  const { size, dark } = sheetCode(words)
  const side = (size + 2 * quiet) * scale
  const data = new Uint8ClampedArray(side * side * 4).fill(255)
  for (let y = 0; y < size * scale; y += 1)
    for (let x = 0; x < size * scale; x += 1) {
      if (dark[Math.floor(y / scale) * size + Math.floor(x / scale)] !== 1) continue
      const pixel = ((y + quiet * scale) * side + x + quiet * scale) * 4
      data.fill(0, pixel, pixel + 3)
    }
  const picture = { data, width: side, height: side, colorSpace: 'srgb' }
  const [read] = await readBarcodes(picture, { formats: ['QRCode'] })
  expect(read?.text.toLowerCase()).toBe(words)
})
