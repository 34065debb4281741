import { spawnSync } from 'node:child_process'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { transportCodec } from '@lux/ceremony/wire'
import { expect, onTestFinished, test, vi } from 'vitest'
import { stateFolder } from '../../../src/platform/state-folder/folder.ts'
import { holdingState } from '../../../src/platform/state-folder/state-lock.ts'
import { databaseChoice } from '../../../src/server.ts'
import { cli, custodyServerProcess } from '../../support/commands.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

async function run(
  state: string,
  ...args: string[]
): Promise<{ status: number; answer: Record<string, string> }> {
  const { status, stdout } = await custodyServerProcess(state, '--json', ...args)
  return { status, answer: JSON.parse(stdout) }
}

test('STATE-BUSY a command waits its turn, and one that waited in vain says which command is at work', async () => {
  const state = stateFolder(await temporaryFolder())
  const { promise, resolve } = Promise.withResolvers<string>()
  const began = Promise.withResolvers<void>()
  const first = holdingState(state, 'card', () => {
    began.resolve()
    return promise
  })
  await began.promise
  const late = await holdingState(state, 'trust', async () => 'trusted', 150).catch((error: unknown) => error)
  expect(late).toMatchObject({
    code: 'STATE-BUSY',
    message: expect.stringContaining('custody-server card, process'),
  })
  const next = holdingState(state, 'trust', async () => 'trusted')
  resolve('made')
  expect(await Promise.all([first, next])).toEqual(['made', 'trusted'])
})

test('STATE-BUSY a turn is kept while another of the same process waits in vain for it', async () => {
  const state = stateFolder(await temporaryFolder())
  await holdingState(state, 'card', async () => {
    await expect(holdingState(state, 'trust', async () => 'trusted', 150)).rejects.toThrow('is at work')
    const taking = `new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec('BEGIN EXCLUSIVE')`
    const other = spawnSync(process.execPath, ['-e', taking, state.lock], { encoding: 'utf8' })
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('database is locked')])
  })
})

test('whoever owns another PostgreSQL migrates it without a turn on the server’s folder', async () => {
  const folder = await temporaryFolder()
  const state = stateFolder(folder)
  const args = ['--json', '--state', folder, 'migrate', 'up']
  const url = 'postgres://nobody@127.0.0.1:1/custody'
  const env = { ...process.env, DATABASE_OWNER_URL: url }
  await writeFile(state.settings, 'not for this account')
  await chmod(state.settings, 0)
  const migrated = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env })
  expect([migrated.status, JSON.parse(migrated.stdout).code]).toEqual([3, 'DATABASE-MIGRATION'])
})

test('an address of another PostgreSQL that is empty is none, so that its own is migrated in turn', async () => {
  vi.stubEnv('DATABASE_URL', '')
  vi.stubEnv('DATABASE_OWNER_URL', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(databaseChoice(stateFolder(await temporaryFolder()))).toMatchObject({
    url: undefined,
    ownerUrl: undefined,
  })
})

test('STATE-EXISTS of two init at once one makes the server, and two cards at once are two cards', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder()
  const state = join(folder, 'state')
  const init = ['init', '--domain', 'rehearsal', '--soft-token']
  const inits = await Promise.all([run(state, ...init), run(state, ...init)])
  const [made, refused] = inits.toSorted((a, b) => a.status - b.status)
  expect([made?.status, refused?.status, refused?.answer.code]).toEqual([0, 1, 'STATE-EXISTS'])
  expect((await readdir(join(state, 'token', 'tokens'))).length).toBe(1)

  const files = ['one.json', 'two.json'].map((name) => join(folder, name))
  const cards = await Promise.all(files.map((file) => run(state, 'card', '--transport-out', file)))
  expect(cards.map(({ status, answer }) => [status, answer.audience])).toEqual(
    files.map(() => [0, made?.answer.audience]),
  )
  const ids = await Promise.all(
    files.map(async (file) => transportCodec.file.parse(new Uint8Array(await readFile(file)))),
  )
  expect(ids.every(({ ok }) => ok)).toBe(true)
  expect(new Set(cards.map(({ answer }) => answer.transport)).size).toBe(2)
})
