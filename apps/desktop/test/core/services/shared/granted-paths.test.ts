import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ExpectedError } from '@lux/node-files'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { GrantedPaths, mustBeNewIn } from '../../../../src/core/services/shared/granted-paths.ts'

let home: string
let paths: GrantedPaths
const at = (name: string): string => join(home, name)

beforeEach(() => {
  home = mkdtempSync(join(realpathSync(tmpdir()), 'paths-'))
  mkdirSync(at('store/inside'), { recursive: true })
  mkdirSync(at('medium'))
  writeFileSync(at('card.json'), '{}')
  paths = new GrantedPaths(at('store'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'taken'
  } catch (error) {
    return error instanceof ExpectedError ? error.code : String(error)
  }
}

test('SHELL-PATHS a path that nobody chose is refused for reading, for writing and as a folder', () => {
  expect(codeOf(() => paths.read(at('card.json')))).toBe('SHELL-PATHS')
  expect(codeOf(() => paths.write(at('new.json')))).toBe('SHELL-PATHS')
  expect(codeOf(() => paths.folder(at('medium')))).toBe('SHELL-PATHS')
})

test('SHELL-PATHS a refusal does not tell whether there is such a file', () => {
  const detailOf = (path: string): string => {
    try {
      return paths.read(path)
    } catch (error) {
      return error instanceof ExpectedError ? error.detail : ''
    }
  }
  expect(detailOf(at('card.json'))).toBe(detailOf(at('not-there.json')))
})

test('SHELL-PATHS a chosen file is read again and again, and only read', () => {
  paths.take({ use: 'read', path: at('card.json') })
  expect(paths.read(at('card.json'))).toBe(at('card.json'))
  expect(paths.read(at('card.json'))).toBe(at('card.json'))
  expect(codeOf(() => paths.write(at('card.json')))).toBe('SHELL-PATHS')
  expect(codeOf(() => paths.folder(at('card.json')))).toBe('SHELL-PATHS')
})

test.each(['write', 'folder'] as const)('SHELL-PATHS a choice to %s is for one use', (use) => {
  const path = use === 'write' ? at('medium/report.json') : at('medium')
  paths.take({ use, path })
  expect(paths[use](path)).toBe(path)
  expect(codeOf(() => paths[use](path))).toBe('SHELL-PATHS')
})

test('SHELL-PATHS another way of writing a chosen path was not chosen', () => {
  paths.take({ use: 'read', path: at('card.json') })
  symlinkSync(home, at('alias'))
  expect(codeOf(() => paths.read(`${home}/medium/../card.json`))).toBe('SHELL-PATHS')
  expect(codeOf(() => paths.read(at('alias/card.json')))).toBe('SHELL-PATHS')
})

test('SHELL-PATHS a link that was turned elsewhere after it was chosen is refused', () => {
  writeFileSync(at('other.json'), '{}')
  symlinkSync(at('card.json'), at('link.json'))
  paths.take({ use: 'read', path: at('link.json') })
  expect(paths.read(at('link.json'))).toBe(at('link.json'))
  rmSync(at('link.json'))
  symlinkSync(at('other.json'), at('link.json'))
  expect(codeOf(() => paths.read(at('link.json')))).toBe('SHELL-PATHS')
})

test('FOLDER-IN-USE nothing is written into the store, by whatever name it is chosen', () => {
  symlinkSync(at('store'), at('innocent'))
  for (const path of [at('store'), at('store/inside'), at('innocent')]) {
    paths.take({ use: 'folder', path })
    expect([path, codeOf(() => paths.folder(path))]).toEqual([path, 'FOLDER-IN-USE'])
  }
  paths.take({ use: 'write', path: at('innocent/store.db') })
  expect(codeOf(() => paths.write(at('innocent/store.db')))).toBe('FOLDER-IN-USE')
})

test('SHELL-PATHS FILE-MISSING FOLDER-MISSING a choice that is relative or leads nowhere grants nothing, and what is not there is called so', () => {
  paths.take({ use: 'read', path: 'card.json' })
  expect(codeOf(() => paths.read('card.json'))).toBe('SHELL-PATHS')
  paths.take({ use: 'read', path: at('not-there.json') })
  expect(codeOf(() => paths.read(at('not-there.json')))).toBe('FILE-MISSING')
  paths.take({ use: 'write', path: at('no-folder/new.json') })
  expect(codeOf(() => paths.write(at('no-folder/new.json')))).toBe('FOLDER-MISSING')
  // What comes to lie there later was not chosen.
  writeFileSync(at('not-there.json'), '{}')
  expect(codeOf(() => paths.read(at('not-there.json')))).toBe('SHELL-PATHS')
})

test('SHELL-PATHS of many choices the oldest are forgotten', () => {
  for (let index = 0; index <= 256; index++) {
    writeFileSync(at(`file-${index}`), '')
    paths.take({ use: 'read', path: at(`file-${index}`) })
  }
  expect(codeOf(() => paths.read(at('file-0')))).toBe('SHELL-PATHS')
  expect(codeOf(() => paths.read(at('file-1')))).toBe('taken')
})

test('FILE-EXISTS an export overwrites nothing in the chosen folder', () => {
  writeFileSync(at('medium/bundle.zip'), '')
  expect(codeOf(() => mustBeNewIn(at('medium/bundle.zip')))).toBe('FILE-EXISTS')
  expect(codeOf(() => mustBeNewIn(at('medium/other.zip')))).toBe('taken')
})
