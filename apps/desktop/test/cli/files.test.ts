import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mustHaveRoom } from '../../src/cli/files.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('FILE-EXISTS looking for room writes over nothing of somebody else’s, and leaves nothing', () => {
  const out = join(folder, 'answer.json')
  writeFileSync(`${out}.part`, 'not ours')
  expect(() => mustHaveRoom(out, 8)).toThrow(expect.objectContaining({ code: 'FILE-EXISTS' }))
  expect(readFileSync(`${out}.part`, 'utf8')).toBe('not ours')
  rmSync(`${out}.part`)
  mustHaveRoom(out, 8)
  expect([out, `${out}.part`].filter((path) => existsSync(path))).toEqual([])
})
