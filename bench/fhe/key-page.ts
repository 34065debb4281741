import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { openPage } from '../../e2e/any-host/browser.ts'
import { root } from '../../scripts/root.ts'
import { watchMemory } from '../memory.ts'
import { busiestThread } from '../processor-time.ts'

export type TimedKey = {
  readonly milliseconds: number
  /** Bytes of the key. */
  readonly length: number
  /** Processor time of the busiest thread, loading included: no more cores and no less load make it faster than this. */
  readonly busiest: number
  readonly peakMiB: number
}

type Said = Pick<TimedKey, 'milliseconds' | 'length'> | { readonly failed: string }

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** The plain server key in a page of headless Chromium, isolated so that its workers may share memory; a browser each time. */
export async function keyInPage(threads: number): Promise<TimedKey> {
  const { address, close } = await servePage()
  try {
    const browser = await openPage(address)
    const peak = watchMemory(browser.pid)
    try {
      // key-worker.mjs answers with exactly these.
      const said = (await browser.ask(
        `crossOriginIsolated ? new Promise((resolve) => {
          const worker = new Worker('/key-worker.mjs', { type: 'module' })
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => resolve({ failed: message })
          worker.postMessage(${threads})
        }) : { failed: 'the page is not isolated' }`,
      )) as Said
      if ('failed' in said) throw new Error(`a page with ${threads} threads: ${said.failed}`)
      return { ...said, busiest: busiestThread(browser.pid), peakMiB: peak() }
    } finally {
      peak()
      await browser.close()
    }
  } finally {
    close()
  }
}

async function servePage(): Promise<{ address: string; close: () => void }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname)
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    response.setHeader('Content-Type', types[extname(path)] ?? 'text/html')
    try {
      response.end(path === '/' ? '<!doctype html>' : readFileSync(fileOf(path)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server on a port has an address with that port.
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}/`, close: () => server.close() }
}

function fileOf(path: string): string {
  return path.startsWith('/tfhe/') ? join(root, 'node_modules', path) : join(import.meta.dirname, path)
}
