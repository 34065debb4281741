import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import type { Plugin } from 'vite'

const asked = '.wasm?inline'

/**
 * Inlines a WebAssembly that is imported with `?inline`, deflated, as Base64. A page then needs no permission to fetch it, and no network.
 * The file that raptorq would fetch by itself is left out.
 */
export function inlineWasm(): Plugin {
  return {
    name: 'lux-inline-wasm',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith(asked)) return null
      const bytes = readFileSync(id.slice(0, -'?inline'.length))
      return `export const deflated = ${JSON.stringify(deflateRawSync(bytes, { level: 9 }).toString('base64'))}`
    },
    transform(code, id) {
      if (!id.endsWith('/raptorq/raptorq.js')) return null
      return code.replace("new URL('raptorq_bg.wasm', import.meta.url)", "''")
    },
  }
}
