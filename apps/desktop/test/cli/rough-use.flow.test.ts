import { spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { custody as custodyAs } from '../core/support/cli.ts'
import { custodyProcess, custodyProcessJson, main, temporaryFolder } from './support/custody.ts'

vi.setConfig({ testTimeout: 60_000 })

let home: string
let run: string

beforeAll(async () => {
  home = temporaryFolder()
  run = join(home, 'run')
  const { exit, stderr } = await custodyProcess(['rehearse', 'token-initialisation', '--out', run])
  expect([exit, stderr]).toEqual([0, expect.any(String)])
}, 60_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

test.each([
  [['rehearse', '--out', '/proc/lux']],
  [['fhe', 'keygen', '--out', '/proc/lux']],
  [['token', 'init', '--soft', '/proc/lux', '--label', 'lux']],
  [['token', 'list', '--soft', '/proc']],
])('FOLDER-READ-ONLY %j ends with a clear error where no folder can be made', async (args) => {
  const { exit, json } = await custodyProcessJson(args)
  expect(exit).toBe(3)
  expect(json).toMatchObject({ ok: false, code: 'FOLDER-READ-ONLY' })
})

test.each<[name: string, args: (out: string) => string[]]>([
  ['a script that is not there', (out) => ['rehearse', 'no-such-script', '--out', out]],
  ['a destination that is not there', (out) => ['rehearse', '--destination', '/none.json', '--out', out]],
  [
    'a client key that is none',
    (out) => [
      ...['fhe', 'deal', '--client-key', join(run, 'plan.yaml'), '--quorum', '2', '--holders', '3'],
      ...['--rehearsal', '--out', out],
    ],
  ],
])('%s leaves no folder behind', async (_name, args) => {
  const { json } = await custodyProcessJson(args(join(home, 'new/out')))
  expect(json.ok).toBe(false)
  expect(existsSync(join(home, 'new'))).toBe(false)
})

test('cards lie in a run’s folder as <sha256>.json', () => {
  const names = readdirSync(join(run, 'cards'))
  expect(names.length).toBeGreaterThan(3)
  expect(names.filter((name) => !/^[0-9a-f]{64}\.json$/.test(name))).toEqual([])
})

test('FILE-UNREADABLE a run’s folder that may not be looked into is not called empty', async () => {
  const closed = join(home, 'closed')
  cpSync(run, join(closed, 'run'), { recursive: true })
  chmodSync(closed, 0o000)
  const ended = await custodyAs(['ceremony', 'status', join(closed, 'run')], { unprivileged: true })
  chmodSync(closed, 0o700)
  expect(ended.json).toMatchObject({ ok: false, code: 'FILE-UNREADABLE' })
  expect((await custodyProcessJson(['ceremony', 'status', join(home, 'nothing')])).json.code).toBe(
    'CEREMONY-UNKNOWN',
  )
})

test.each([[['help']], [['ceremony', 'status']]])('%j ends quietly when nobody reads on', async (args) => {
  const last = args[0] === 'ceremony' ? [run] : []
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args, ...last], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // The reader is gone before the first byte comes.
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test('a rehearsal whose remarks nobody reads goes on to its end', async () => {
  const out = join(home, 'unheard')
  const args = ['--disable-warning=ExperimentalWarning', main, '--json', 'rehearse', 'token-initialisation']
  const child = spawn(process.execPath, [...args, '--out', out], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.destroy()
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ ok: true })])
})

test('version says the build that a policy would list, for people and for programs', async () => {
  const { exit, json } = await custodyProcessJson(['version'])
  expect(exit).toBe(0)
  expect(json).toMatchObject({ ok: true, version: expect.any(String), node: process.version })
  expect(String(json.build)).toMatch(/^(dev:[0-9a-f]{40}|[0-9a-f]{64})$/)
  expect(String(json.files)).toMatch(/^[0-9a-f]{64}$/)
  const text = await custodyProcess(['version'])
  expect(text.stdout).toContain(String(json.build))
})
