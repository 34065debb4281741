import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { strongPassphrase as passphrase } from '../../../../../packages/crypto/test/strong-passphrase.ts'
import type { Result, RunView } from '../../../src/contract/index.ts'
import { findProgram } from '../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../support/core-in-test.ts'

let dir: string
let core: CoreInTest
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'store-backups-'))
  core = await startCore(dir, findProgram())
})
afterEach(async () => {
  await core.stop()
  rmSync(dir, { recursive: true, force: true })
})

const codeOf = (result: Result<unknown>) => (result.ok ? 'done' : result.error.code)

test('STORE-BACKUP from the window: only where a person chose, never in the middle of a ceremony; what was paused is in it and goes on', async () => {
  const path = join(dir, 'store.age')
  const backUp = (phrase = passphrase) => core.call('store.backup', { path, passphrase: phrase })
  const grant = () => core.grant({ use: 'write', path })
  expect(codeOf(await backUp())).toBe('SHELL-PATHS')
  const begun = await core.call('ceremonies.startRehearsal', { script: 'root-kek', values: {} })
  if (!begun.ok) throw new Error(begun.error.code)
  const { id } = begun.value as { id: string }
  grant()
  expect(codeOf(await backUp())).toBe('STORE-BUSY')
  const view = await core.call('ceremonies.view', { id })
  if (!view.ok) throw new Error(view.error.code)
  const by = (view.value as RunView).people[0]?.name
  expect(codeOf(await core.call('ceremonies.pause', { id, by }))).toBe('done')
  expect(codeOf(await backUp('password'))).toBe('PASSWORD-WEAK')
  expect(await backUp()).toMatchObject({ ok: true, value: { backup: { path, runs: 1 }, elsewhere: [] } })
  expect(await core.call('ceremonies.view', { id })).toMatchObject({ ok: true, value: { state: 'paused' } })

  core.grant({ use: 'read', path })
  expect(await core.call('store.check', { path, passphrase })).toMatchObject({
    ok: true,
    value: { backup: { runs: 1 } },
  })
  expect(codeOf(await core.call('store.check', { path, passphrase: 'another one' }))).toBe('STORE-BACKUP-KEY')
  const folder = join(dir, 'new')
  mkdirSync(folder)
  core.grant({ use: 'folder', path: folder })
  expect(codeOf(await core.call('store.restore', { path, passphrase, folder }))).toBe('done')
  const [run = ''] = readdirSync(join(folder, 'ceremonies'))
  expect(existsSync(join(folder, 'ceremonies', run, 'ceremony.db'))).toBe(true)
}, 120_000)
