import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mustHaveRoom } from '../../../src/cli/shell/files.ts'

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
