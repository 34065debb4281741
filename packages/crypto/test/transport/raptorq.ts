import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type ErasureCode, type RaptorQModule, raptorQ } from '../../src/transport/index.ts'

type Loaded = RaptorQModule & {
  initSync(wasm: Uint8Array): { readonly memory: { readonly buffer: ArrayBuffer } }
}
const { resolve } = createRequire(import.meta.url)
const wasm = readFileSync(resolve('raptorq/raptorq_bg.wasm'))
let loaded = 0

/** npm's raptorq as a page would hand it in, with a WebAssembly of its own, and how many bytes of memory that has taken so far. */
export async function loadCode(): Promise<{ code: ErasureCode; memory: () => number }> {
  // By its path: the package's own declarations need the types of a browser.
  const { href } = pathToFileURL(resolve('raptorq/raptorq.js'))
  const { Encoder, Decoder, initSync }: Loaded = await import(`${href}?${loaded++}`)
  const { memory } = initSync(wasm)
  return { code: raptorQ({ Encoder, Decoder }), memory: () => memory.buffer.byteLength }
}

export const { code } = await loadCode()

/** Bytes that say nothing, the same for the same seed. */
export function payloadOf(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length)
  let state = Math.imul(seed, 0x9e3779b1) | 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    out[i] = state >>> 24
  }
  return out
}
