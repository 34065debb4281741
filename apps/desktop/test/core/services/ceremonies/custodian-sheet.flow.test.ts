import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Paper, Result, RunView } from '../../../../src/contract/index.ts'
import { findProgram } from '../../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../../support/core-in-test.ts'
import { LedRun } from '../../support/lead-window.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let folder: string
let core: CoreInTest
let led: LedRun

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custodian-sheet-'))
  core = await startCore(folder, findProgram())
  led = await LedRun.rehearse(core, 'root-backup')
  await led.lead(({ current }) => missing(current) !== null)
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Custodians who have not proved their shares; null where the run waits for none. */
function missing(current: RunView['current']): string[] | null {
  for (const need of current?.needs ?? [])
    if (need.need === 'sign' && need.what === 'custodian-acknowledgement')
      return need.signers.filter(({ signed }) => !signed).map(({ name }) => name)
  return null
}

const of = (name: string) => ({ id: led.id, name, key: null, passphrase: '' })
const print = (name: string, out: string | null = null) =>
  core.call('ceremonies.printShare', { ...of(name), out, language: 'en' })
const prove = (name: string, words: string) => core.call('ceremonies.proveShare', { ...of(name), words })
const codeOf = (result: Result<unknown>) => (result.ok ? null : result.error)

function wordsOn(paper: Paper | undefined): string {
  const block = paper?.blocks.find(({ kind }) => kind === 'words')
  return block?.kind === 'words' ? block.words.join(' ') : ''
}

/** Everything that lies in the store and in the run's folder. */
function everything(): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path).toString('latin1'))
    .join('\n')
}

test('PRINTER-NONE and PRINTER-REFUSED lose nothing: the sheet is printed again, and main alone has its words', async () => {
  for (const code of ['PRINTER-NONE', 'PRINTER-REFUSED'] as const) {
    core.printer.end = { code, detail: '' }
    expect(codeOf(await print('Custodian One'))).toMatchObject({ code })
  }
  expect(everything()).not.toContain('Sheet of share 1')
  core.printer.end = { made: true }
  const printed = await print('Custodian One')
  expect(printed).toEqual({ ok: true, value: { made: true } })
  const [first, , last] = core.printer.asked.map(({ paper }) => paper)
  const words = wordsOn(last)
  expect(words.split(' ')).toHaveLength(33)
  expect(wordsOn(first)).toBe(words)
  expect(last?.title).toBe('Share 1 of 3 of the backup of root-kek')
  expect(last?.blocks.some(({ kind }) => kind === 'qr')).toBe(true)
  const kept = everything()
  expect(kept).toContain('Sheet of share 1 of the backup of root-kek, for Custodian One: printed')
  expect(kept).not.toContain(words.split(' ').slice(4, 8).join(' '))
  const { remarks } = await led.view()
  expect(remarks.map(({ kind, by }) => [kind, by])).toContainEqual(['note', 'Custodian One'])
})

test('a sheet is written as PDF only to a path that somebody chose', async () => {
  const out = join(folder, 'sheet.pdf')
  expect(codeOf(await print('Custodian Two', out))).toMatchObject({ code: 'SHELL-PATHS' })
  core.grant({ use: 'write', path: out })
  expect(await print('Custodian Two', out)).toEqual({ ok: true, value: { made: true } })
  expect(core.printer.asked.at(-1)?.to).toBe(out)
})

test('SHEET-PLACE no sheet is written into another store: a backup of it would hold the words', async () => {
  const other = join(folder, 'another-store')
  mkdirSync(other)
  writeFileSync(join(other, 'store.db'), '')
  const out = join(other, 'sheet.pdf')
  core.grant({ use: 'write', path: out })
  expect(codeOf(await print('Custodian Two', out))).toMatchObject({ code: 'SHEET-PLACE' })
})

test('BACKUP-CHECKSUM, BACKUP-WORD and BACKUP-SHARE-OTHER prove nothing and name the word; the words of the paper prove the share', async () => {
  await print('Custodian One')
  const words = wordsOn(core.printer.asked.at(-1)?.paper).split(' ')
  const typed = (word: string) => words.with(6, word).join(' ')
  const wrong = words[6] === 'academic' ? 'acid' : 'academic'
  const mistyped = codeOf(await prove('Custodian One', typed(wrong)))
  expect(mistyped).toMatchObject({ code: 'BACKUP-CHECKSUM', detail: expect.stringMatching(/\b7\b/) })
  const unknown = codeOf(await prove('Custodian One', typed('zzzz')))
  expect(unknown).toMatchObject({ code: 'BACKUP-WORD', detail: expect.stringMatching(/\b7\b/) })
  expect(codeOf(await prove('Custodian Two', words.join(' ')))).toMatchObject({ code: 'BACKUP-SHARE-OTHER' })
  expect(codeOf(await prove('Officer One', words.join(' ')))).toMatchObject({ code: 'SETUP-EARLY' })
  const proved = await prove('Custodian One', words.join(' ').toUpperCase())
  expect(proved.ok).toBe(true)
  expect(missing((await led.view()).current)).toEqual(['Custodian Two', 'Custodian Three'])
  expect(codeOf(await prove('Custodian One', words.join(' ')))).toMatchObject({ code: 'SUBMIT-05' })
})

test('a custodian who refuses is recorded, and the ceremony goes on only with every share proved', async () => {
  const step = (await led.view()).current?.id
  const expected = 'Custodian Three proves the share'
  const happened = 'Custodian Three refuses'
  await led.ask('ceremonies.deviate', { step, by: 'Officer One', expected, happened })
  const stopped = await led.view()
  expect(stopped.current?.blocked).toBe('exception-open')
  await led.ask('ceremonies.decide', { decision: 'continue', by: 'Administrator', reason: 'we ask again' })
  const after = await led.lead(({ current }) => missing(current) !== null)
  expect(missing(after.current)).toEqual(['Custodian Two', 'Custodian Three'])
  expect(everything()).toContain(happened)
  await led.ask('ceremonies.abort', { by: 'Administrator', reason: 'a custodian refuses' })
  expect((await led.view()).state).toBe('aborted')
})
