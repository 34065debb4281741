import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { _electron, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildAnyHostPage } from '../../scripts/build/any-host.ts'
import { oneScript } from '../../scripts/build/one-script.ts'
import { startDisplay } from '../../scripts/electron/display.ts'
import {
  electronEnvironment,
  electronRuntime,
  privateFolder,
  sandboxSwitches,
} from '../../scripts/electron/launch.ts'
import { root } from '../../scripts/root.ts'
import { browserPath } from './browser.ts'

type Files = { clientKey: string; public: string; shares: string[]; squashed: string; fresh: string }
type Known = { life: string; key: { clientKey: string; publicKeySize: number }; opened: string[] }

const vector = (path: string) => readFileSync(join(root, 'packages/crypto/vectors', path))
const base64 = (path: string) => vector(path).toString('base64')
const { files, ...others } = JSON.parse(vector('fhe/any-host.json').toString())
const known: Known = { ...others, opened: files.opened }
const given: Files = {
  clientKey: base64(files.given.clientKey),
  public: base64(files.given.public),
  shares: files.given.shares.map(base64),
  squashed: base64(files.given.squashed),
  fresh: base64(files.given.fresh),
}
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}

let folder: string
let address: string
let close: () => void

/** The built page, with the two headers that tfhe's shared memory needs, and a policy that allows wasm. */
beforeAll(async () => {
  folder = privateFolder('lux-any-host-')
  const page = join(folder, 'page')
  await buildAnyHostPage(page)
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname)
    const file = join(page, path === '/' ? 'index.html' : path)
    try {
      response.writeHead(200, {
        'Content-Type': types[extname(file)] ?? 'application/octet-stream',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
        'Content-Security-Policy': "default-src 'self' data:; script-src 'self' 'wasm-unsafe-eval'",
      })
      response.end(readFileSync(file))
    } catch {
      response.end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server on a port has an address with that port.
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  close = () => server.close()
})
afterAll(() => {
  close?.()
  rmSync(folder, { recursive: true, force: true })
})

/** What the page makes of everything, and of a number that its own tfhe encrypts. */
async function askPage(page: Page): Promise<Known & { number: string }> {
  await page.waitForFunction('globalThis.luxAnyHost !== undefined')
  const arguments_ = [given, base64('native/compact-public-key.bin'), 201]
  return page.evaluate<Known & { number: string }>(`(async ([files, publicKey, number]) => ({
    life: luxAnyHost.run(),
    key: await luxAnyHost.makeKey(),
    opened: luxAnyHost.openFiles(files),
    number: await luxAnyHost.encryptAndOpen(files, publicKey, number),
  }))(${JSON.stringify(arguments_)})`)
}

test('CRYPTO-ANY-HOST a browser makes the same key, shares, answers and values as Node, of both widths and of tfhe’s own files', async () => {
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage()
    await page.goto(address)
    expect(await askPage(page)).toEqual({ ...known, number: '201' })
  } finally {
    await browser.close()
  }
})

test('CRYPTO-ANY-HOST Electron does, in a window and in its main process', async () => {
  const app = join(folder, 'app')
  mkdirSync(app, { mode: 0o755 })
  const write = (name: string, text: string) => writeFileSync(join(app, name), text, { mode: 0o644 })
  write('package.json', '{ "name": "any-host", "main": "main.cjs" }\n')
  write(
    'main.cjs',
    `const { app, BrowserWindow } = require('electron')
app.whenReady().then(() => new BrowserWindow({ webPreferences: { sandbox: true } }).loadURL(${JSON.stringify(address)}))
`,
  )
  const display = await startDisplay()
  try {
    mkdirSync(join(folder, 'home'), { recursive: true })
    const electron = await _electron.launch({
      executablePath: electronRuntime().command,
      args: [...sandboxSwitches(), app],
      env: electronEnvironment(join(folder, 'home'), { DISPLAY: display.name }),
      chromiumSandbox: true,
      timeout: 60_000,
    })
    try {
      expect(await askPage(await electron.firstWindow())).toEqual({ ...known, number: '201' })
      const [life, opened] = await electron.evaluate(
        (_electronApi, [source, own]) =>
          new Function(
            'files',
            `${source}; return [luxAnyHost.runFheInAnyHost(), luxAnyHost.openFilesInAnyHost(files)]`,
          )(own),
        [await oneScript('test/any-host/run.ts', 'luxAnyHost'), given] as const,
      )
      expect([life, opened]).toEqual([known.life, known.opened])
    } finally {
      await electron.close()
    }
  } finally {
    await display.stop()
  }
})
