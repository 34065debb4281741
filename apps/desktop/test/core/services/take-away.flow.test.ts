import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findProgram } from '../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../support/core-in-test.ts'

const history = join(import.meta.dirname, '../../../../../packages/ceremony/history/0.1.0')
const folder = mkdtempSync(join(tmpdir(), 'lux-taken-'))
let core: CoreInTest

beforeAll(async () => {
  core = await startCore(join(folder, 'store'), findProgram())
})
afterAll(async () => {
  await core.stop()
  rmSync(folder, { recursive: true })
})

/** A folder as it left the room, then what `change` made of it. */
function taken(name: string, change: (path: string) => void = () => undefined): string {
  const path = join(folder, name)
  mkdirSync(path)
  cpSync(join(history, 'bundle.zip'), join(path, 'bundle.zip'))
  writeFileSync(join(path, 'verdict.pdf'), '%PDF-1.4')
  const sums = ['bundle.zip', 'verdict.pdf'].map(
    (file) =>
      `${createHash('sha256')
        .update(readFileSync(join(path, file)))
        .digest('hex')}  ${file}\n`,
  )
  writeFileSync(join(path, 'SHA256SUMS'), sums.join(''))
  change(path)
  core.grant({ use: 'read', path })
  return path
}

const judged = (path: string) => core.call('bundles.verify', { path })

test('TAKEN-AWAY a folder that left the room is verified as it is dropped: its bundle, and each file by its checksum', async () => {
  expect(await judged(taken('whole'))).toMatchObject({
    ok: true,
    value: {
      verdict: 'consistent',
      path: join(folder, 'whole/bundle.zip'),
      taken: [
        { name: 'bundle.zip', state: 'same' },
        { name: 'verdict.pdf', state: 'same' },
      ],
    },
  })
})

test('TAKEN-AWAY what was changed, taken out, put in or turned into a link is named', async () => {
  const path = taken('changed', (inside) => {
    writeFileSync(join(inside, 'verdict.pdf'), '%PDF-1.5')
    writeFileSync(join(inside, 'other.txt'), 'x')
    rmSync(join(inside, 'bundle.zip'))
    symlinkSync(join(history, 'bundle.zip'), join(inside, 'bundle.zip'))
  })
  expect(await judged(path)).toMatchObject({
    ok: true,
    value: {
      taken: [
        { name: 'bundle.zip', state: 'missing' },
        { name: 'verdict.pdf', state: 'changed' },
        { name: 'other.txt', state: 'added' },
      ],
    },
  })
})

test.each([
  ['a list that leads out of the folder', `${'0'.repeat(64)}  ../../etc/passwd\n`],
  ['a list that is none', 'hello\n'],
])('TAKEN-AWAY %s is refused', async (what, text) => {
  const path = taken(what.replaceAll(' ', '-'), (inside) => writeFileSync(join(inside, 'SHA256SUMS'), text))
  expect(await judged(path)).toMatchObject({ ok: false, error: { code: 'FILE-DAMAGED' } })
})

test('TAKEN-AWAY a folder without checksums or without a bundle is refused, and one that nobody dropped', async () => {
  const bare = taken('bare', (inside) => rmSync(join(inside, 'SHA256SUMS')))
  expect(await judged(bare)).toMatchObject({ ok: false, error: { code: 'FILE-MISSING' } })
  const empty = taken('empty', (inside) => rmSync(join(inside, 'bundle.zip')))
  expect(await judged(empty)).toMatchObject({ ok: false, error: { code: 'FILE-MISSING' } })
  mkdirSync(join(folder, 'foreign'))
  expect(await judged(join(folder, 'foreign'))).toMatchObject({ ok: false, error: { code: 'SHELL-PATHS' } })
})
