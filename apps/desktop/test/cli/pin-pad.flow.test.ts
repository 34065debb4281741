import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { softTokenEnvironment } from '@lux/hsm'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { atPad, buildPinPad, padEntries } from '../../../../packages/hsm/test/pin-pad-shim.ts'
import { type Answer, main, secretFile, temporaryFolder } from './support/custody.ts'

vi.setConfig({ testTimeout: 60_000 })

let folder: string
let library: string
let conf: string | undefined
beforeAll(async () => {
  folder = temporaryFolder()
  const soft = softTokenEnvironment(join(folder, 'token'))
  conf = soft.environment.SOFTHSM2_CONF
  library = buildPinPad(folder, soft.library)
  expect(await token(['init', '--label', 'desk']).done).toMatchObject({ exit: 0, json: { ok: true } })
  expect(padEntries(folder)).toBe(3)
}, 60_000)
beforeEach(() => {
  atPad(folder, 'types')
  padEntries(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `custody token` on the token with the pad, in a session of its own, so that it has no terminal. */
function token([command = '', ...rest]: readonly string[]) {
  const args = [
    '--disable-warning=ExperimentalWarning',
    main,
    '--json',
    'token',
    command,
    '--library',
    library,
  ]
  const env = { ...process.env, ...(conf === undefined ? {} : { SOFTHSM2_CONF: conf }) }
  const child = spawn(process.execPath, [...args, ...rest], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => {
    said.stdout += text
  })
  child.stderr.on('data', (text) => {
    said.stderr += text
  })
  const done = new Promise<{ exit: number | null; json: Answer; stderr: string }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exit) =>
      resolve({ exit, stderr: said.stderr, json: JSON.parse(said.stdout || '{}') as Answer }),
    )
  })
  return { done, group: child.pid! }
}

test('TOKEN-PAD the PIN is entered at the token’s own pad, with a word of where and for how long', async () => {
  const { exit, json, stderr } = await token(['inventory']).done
  expect([exit, json.objects]).toEqual([0, []])
  expect(stderr).toMatch(/on the token’s own pad, within 120 seconds; Ctrl-C gives it up/)
  expect(padEntries(folder)).toBe(1)
})

test.each([
  ['types wrongly', 'HSM-PIN-WRONG'],
  ['cancels', 'HSM-PAD-CANCELLED'],
] as const)('TOKEN-PAD whoever %s is asked once: %s', async (act, code) => {
  atPad(folder, act)
  const { exit, json } = await token(['inventory']).done
  expect([exit, json.code]).toEqual([3, code])
  expect(padEntries(folder)).toBe(1)
})

test('TOKEN-PAD Ctrl-C gives up an entry that nobody comes to, and leaves nobody waiting at the token', async () => {
  atPad(folder, 'nobody')
  const { done, group } = token(['inventory'])
  await vi.waitFor(() => expect(existsSync(join(folder, 'pad-entries'))).toBe(true), { timeout: 20_000 })
  process.kill(-group, 'SIGINT')
  const { exit, json } = await done
  expect([exit, json.code]).toEqual([3, 'HSM-PAD-CANCELLED'])
  // Asked after it, so the library was there again.
  expect(json.pin).toMatchObject({ so: 'ok' })
})

test('TOKEN-PAD a PIN from a file that somebody names is used instead', async () => {
  const pin = secretFile(join(folder, 'pin'), '12345678')
  expect(await token(['inventory', '--pin-file', pin]).done).toMatchObject({ exit: 0 })
  expect(padEntries(folder)).toBe(0)
})
