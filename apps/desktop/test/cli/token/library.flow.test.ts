import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findSoftTokenLibrary, softTokenEnvironment } from '@lux/hsm'
import { afterAll, describe, expect, test } from 'vitest'
import { custodyProcess, temporaryFolder } from '../support/custody.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('HSM-LIBRARY-INVALID a library that the system does not load is not said to have been looked at only', async () => {
  const library = join(folder, 'unresolved.so')
  const source = 'extern int nowhere(void); int C_GetFunctionList(void *out) { return nowhere(); }'
  execFileSync('gcc', ['-shared', '-fPIC', '-Wl,-z,now', '-x', 'c', '-o', library, '-'], { input: source })
  const { exit, stderr } = await custodyProcess(['token', 'list', '--library', library])
  expect([exit, stderr]).toEqual([3, expect.stringContaining('HSM-LIBRARY-INVALID')])
  expect(stderr).toContain('nowhere')
  expect(stderr).toContain('or the system would not load it')
}, 60_000)

describe('a library under a name that no profile knows', () => {
  test('is told which variables of known libraries are set and were not passed to it', async () => {
    const { environment } = softTokenEnvironment(join(folder, 'store'))
    const named = findSoftTokenLibrary() ?? ''
    const renamed = join(folder, 'renamed.so')
    copyFileSync(named, renamed)
    const conf = environment.SOFTHSM2_CONF ?? ''
    const list = (path: string) =>
      custodyProcess(['token', 'list', '--library', path], undefined, { SOFTHSM2_CONF: conf })
    const [unknown, known] = await Promise.all([list(renamed), list(named)])
    expect(unknown.stderr).toContain('SOFTHSM2_CONF')
    expect(unknown.stderr).toContain('renamed.so')
    expect(unknown.stderr).not.toContain(conf)
    expect(known.stderr).toBe('')
  }, 60_000)
})
