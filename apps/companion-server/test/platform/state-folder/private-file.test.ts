import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mustBeNew, writeNew, writeWhole } from '../../../src/platform/state-folder/private-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-file-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a file is replaced as a whole, with the mode that was asked for, and nothing is left beside it', async () => {
  const path = join(folder, 'card.json')
  await writeWhole(path, 'first')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await writeWhole(path, 'second')
  expect(readFileSync(path, 'utf8')).toBe('second')
  expect(readdirSync(folder)).toEqual(['card.json'])
})

test('a file that cannot take its place leaves nothing of what was written', async () => {
  mkdirSync(join(folder, 'taken'))
  await expect(writeWhole(join(folder, 'taken'), 'bytes')).rejects.toMatchObject({ code: 'EISDIR' })
  expect(readdirSync(folder)).toEqual(['taken'])
})

test('FOLDER-MISSING a folder that is not there is named, and not made', async () => {
  await expect(writeWhole(join(folder, 'none/card.json'), '')).rejects.toMatchObject({
    code: 'FOLDER-MISSING',
    message: `${join(folder, 'none')} is not there`,
  })
  expect(readdirSync(folder)).toEqual([])
})

test('FILE-EXISTS a new file is written over nothing, a link that leads nowhere included', async () => {
  const [file, link] = [join(folder, 'there'), join(folder, 'link')]
  await writeNew(file, 'first', 0o644)
  symlinkSync(join(folder, 'nowhere'), link)
  for (const path of [file, link])
    await expect(writeNew(path, 'second', 0o644)).rejects.toMatchObject({ code: 'FILE-EXISTS' })
  expect(readFileSync(file, 'utf8')).toBe('first')
  await expect(mustBeNew(join(folder, 'none/new'))).rejects.toMatchObject({ code: 'FOLDER-MISSING' })
  await expect(mustBeNew(join(file, 'new'))).rejects.toMatchObject({ code: 'FOLDER-MISSING' })
})
