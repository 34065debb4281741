import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { openPage } from '../../e2e/any-host/browser.ts'
import { dealBenchKey, makeBenchKey } from '../fhe/key.ts'
import { watchMemory } from '../memory.ts'
import type { Answered } from './worker.ts'

const bits = [8, 64, 256] as const

export type Partials = {
  /** By name, milliseconds of each run. */
  readonly times: Readonly<Record<string, number[]>>
  readonly peakMiB: number
}

/**
 * First answers, mode S, of a share of 2 of 3 in headless Chromium. They run in a worker, as on a phone. For a `slower` processor they run
 * in the page, because Chromium slows no worker. Each run starts over.
 */
export async function partialsInBrowser({
  runs,
  slower,
}: {
  runs: number
  slower: number
}): Promise<Partials> {
  const out = mkdtempSync(join(tmpdir(), 'lux-partial-'))
  const { address, close } = await serve(out)
  try {
    const browser = await openPage(address, slower)
    const peak = watchMemory(browser.pid)
    try {
      const times: Record<string, number[]> = {}
      for (let run = 0; run < runs; run += 1) {
        // The worker says exactly this.
        const said = (await browser.ask(`${inPage}(${slower === 1})`)) as
          | { times: Answered }
          | { failed: string }
        if ('failed' in said) throw new Error(said.failed)
        for (const [name, time] of Object.entries(said.times)) times[name] = [...(times[name] ?? []), time]
      }
      return { times, peakMiB: Math.round(peak()) }
    } finally {
      peak()
      await browser.close()
    }
  } finally {
    close()
    rmSync(out, { recursive: true, force: true })
  }
}

/** Reads what the server gives, and hands it to a worker of its own. */
const inPage = `(async (worker) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const { share, pub, ciphertexts } = await (await fetch('/given.json')).json()
  const given = {
    share: bytes(share),
    pub: bytes(pub),
    ciphertexts: ciphertexts.map(({ name, of }) => ({
      name,
      of: { ...of, tag: new Uint8Array(), blocks: of.blocks.map(({ mask, body }) => ({ mask: bytes(mask), body: bytes(body) })) },
    })),
  }
  if (!worker) return (await import('/worker.js')).answer(given)
  return new Promise((resolve) => {
    const worker = new Worker('/worker.js', { type: 'module' })
    const done = (said) => { worker.terminate(); resolve(said) }
    worker.onmessage = ({ data }) => done(data)
    worker.onerror = ({ message }) => done({ failed: message })
    worker.postMessage(given)
  })
})`

function given(): string {
  const key = makeBenchKey()
  const dealt = dealBenchKey(key.clientKey, 2, 3)
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const all = bits.map((width) => [`u${width}`, key.squashed(width)] as const)
  return JSON.stringify({
    share: text(dealt.shares[0] ?? new Uint8Array()),
    pub: text(dealt.pub),
    ciphertexts: all.map(([name, { blocks, ...of }]) => ({
      name,
      of: { ...of, blocks: blocks.map(({ mask, body }) => ({ mask: text(mask), body: text(body) })) },
    })),
  })
}

async function serve(out: string): Promise<{ address: string; close: () => void }> {
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'esnext',
      lib: { entry: join(import.meta.dirname, 'worker.ts'), formats: ['es'], fileName: () => 'worker.js' },
    },
  })
  const files: Readonly<Record<string, { type: string; body: string }>> = {
    '/': { type: 'text/html', body: '<!doctype html>' },
    '/worker.js': { type: 'text/javascript', body: readFileSync(join(out, 'worker.js'), 'utf8') },
    '/given.json': { type: 'application/json', body: given() },
  }
  const server = createServer((request, response) => {
    const file = files[request.url ?? '']
    if (file === undefined) return response.writeHead(404).end()
    return response.writeHead(200, { 'Content-Type': file.type }).end(file.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server on a port has an address with that port.
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}/`, close: () => server.close() }
}
