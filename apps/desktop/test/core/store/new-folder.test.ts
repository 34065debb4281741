import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256Hex, utf8 } from '@lux/crypto'
import { checkEmpty, ExpectedError, inNewFolder, makeFolder, mustHaveParent } from '@lux/node-files'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inKeyFolder } from '../../../src/cli/fhe/key-child.ts'
import { copyToMedium, writeMedium } from '../../../src/core/runs/effects/sealing/bundle.ts'

let home: string
const at = (name: string): string => join(home, name)
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'new-folder-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'made'
  } catch (error) {
    return error instanceof ExpectedError ? error.code : String(error)
  }
}
const failing = (path: string, keeps: () => boolean): Promise<unknown> =>
  inNewFolder(path, keeps, () => {
    writeFileSync(join(path, 'half'), 'x')
    throw new Error('no')
  }).catch((error: Error) => error.message)

test('every missing folder is made, for its owner alone, and named the outermost first', () => {
  expect(makeFolder(at('a/b/c'))).toEqual([at('a'), at('a/b'), at('a/b/c')])
  expect(statSync(at('a/b')).mode & 0o777).toBe(0o700)
  expect(makeFolder(at('a/b/c'))).toEqual([])
})

test('every missing folder is made with the mode that was asked, and one that is there is left alone', () => {
  makeFolder(at('a/b'), 0o711)
  for (const made of ['a', 'a/b']) expect(statSync(at(made)).mode & 0o777).toBe(0o711)
  makeFolder(at('a/b'), 0o700)
  expect(statSync(at('a/b')).mode & 0o777).toBe(0o711)
})

test('FOLDER-READ-ONLY a file system that takes no folder is an answer at once, and never a hanging program', () => {
  for (const place of ['/proc/lux/run', '/proc/self/fd/x/y'])
    expect(codeOf(() => makeFolder(place))).toBe('FOLDER-READ-ONLY')
})

test('FILE-WRONG-KIND a file is no folder, and nothing lies below one', () => {
  writeFileSync(at('file'), '')
  expect(codeOf(() => makeFolder(at('file')))).toBe('FILE-WRONG-KIND')
  for (const below of ['file/below', 'file/below/that'])
    expect(codeOf(() => makeFolder(at(below)))).toBe('FILE-WRONG-KIND')
})

test('FOLDER-IN-USE a folder that holds something is not taken', () => {
  checkEmpty(at('absent'))
  mkdirSync(at('empty'))
  checkEmpty(at('empty'))
  writeFileSync(at('empty/one'), '')
  expect(codeOf(() => checkEmpty(at('empty')))).toBe('FOLDER-IN-USE')
})

test('work that failed leaves no folder that was made for it', async () => {
  expect(await failing(at('a/b/c'), () => false)).toBe('no')
  expect(existsSync(at('a'))).toBe(false)
})

test('work that failed leaves a folder that was there, empty as it was', async () => {
  mkdirSync(at('mine'))
  expect(await failing(at('mine/new'), () => false)).toBe('no')
  expect(readdirSync(home)).toEqual(['mine'])
  expect(await failing(at('mine'), () => false)).toBe('no')
  expect(readdirSync(at('mine'))).toEqual([])
})

test('what has to be kept is kept although the work failed', async () => {
  expect(await failing(at('run'), () => existsSync(at('run/half')))).toBe('no')
  expect(readdirSync(at('run'))).toEqual(['half'])
})

test.each(['absent', 'empty'])(
  'FOLDER-IN-USE of two commands at once on a folder that is %s the second is refused and removes nothing',
  async (kind) => {
    if (kind === 'empty') mkdirSync(at('run'))
    const { promise: go, resolve } = Promise.withResolvers<void>()
    const first = inNewFolder(
      at('run'),
      () => true,
      async () => {
        await go
        writeFileSync(at('run/ceremony.db'), 'first')
      },
    )
    const second = inNewFolder(
      at('run'),
      () => false,
      async () => {
        resolve()
        await first
        throw new Error('lost')
      },
    ).catch((error: unknown) => error)
    void second.then(() => resolve())
    expect(await second).toMatchObject({ code: 'FOLDER-IN-USE' })
    await first
    expect(readdirSync(at('run'))).toEqual(['ceremony.db'])
  },
)

