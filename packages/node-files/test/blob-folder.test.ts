import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BlobFolder, type ExpectedError } from '../src/index.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'blob-folder-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const ofAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

test('what is put is named by its SHA-256, once', () => {
  const folder = new BlobFolder(home, '.json')
  expect(folder.put(Buffer.from('abc'))).toBe(ofAbc)
  expect(folder.put(Buffer.from('abc'))).toBe(ofAbc)
  expect(readdirSync(home)).toEqual([`${ofAbc}.json`])
  expect(Buffer.from(folder.get(ofAbc)).toString()).toBe('abc')
})

test('FILE-DAMAGED bytes that are not those of their name are not given', () => {
  const folder = new BlobFolder(home)
  writeFileSync(folder.path(ofAbc), 'abd')
  expect(() => folder.get(ofAbc)).toThrow(expect.objectContaining({ code: 'FILE-DAMAGED' }) as ExpectedError)
  expect(folder.has(ofAbc)).toBe(true)
})
