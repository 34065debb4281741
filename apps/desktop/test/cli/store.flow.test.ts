import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Store } from '../../src/core/store/store.ts'
import { custodyCommand, custodyJson, temporaryFolder } from './support/custody.ts'
import { enrolled, passphraseFile } from './support/people.ts'

vi.setConfig({ testTimeout: 60_000 })

let dir: string
let secret: string[]
const at = (name: string) => join(dir, name)

beforeEach(() => {
  dir = temporaryFolder()
  secret = ['--passphrase-file', passphraseFile(dir)]
  const store = new Store(at('store'))
  store.setSetting('ui', '{}')
  mkdirSync(at('elsewhere'))
  store.addRun({ id: 'a', folder: at('elsewhere'), created: '2026-01-01T00:00:00.000Z' })
  store.close()
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('STORE-BACKUP backed up to a holder’s card, checked and restored with the key: the digest as words, and what lies elsewhere by name', async () => {
  const { cardPath, keyPath } = await enrolled(dir, 'holder', 'hal')
  const backup = ['store', 'backup', '--store', at('store'), '--out', at('store.age'), '--to', cardPath]
  const made = await custodyJson(backup)
  expect(made).toMatchObject({ exit: 0, json: { ok: true, runs: 0, elsewhere: [at('elsewhere')] } })
  expect(statSync(at('store.age')).mode & 0o777).toBe(0o600)

  const store = new Store(at('store'))
  // Home no longer asks for a backup.
  expect(JSON.parse(store.setting('last-backup') ?? 'null')).toMatchObject({ digest: made.json.digest })
  store.close()
  const key = ['--key', keyPath, ...secret]
  const digest = String(made.json.digest)
  const checked = await custodyJson(['store', 'check', at('store.age'), '--digest', digest, ...key])
  expect(checked).toMatchObject({ exit: 0, json: { digest } })
  const restored = await custodyJson(['store', 'restore', at('store.age'), '--store', at('new'), ...key])
  expect(restored).toMatchObject({ exit: 0, json: { digest } })
  expect(existsSync(at('new/store.db'))).toBe(true)
  // A second time there is a store.
  const again = await custodyJson(['store', 'restore', at('store.age'), '--store', at('new'), ...key])
  expect(again).toMatchObject({ exit: 2, json: { code: 'FOLDER-IN-USE' } })
})

test('STORE-BACKUP-KEY, STORE-ABSENT, STORE-LOCKED, CARD-KIND refused by name', async () => {
  const hal = await enrolled(dir, 'holder', 'hal')
  const mei = await enrolled(dir, 'holder', 'mei')
  const omar = await enrolled(dir, 'officer', 'omar')
  const backup = (store: string, to: string) =>
    custodyJson(['store', 'backup', '--store', store, '--out', at('store.age'), '--to', to])
  expect(await backup(at('nowhere'), hal.cardPath)).toMatchObject({ exit: 2, json: { code: 'STORE-ABSENT' } })
  expect(await backup(at('store'), omar.cardPath)).toMatchObject({ exit: 2, json: { code: 'CARD-KIND' } })
  const window = new Store(at('store'))
  expect(await backup(at('store'), hal.cardPath)).toMatchObject({ exit: 3, json: { code: 'STORE-LOCKED' } })
  window.close()
  expect(await backup(at('store'), hal.cardPath)).toMatchObject({ exit: 0 })
  for (const { keyPath } of [mei, omar]) {
    const checked = await custodyJson(['store', 'check', at('store.age'), '--key', keyPath, ...secret])
    expect(checked).toMatchObject({ exit: 1, json: { code: 'STORE-BACKUP-KEY' } })
  }
})

test('DISK-FULL on the medium: nothing of the backup is left, and the store has no copy in it', async () => {
  const { cardPath } = await enrolled(dir, 'holder', 'hal')
  const folder = at('store/ceremonies/one')
  mkdirSync(folder, { recursive: true })
  // A run whose log is small beside its envelopes: the limit is met while the medium is written.
  const { RunDatabase } = await import('../../src/core/store/run-database.ts')
  new RunDatabase(join(folder, 'ceremony.db')).close()
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), Buffer.alloc(90_000))
  const args = ['store', 'backup', '--store', at('store'), '--out', at('store.age'), '--to', cardPath]
  // 200 blocks of 512 bytes.
  const limited = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -f 200; exec "$0" "$@"', ...custodyCommand, '--json', ...args],
    { encoding: 'utf8' },
  )
  expect([limited.status, JSON.parse(limited.stdout)]).toMatchObject([3, { code: 'DISK-FULL' }])
  expect(readdirSync(dir).filter((name) => name.startsWith('store.age'))).toEqual([])
  expect(readdirSync(at('store')).filter((name) => name.startsWith('.backup-'))).toEqual([])
})
