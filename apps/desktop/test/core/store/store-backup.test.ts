import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fromUtf8, openWithPassphrase, sealWithPassphrase, utf8 } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { strongPassphrase as passphrase } from '../../../../../packages/crypto/test/strong-passphrase.ts'
import { RunDatabase } from '../../../src/core/store/run-database.ts'
import { Store } from '../../../src/core/store/store.ts'
import {
  backUpStore,
  checkStoreBackup,
  openExisting,
  restoreStore,
} from '../../../src/core/store/store-backup.ts'

const cheap = { passphrase, workFactor: 10 }
const by = { passphrase }

let dir: string
let store: Store
const at = (name: string) => join(dir, name)
const run = (name: string) => join(dir, 'store', 'ceremonies', name)

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'store-backup-'))
  store = new Store(at('store'))
  store.setSetting('ui', '{"language":"ar"}')
  store.addHolder({ card: 'ab', jcs: utf8('{}'), enrolled: '2026-01-01' })
  for (const id of ['one', 'two']) beginRun(id)
})
afterEach(() => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
})

function beginRun(id: string): void {
  const log = new RunDatabase(join(run(id), 'ceremony.db'))
  log.append([{ seq: 0, time: 't', step: 's', kind: 'k', line: utf8(`{"run":"${id}"}`) }])
  log.close()
  mkdirSync(join(run(id), 'envelopes'))
  writeFileSync(join(run(id), 'envelopes', 'holder.age'), `sealed of ${id}`.repeat(20_000))
  store.addRun({ id, folder: run(id), created: '2026-01-01T00:00:00.000Z' })
}

const back = (out = at('backup.age')) =>
  backUpStore(store, { out, to: cheap, made: '2026-01-01T00:00:00.000Z', by: '1.2.3' })

test('STORE-BACKUP a store that is named by a relative path has its runs in it, each once', async () => {
  store.close()
  store = openExisting(relative(process.cwd(), at('store')))
  expect(await back()).toMatchObject({ runs: 2, elsewhere: [] })
})

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof ExpectedError) return error.code
    throw error
  }
}

test('STORE-BACKUP a store comes back whole in another place: settings, people, each run with its log and files, and no other file', async () => {
  writeFileSync(join(run('one'), 'half.0123456789abcdef.part'), 'x')
  symlinkSync('/etc/hostname', join(run('one'), 'link'))
  mkdirSync(at('store/soft-token'))
  writeFileSync(at('store/soft-token/key'), 'a token’s key')
  const made = await back()
  expect(made).toMatchObject({ runs: 2, files: 5, elsewhere: [], by: '1.2.3' })
  expect(readdirSync(at('store')).filter((name) => name.startsWith('.backup-'))).toEqual([])

  const { elsewhere: _, ...facts } = made
  expect(await checkStoreBackup(at('backup.age'), by, made.digest)).toEqual(facts)
  // The first store is gone, as after a loss of its machine.
  store.close()
  rmSync(at('store'), { recursive: true })
  expect(await restoreStore(at('backup.age'), by, { folder: at('new') })).toEqual(facts)

  store = openExisting(at('new'))
  expect(store.setting('ui')).toBe('{"language":"ar"}')
  expect(store.holders().map(({ card }) => card)).toEqual(['ab'])
  expect(store.runs().map(({ id, folder }) => [id, folder])).toEqual([
    ['one', at('new/ceremonies/one')],
    ['two', at('new/ceremonies/two')],
  ])
  const log = new RunDatabase(at('new/ceremonies/two/ceremony.db'))
  expect([...log.lines()].map(({ line }) => fromUtf8(line))).toEqual(['{"run":"two"}'])
  log.close()
  expect(readFileSync(at('new/ceremonies/one/envelopes/holder.age'), 'utf8')).toMatch(/^sealed of one/)
  expect(readdirSync(at('new/ceremonies/one')).toSorted()).toEqual(['ceremony.db', 'envelopes'])
  expect(existsSync(at('new/soft-token'))).toBe(false)
})

test('STORE-BACKUP-KEY, STORE-BACKUP-OTHER, STORE-BACKUP-WRONG each names what is wrong, and nothing is made', async () => {
  const { digest } = await back()
  const file = at('backup.age')
  const other = { passphrase: 'another one entirely' }
  expect(await codeOf(restoreStore(file, other, { folder: at('new') }))).toBe('STORE-BACKUP-KEY')
  expect(await codeOf(restoreStore(file, by, { folder: at('new'), digest: 'f'.repeat(64) }))).toBe(
    'STORE-BACKUP-OTHER',
  )
  expect(await codeOf(checkStoreBackup(file, by, digest))).toBe('done')
  writeFileSync(at('plain'), 'no age file')
  expect(await codeOf(checkStoreBackup(at('plain'), by))).toBe('STORE-BACKUP-WRONG')
  writeFileSync(at('sealed'), await sealWithPassphrase(passphrase, utf8('{}\n'), cheap))
  expect(await codeOf(checkStoreBackup(at('sealed'), by))).toBe('STORE-BACKUP-WRONG')
  expect(await codeOf(checkStoreBackup(at('absent'), by))).toBe('FILE-MISSING')
  expect(existsSync(at('new'))).toBe(false)
})

