import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lockPath, lockShare } from '../../src/cli/holder/share-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('FILE-UNREADABLE a lock that is no database is named, with what to do', () => {
  const share = join(folder, 'share-1.sealed')
  writeFileSync(lockPath(share), 'something else wrote here, and it is no database\n'.repeat(30))
  expect(() => lockShare(share)).toThrow(
    expect.objectContaining({
      name: 'ExpectedError',
      code: 'FILE-UNREADABLE',
      detail: `${lockPath(share)}: SQLITE_NOTADB`,
      remedy: expect.stringContaining('remove it'),
    }),
  )
})
