import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toWords } from '@lux/crypto'
import { seedWithChecksum } from '@lux/crypto/fhe'
import { Command } from 'commander'
import { afterEach, expect, test, vi } from 'vitest'
import { inChild } from '../../src/cli/fhe/key-child.ts'
import { registerFheKeygen } from '../../src/cli/fhe/keygen.ts'
import type { CommandLine } from '../../src/cli/shell/command-line.ts'
import { temporaryFolder } from './support/custody.ts'

vi.mock('../../src/cli/fhe/key-child.ts', async (original) => ({
  ...(await original<typeof import('../../src/cli/fhe/key-child.ts')>()),
  inChild: vi.fn(),
}))
afterEach(() => vi.restoreAllMocks())

test('the seed of a sheet is wiped once the process that restores the key has ended, or failed', async () => {
  const folder = temporaryFolder()
  const seed = new Uint8Array(16).fill(0x5e)
  const words = join(folder, 'words.txt')
  writeFileSync(words, toWords(seedWithChecksum(seed)).join(' '), { mode: 0o600 })
  const failed = new Error('the child has failed')
  let given: Uint8Array | undefined
  let then = new Uint8Array()
  vi.mocked(inChild).mockImplementation(async (request) => {
    if (request.do === 'keygen') given = request.params.restore?.seed
    then = given?.slice() ?? then
    throw failed
  })
  let done: Promise<unknown> = Promise.resolve()
  const act: CommandLine['act'] = (work) => {
    done = Promise.resolve(work())
    return done.then(
      () => undefined,
      () => undefined,
    )
  }
  const group = new Command('fhe')
  registerFheKeygen(group, act)
  const from = ['--restore', 'ab'.repeat(32), '--words-file', words]
  await group.parseAsync(['keygen', '--out', join(folder, 'key'), ...from], { from: 'user' })
  await expect(done).rejects.toBe(failed)
  expect(then).toEqual(seed)
  expect(given).toEqual(new Uint8Array(16))
})