test('STORE-BACKUP-DAMAGED a file that is cut short anywhere, changed or longer is refused, and a restore leaves nothing behind', async () => {
  const { bytes } = await back()
  const whole = readFileSync(at('backup.age'))
  // Within a chunk, at the edge of a chunk of age, and one byte short.
  for (const length of [bytes - 1, bytes - 70_000, whole.indexOf('\n--- ') + 64 + 16 + 65_552]) {
    writeFileSync(at('torn.age'), whole)
    truncateSync(at('torn.age'), length)
    expect(await codeOf(restoreStore(at('torn.age'), by, { folder: at('new') }))).toBe('STORE-BACKUP-DAMAGED')
    expect(existsSync(at('new'))).toBe(false)
  }
  const flipped = Buffer.from(whole)
  flipped[bytes - 100_000] = (flipped[bytes - 100_000] ?? 0) ^ 1
  writeFileSync(at('flipped.age'), flipped)
  expect(await codeOf(checkStoreBackup(at('flipped.age'), by))).toBe('STORE-BACKUP-DAMAGED')
  appendFileSync(at('backup.age'), 'x')
  expect(await codeOf(checkStoreBackup(at('backup.age'), by))).toBe('STORE-BACKUP-DAMAGED')
})

/** The backup sealed again over a plaintext that `change` made of its own. */
async function resealed(change: (text: string) => string): Promise<string> {
  const plain = await openWithPassphrase(passphrase, readFileSync(at('backup.age')))
  const changed = Buffer.from(change(Buffer.from(plain).toString('latin1')), 'latin1')
  writeFileSync(at('resealed.age'), await sealWithPassphrase(passphrase, changed, cheap))
  return at('resealed.age')
}

test('STORE-NEWER, STORE-BACKUP-WRONG of who knows the passphrase: another form, and a path that leads out of the store', async () => {
  await back()
  const newer = await resealed((text) => text.replace('{"v":1,', '{"v":2,'))
  expect(await codeOf(checkStoreBackup(newer, by))).toBe('STORE-NEWER')
  for (const path of [
    'ceremonies/../x',
    '/etc/pass',
    'ceremonies',
    'C:/x',
    'ceremonies/a\\\\..\\\\b/c',
    'soft-token/a',
  ]) {
    const led = await resealed((text) => text.replace('"ceremonies/one/ceremony.db"', `"${path}"`))
    expect([path, await codeOf(restoreStore(led, by, { folder: at('new') }))]).toEqual([
      path,
      'STORE-BACKUP-WRONG',
    ])
  }
  const twice = await resealed((text) =>
    text.replace('ceremonies/two/ceremony.db', 'ceremonies/one/ceremony.db'),
  )
  expect(await codeOf(checkStoreBackup(twice, by))).toBe('STORE-BACKUP-DAMAGED')
  expect(existsSync(at('new'))).toBe(false)
})

test('STORE-NEWER, STORE-DAMAGED a database in a backup that this build cannot read is found by a check', async () => {
  const log = join(run('two'), 'ceremony.db')
  const database = new Database(log)
  database.pragma('journal_mode = DELETE')
  database.pragma('user_version = 99')
  database.close()
  expect(await codeOf(back())).toBe('STORE-NEWER')
  writeFileSync(log, 'no database')
  expect(await codeOf(back())).toBe('STORE-DAMAGED')
  expect(readdirSync(dir).toSorted()).toEqual(['store'])
})

test('FILE-EXISTS, FOLDER-IN-USE, FOLDER-MISSING, STORE-LOCKED, STORE-ABSENT nothing is written over, and no store is made to read one', async () => {
  await back()
  const before = readFileSync(at('backup.age'))
  expect(await codeOf(back())).toBe('FILE-EXISTS')
  expect(await codeOf(back(at('no/stick.age')))).toBe('FOLDER-MISSING')
  expect(await codeOf(restoreStore(at('backup.age'), by, { folder: at('store') }))).toBe('FOLDER-IN-USE')
  expect(await codeOf(restoreStore(at('backup.age'), by, { folder: at('no/store') }))).toBe('FOLDER-MISSING')
  expect(readFileSync(at('backup.age')).equals(before)).toBe(true)
  const open = new RunDatabase(join(run('one'), 'ceremony.db'))
  expect(await codeOf(back(at('second.age')))).toBe('STORE-LOCKED')
  open.close()
  expect(existsSync(at('second.age'))).toBe(false)
  expect(await codeOf((async () => openExisting(at('nowhere')))())).toBe('STORE-ABSENT')
  expect(existsSync(at('nowhere'))).toBe(false)
})
