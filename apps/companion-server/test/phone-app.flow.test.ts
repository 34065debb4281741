import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { phonePort, rehearsalPhoneApp } from '../src/phone-app.ts'
import { failureOf } from '../src/platform/failure.ts'

let folder = ''
let server: Server | null = null
let origin = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lux-phone-app-'))
  for (const name of ['index.html', 'sw.js', 'app.js']) writeFileSync(join(folder, name), name)
  server = await rehearsalPhoneApp('rehearsal', 0, folder)
  const address = server?.address()
  if (typeof address !== 'object' || address === null) throw new Error('the phone app is not served')
  origin = `http://127.0.0.1:${address.port}`
})
afterAll(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('PHONE-SERVED a rehearsal server serves the phone’s app on an origin of its own, each file under the strictest policy that lets it work', async () => {
  const policyOf = async (path: string) => {
    const reply = await fetch(origin + path)
    await reply.arrayBuffer()
    return [reply.status, reply.headers.get('content-security-policy')]
  }
  expect(await policyOf('/')).toEqual([200, "frame-ancestors 'none'"])
  expect(await policyOf('/sw.js')).toEqual([200, "default-src 'none'; connect-src 'self'"])
  expect(await policyOf('/app.js')).toEqual([200, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"])
  // Nothing of the server itself is there, and nothing outside of the folder.
  for (const path of ['/api/v1/keys', '/console/', '/%2e%2e/%2e%2e/etc/passwd'])
    expect(await policyOf(path)).toEqual([404, null])
})

test('PHONE-SERVED a port that is taken is named, and one that is none is refused before anything is opened', async () => {
  const taken = Number(new URL(origin).port)
  const refused = await rehearsalPhoneApp('rehearsal', taken, folder).catch((error: unknown) => error)
  expect(failureOf(refused)).toMatchObject({ code: 'ADDRESS-IN-USE' })
  for (const port of ['x', '0', '80', '70000', '7144 ', '0x1000']) expect(phonePort(port)).toBeNull()
  expect(phonePort('7144')).toBe(7144)
  const main = fileURLToPath(new URL('../src/server-main.ts', import.meta.url))
  const ended = spawnSync(process.execPath, [main, '--state', folder, '--phone-port', 'x'], {
    encoding: 'utf8',
  })
  expect(ended.status).toBe(2)
  expect(ended.stderr).toContain('--phone-port x: a number from 1024 to 65535')
  expect(ended.stdout).toBe('')
})

test('PHONE-SERVED a server of real keys serves no phone’s app', async () => {
  expect(await rehearsalPhoneApp('production', 0, folder)).toBeNull()
})
