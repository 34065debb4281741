import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../../src/main/make-folder.ts'

test('FOLDER-READ-ONLY a store where no folder can be made is named at once, and the program does not hang', () => {
  expect(makeFolder('/proc/x/window')).toBe('/proc/x: no folder can be made here')
})

test('FOLDER-READ-ONLY the window’s own folder is made for its user alone, and used again', () => {
  const home = mkdtempSync(join(tmpdir(), 'profile-'))
  const profile = join(home, 'store', 'window')
  expect([makeFolder(profile), makeFolder(profile)]).toEqual([null, null])
  expect(existsSync(profile) && statSync(profile).mode & 0o777).toBe(0o700)
  rmSync(home, { recursive: true, force: true })
})
