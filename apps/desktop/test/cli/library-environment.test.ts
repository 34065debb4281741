import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findSoftTokenLibrary, softTokenEnvironment } from '@lux/hsm'
import { afterAll, describe, expect, test } from 'vitest'
import { custody, temporaryFolder } from './support/custody.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a library under a name that no profile knows', () => {
  test('is told which variables of known libraries are set and were not passed to it', async () => {
    const { environment } = softTokenEnvironment(join(folder, 'store'))
    const named = findSoftTokenLibrary() ?? ''
    const renamed = join(folder, 'renamed.so')
    copyFileSync(named, renamed)
    const conf = environment.SOFTHSM2_CONF ?? ''
    const list = (path: string) =>
      custody(['token', 'list', '--library', path], undefined, { SOFTHSM2_CONF: conf })
    const [unknown, known] = await Promise.all([list(renamed), list(named)])
    expect(unknown.stderr).toContain('SOFTHSM2_CONF')
    expect(unknown.stderr).toContain('renamed.so')
    expect(unknown.stderr).not.toContain(conf)
    expect(known.stderr).toBe('')
  }, 40_000)
})
