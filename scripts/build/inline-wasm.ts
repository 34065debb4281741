import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import type { Plugin } from 'vite'

const asked = '.wasm?inline'

/**
 * A WebAssembly that is imported with `?inline` is deflated, as Base64 in the script that imports it: a page needs no permission to fetch for it, and
 * asks no network. The file that raptorq would fetch for itself is left out.
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
