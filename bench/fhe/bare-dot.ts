import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from '../../scripts/root.ts'

type BareDot = {
  dot64(a: number, b: number, count: number): bigint
  dot128(a: number, b: number, count: number): [bigint, bigint]
}
type Wabt = () => Promise<{
  parseWat(
    name: string,
    text: string,
    features: object,
  ): { toBinary(options: object): { buffer: Uint8Array } }
}>

// Node has it; its types do not.
declare const WebAssembly: {
  instantiate(bytes: Uint8Array): Promise<{ readonly instance: { readonly exports: unknown } }>
}

const MASK = 4 * 65_536

/** The bare dot products of `blocks` blocks with the four coefficient vectors of a share: nothing copied, hashed or added. */
export async function bareDot(): Promise<(width: 64 | 128, blocks: number) => void> {
  // wabt is a dependency of packages/crypto alone.
  const wabt = createRequire(join(root, 'packages/crypto/package.json'))('wabt') as Wabt
  const text = readFileSync(join(import.meta.dirname, 'bare-dot.wat'), 'utf8')
  const { buffer } = (await wabt()).parseWat('bare-dot.wat', text, { multi_value: true }).toBinary({})
  const { instance } = await WebAssembly.instantiate(buffer)
  // bare-dot.wat exports exactly these.
  const kernel = instance.exports as BareDot
  return (width, blocks) => {
    for (let block = 0; block < blocks; block++) {
      for (let c = 0; c < 4; c++) {
        if (width === 128) kernel.dot128(MASK, c * 65_536, 4096)
        else kernel.dot64(MASK, c * 65_536, 2048)
      }
    }
  }
}
