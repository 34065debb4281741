import child from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { toWords } from '@lux/crypto'
import { seedWithChecksum } from '@lux/crypto/fhe'
import { Command } from 'commander'
import { expect, onTestFinished, test, vi } from 'vitest'
import { registerFheKeygen } from '../../src/cli/fhe/keygen.ts'
import type { CommandLine } from '../../src/cli/shell/command-line.ts'
import type { KeyChildRequest } from '../../src/core/key-child/index.ts'
import { temporaryFolder } from './support/custody.ts'

/** Key children are started as ever, and killed as soon as they are asked; `seen` looks at what they are asked. */
function killOnceAsked(seen: (request: KeyChildRequest) => void): void {
  const fork = child.fork
  const started = vi.spyOn(child, 'fork').mockImplementation((entry, args, options) => {
    const made = fork(entry, args as string[], options)
    return Object.assign(made, {
      send: (request: KeyChildRequest) => {
        seen(request)
        return made.kill('SIGKILL')
      },
    })
  })
  syncBuiltinESMExports()
  onTestFinished(() => {
    started.mockRestore()
    syncBuiltinESMExports()
  })
}

test('the seed of a sheet is wiped once the process that restores the key has failed', async () => {
  const folder = temporaryFolder()
  const seed = new Uint8Array(16).fill(0x5e)
  const words = join(folder, 'words.txt')
  writeFileSync(words, toWords(seedWithChecksum(seed)).join(' '), { mode: 0o600 })
  let given: Uint8Array | undefined
  let then: Uint8Array | undefined
  killOnceAsked((request) => {
    if (request.do === 'keygen') given = request.params.restore?.seed
    then = given?.slice()
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
  await expect(done).rejects.toMatchObject({ code: 'KEY-CHILD-CRASHED' })
  expect(then).toEqual(seed)
  expect(given).toEqual(new Uint8Array(16))
})
