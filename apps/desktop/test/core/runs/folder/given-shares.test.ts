import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Entry } from '@lux/ceremony'
import { expect, test } from 'vitest'
import { project } from '../../../../src/core/runs/folder/project.ts'
import type { RunFolder } from '../../../../src/core/runs/folder/run-folder.ts'

test('an aborted run forgets the shares that were given and what opens them, and keeps the copy of the medium', () => {
  const path = mkdtempSync(join(tmpdir(), 'given-shares-'))
  // Of a run's folder the projection of an abort asks the path alone, and of the entry its kind.
  const abort = () => project({ path } as RunFolder, { kind: 'run.aborted' } as Entry)
  abort()
  mkdirSync(join(path, 'backup'))
  const part = `.${'0'.repeat(16)}.part`
  const stays = ['root-kek.medium', 'share-request.json']
  const goes = ['release-1.age', 'release-12.age', `release-2.age${part}`]
  for (const name of [...stays, ...goes, 'release-key.sealed', `release-key.sealed${part}`])
    writeFileSync(join(path, 'backup', name), name)
  abort()
  expect(readdirSync(join(path, 'backup'))).toEqual(stays)
  rmSync(path, { recursive: true })
})
