import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mustBeNew, mustHaveRoom, writeNew } from '../../../src/cli/shell/files.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('FILE-EXISTS looking for room passes by what a killed command left, writes over nothing, and leaves nothing', () => {
  const out = join(folder, 'answer.json')
  writeFileSync(`${out}.part`, 'not ours')
  mustHaveRoom(out, 8)
  expect(readdirSync(folder)).toEqual(['answer.json.part'])
  expect(readFileSync(`${out}.part`, 'utf8')).toBe('not ours')
  writeFileSync(out, 'there')
  expect(() => mustHaveRoom(out, 8)).toThrow(expect.objectContaining({ code: 'FILE-EXISTS' }))
})

test('FOLDER-MISSING a file is written into no folder that is not there, and none is made for it', () => {
  const key = join(folder, 'no-stick', 'q.key')
  for (const refused of [
    () => mustBeNew(key),
    () => mustHaveRoom(key, 8),
    () => writeNew(key, new Uint8Array(8)),
    () => mustBeNew(join(folder, 'answer.json', 'q.key')),
  ])
    expect(refused).toThrow(expect.objectContaining({ code: 'FOLDER-MISSING' }))
  expect(readdirSync(folder)).not.toContain('no-stick')
})
