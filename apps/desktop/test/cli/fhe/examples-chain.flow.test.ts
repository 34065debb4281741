import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { custody } from '../support/custody.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fhe-examples-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The first example that help gives of a command, its files in a folder of this test. */
async function firstExample(command: string): Promise<string[]> {
  const { stdout } = await custody(['fhe', command, '--help'])
  const [, line = ''] = /^\s+\$ custody (fhe .*)$/m.exec(stdout.replaceAll(/\\\n\s*/g, '')) ?? []
  const file = /^(key|dealt)(\/|$)|\.(bin|prt)$/
  return line.split(/\s+/).map((word) => (file.test(word) ? join(folder, word) : word))
}

test('HELP-EXAMPLES the first examples of keygen, deal, encrypt, partial and combine are one chain, which runs', {
  timeout: 300_000,
}, async () => {
  for (const command of ['keygen', 'deal', 'encrypt', 'partial'])
    expect(await custody(await firstExample(command))).toMatchObject({ exit: 0 })
  // The second holder does as the first.
  const third = (await firstExample('partial')).map((word) =>
    word.replace(/holder-1\.bin$/, 'holder-3.bin').replace(/1\.prt$/, '3.prt'),
  )
  expect(await custody(third)).toMatchObject({ exit: 0 })
  const combined = await custody(await firstExample('combine'))
  const value = (await firstExample('encrypt')).at((await firstExample('encrypt')).indexOf('--value') + 1)
  expect(combined.exit).toBe(0)
  expect(combined.stdout).toMatch(new RegExp(`\\b${value}\\b`))
})
