import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { custodyJson, temporaryFolder } from './support/custody.ts'
import { enrolled, passphraseFile } from './support/people.ts'

let folder: string
let pass: string[]
let server: Server
let origin: string
const at = (name: string): string => join(folder, name)

/** What the origin serves: its files by path, as one that was taken over may change them. */
const served = new Map<string, Uint8Array>()
/** What it serves at every other address. */
let fallback: Uint8Array | null = null
/** As docs/guide/serve-phone.md has them. */
const asTold = {
  'index.html': "frame-ancestors 'none'",
  'sw.js': "default-src 'none'; connect-src 'self'",
  'assets/app-1.js': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
}
const policies = new Map<string, string>()

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  await enrolled(folder, 'officer', 'Release')
  await enrolled(folder, 'officer', 'Mallory')
  mkdirSync(at('built'))
  mkdirSync(at('built/assets'))
  for (const [name, text] of [
    ['index.html', '<!doctype html>'],
    ['sw.js', 'self.files = {}'],
    ['assets/app-1.js', 'start()'],
  ] as const)
    writeFileSync(at(`built/${name}`), text)
  server = createServer((request, response) => {
    const path = (request.url ?? '/').slice(1)
    const file = path === '' ? 'index.html' : path
    const body = served.get(file) ?? fallback
    const policy = policies.get(file)
    if (body === null) response.writeHead(404).end()
    else response.writeHead(200, policy === undefined ? {} : { 'Content-Security-Policy': policy }).end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('nothing is served')
  origin = `http://127.0.0.1:${address.port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const files = ['index.html', 'sw.js', 'assets/app-1.js', 'release.json']
const exported = (out: string, more: string[] = []) =>
  custodyJson([
    ...['phone', 'export', at(out), '--key', at('Release.key'), '--origin', origin, '--app', at('built')],
    ...pass,
    ...more,
  ])
const verified = (card = 'Release', more: string[] = []) =>
  custodyJson(['phone', 'verify-origin', origin, '--card', at(`${card}.json`), ...more])

function serve(out: string): void {
  served.clear()
  fallback = null
  policies.clear()
  for (const [file, policy] of Object.entries(asTold)) policies.set(file, policy)
  for (const name of files) served.set(name, new Uint8Array(readFileSync(at(`${out}/${name}`))))
}

test('APP-RELEASE the app is written out with a signed list of its files, and an origin that serves them is accepted', async () => {
  expect(await exported('app')).toMatchObject({ exit: 0, json: { ok: true, files: 3, origin } })
  serve('app')
  expect(await verified()).toMatchObject({ exit: 0, json: { ok: true, files: 3, origin } })
  expect(await exported('app')).toMatchObject({ exit: 2, json: { code: 'FILE-EXISTS' } })
})

test('APP-RELEASE-FILE an origin that replaces the service worker, drops a file or lengthens one is refused by its name', async () => {
  const cases = [
    ['sw.js', 'self.addEventListener("fetch", steal)'],
    ['assets/app-1.js', null],
    ['index.html', '<!doctype html><script src="more.js"></script>'],
  ] as const
  for (const [name, text] of cases) {
    serve('app')
    if (text === null) served.delete(name)
    else served.set(name, new TextEncoder().encode(text))
    const { exit, json } = await verified()
    expect([exit, json.code]).toEqual([1, 'APP-RELEASE-FILE'])
    expect(json.message ?? json.detail).toContain(name)
  }
})

test('APP-RELEASE-HEADER an origin without a policy, with a wider one or with another page’s is refused by the file’s name, and a stricter one passes', async () => {
  const cases = [
    ['index.html', null],
    ['index.html', "frame-ancestors 'self'"],
    ['sw.js', null],
    ['sw.js', "default-src 'none'; connect-src *"],
    ['sw.js', "default-src 'none'; connect-src 'self'; script-src *"],
    ['assets/app-1.js', "frame-ancestors 'none'"],
  ] as const
  for (const [name, policy] of cases) {
    serve('app')
    if (policy === null) policies.delete(name)
    else policies.set(name, policy)
    const { exit, json } = await verified()
    expect([name, policy, exit, json.code]).toEqual([name, policy, 1, 'APP-RELEASE-HEADER'])
    expect(json.message ?? json.detail).toContain(name)
  }
  serve('app')
  policies.set('index.html', "default-src 'self', frame-ancestors  'none';")
  expect(await verified()).toMatchObject({ exit: 0, json: { ok: true } })
})

test('APP-RELEASE-FILE an origin that serves more than the app, at any address or at one that is easily guessed, is refused', async () => {
  serve('app')
  fallback = new TextEncoder().encode('<!doctype html>')
  expect(await verified()).toMatchObject({ exit: 1, json: { code: 'APP-RELEASE-FILE' } })
  for (const more of ['service-worker.js', 'assets/', 'console']) {
    serve('app')
    served.set(more, new TextEncoder().encode('more'))
    const { exit, json } = await verified()
    expect([more, exit, json.code]).toEqual([more, 1, 'APP-RELEASE-FILE'])
    expect(json.message ?? json.detail).toContain(more)
  }
})

test('APP-RELEASE-OLD an origin that goes back to an older release is refused by whoever knows the newer one', async () => {
  expect(await exported('newer')).toMatchObject({ exit: 0 })
  const newest = ['--newest', at('newer/release.json')]
  serve('app')
  expect(await verified('Release', newest)).toMatchObject({ exit: 1, json: { code: 'APP-RELEASE-OLD' } })
  serve('newer')
  expect(await verified('Release', newest)).toMatchObject({ exit: 0, json: { ok: true } })
})

test('APP-RELEASE-ORIGIN a release for another origin, by another key, or none is refused', async () => {
  serve('app')
  expect(await verified('Mallory')).toMatchObject({ exit: 1, json: { code: 'SIGNATURE-UNKNOWN' } })
  const elsewhere = ['--origin', 'https://shares.example']
  expect(await exported('other', elsewhere)).toMatchObject({ exit: 0 })
  serve('other')
  expect(await verified()).toMatchObject({ exit: 1, json: { code: 'APP-RELEASE-ORIGIN' } })
  served.set('release.json', new TextEncoder().encode('{}'))
  expect(await verified()).toMatchObject({ exit: 1, json: { code: 'APP-RELEASE-MALFORMED' } })
  served.clear()
  expect(await verified()).toMatchObject({ exit: 3, json: { code: 'APP-RELEASE-UNREACHABLE' } })
})

test('OPTION-ORIGIN an address with a path, and a name in the clear, are no origin; a folder without an app is none', async () => {
  for (const wrong of ['https://shares.example/app', 'http://shares.example', 'shares.example'])
    expect(await exported('wrong', ['--origin', wrong])).toMatchObject({
      exit: 2,
      json: { code: 'OPTION-ORIGIN' },
    })
  expect(await exported('empty', ['--app', folder])).toMatchObject({
    exit: 2,
    json: { code: 'APP-RELEASE-MISSING' },
  })
})