test('FOLDER-IN-USE a command that fails removes nothing of a folder that is no longer its own', async () => {
  const refused = await inNewFolder(
    at('run'),
    () => false,
    () => {
      // As though the folder had been removed by hand and filled by another command meanwhile.
      rmSync(at('run'), { recursive: true })
      mkdirSync(at('run'))
      writeFileSync(at('run/ceremony.db'), 'other')
      throw new ExpectedError('STORE-LOCKED', 'no')
    },
  ).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'STORE-LOCKED' })
  expect(readdirSync(at('run'))).toEqual(['ceremony.db'])
})

test('FOLDER-READ-ONLY a bundle is exported to no place that takes no folder, and the program does not hang', async () => {
  writeFileSync(at('bundle.zip'), 'x')
  const left = await copyToMedium(at('bundle.zip'), '/proc/x/y/bundle.zip').catch((error: unknown) => error)
  expect(left instanceof ExpectedError ? left.code : left).toBe('FOLDER-READ-ONLY')
})

test('FOLDER-IN-USE a claim is given back once what is there is to be kept', async () => {
  const path = at('run')
  await inNewFolder(
    path,
    () => true,
    (kept) => {
      expect(codeOf(() => checkEmpty(path))).toBe('FOLDER-IN-USE')
      writeFileSync(join(path, 'ceremony.db'), 'x')
      kept()
      expect(readdirSync(path)).toEqual(['ceremony.db'])
      kept()
    },
  )
  expect(readdirSync(path)).toEqual(['ceremony.db'])
})

test('FOLDER-IN-USE whoever gave the claim back cleans nothing up, for another may be there', async () => {
  const path = at('kept')
  const failed = inNewFolder(
    path,
    () => false,
    (kept) => {
      kept()
      writeFileSync(join(path, 'of-another'), 'x')
      throw new Error('no')
    },
  )
  await expect(failed).rejects.toThrow('no')
  expect(readdirSync(path)).toEqual(['of-another'])
})

test('FOLDER-MISSING an output folder is made in one that is there, and nothing above it', async () => {
  writeFileSync(at('file'), '')
  expect(codeOf(() => mustHaveParent(at('run')))).toBe('made')
  for (const path of [at('usb/run'), at('file/run')]) {
    expect(codeOf(() => mustHaveParent(path))).toBe('FOLDER-MISSING')
    await expect(inKeyFolder(path, () => 'filled')).rejects.toMatchObject({ code: 'FOLDER-MISSING' })
  }
  expect(readdirSync(home)).toEqual(['file'])
})

test('FOLDER-MISSING a bundle goes to no medium that is not there; the run’s own folder for it is made', async () => {
  mkdirSync(at('run'))
  writeFileSync(at('run/bundle.zip'), 'bundle')
  const backups: { key: string; medium: string }[] = []
  const to = (medium: string) =>
    writeMedium(
      { kind: 'write-medium', digest: 'aa'.repeat(32), sha256: 'bb'.repeat(32) } as never,
      {
        folder: { path: at('run'), state: { ceremonyId: 'cc'.repeat(16), backups } },
        medium: () => medium,
        progress: () => undefined,
        signal: AbortSignal.timeout(60_000),
      } as never,
    )
  await expect(to(at('usb'))).rejects.toMatchObject({ code: 'FOLDER-MISSING' })
  expect(existsSync(at('usb'))).toBe(false)
  await to(at('run/medium'))
  expect(readdirSync(at('run/medium'))).toEqual([`bundle-${'aa'.repeat(8)}.zip`])

  // The sealed medium of a backup goes with it, and is read back.
  mkdirSync(at('run/backup'))
  writeFileSync(at('run/backup/root-kek.medium'), 'sealed')
  backups.push({ key: 'root-kek', medium: sha256Hex(utf8('sealed')) })
  await to(at('run/medium'))
  const copy = at(`run/medium/${'cc'.repeat(8)}-root-kek.medium`)
  expect(readFileSync(copy, 'utf8')).toBe('sealed')
  writeFileSync(at('run/backup/root-kek.medium'), 'changed')
  await expect(to(at('run/medium'))).rejects.toMatchObject({ code: 'BACKUP-MEDIUM-OTHER' })
})
