import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { _electron, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildAnyHostPage, bundleAnyHost } from '../../scripts/build/any-host.ts'
import { startDisplay } from '../../scripts/electron/display.ts'
import {
  electronEnvironment,
  electronRuntime,
  privateFolder,
  sandboxSwitches,
} from '../../scripts/electron/launch.ts'
import { root } from '../../scripts/root.ts'
import { browserPath } from './browser.ts'

type Known = { life: string; key: { clientKey: string; publicKeySize: number } }
const known: Known = JSON.parse(readFileSync(join(root, 'packages/crypto/vectors/fhe/any-host.json'), 'utf8'))
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

async function askPage(page: Page): Promise<Known> {
  await page.waitForFunction('globalThis.luxAnyHost !== undefined')
  return page.evaluate<Known>('(async () => ({ life: luxAnyHost.run(), key: await luxAnyHost.makeKey() }))()')
}

test('CRYPTO-ANY-HOST a browser makes the same key, shares, answers and values as Node', async () => {
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage()
    await page.goto(address)
    expect(await askPage(page)).toEqual(known)
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
      timeout: 30_000,
    })
    try {
      expect(await askPage(await electron.firstWindow())).toEqual(known)
      const life = await electron.evaluate(
        (_electronApi, source) => new Function(`${source}; return luxAnyHost.runFheInAnyHost()`)(),
        await bundleAnyHost(),
      )
      expect(life).toBe(known.life)
    } finally {
      await electron.close()
    }
  } finally {
    await display.stop()
  }
})
