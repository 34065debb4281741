import { Command } from 'commander'
import { expect, test } from 'vitest'
import { guardOptions, severalOf } from '../../../src/cli/shell/command-line.ts'

type Given = { partials: string[]; public?: string; ciphertext?: string[] }

/** What a command with an option that takes several values is given by these words. */
async function given(words: string): Promise<Given> {
  const program = new Command('custody').exitOverride().configureOutput({ writeErr: () => undefined })
  let taken: Given | null = null
  program
    .command('combine')
    .argument('<partial...>')
    .option('--public <file>', 'the public file')
    .option('--ciphertext <file>', 'in their order', severalOf)
    .action((partials: string[], options: Omit<Given, 'partials'>) => {
      taken = { partials, ...options }
    })
  guardOptions(program)
  await program.parseAsync(['node', 'custody', 'combine', ...words.split(' ')])
  if (taken === null) throw new Error('the command did not run')
  return taken
}

test.each([
  '--public P --ciphertext C a b',
  'a b --public P --ciphertext C',
  'a --ciphertext C b --public P',
  '--ciphertext=C a b --public=P',
])('an option swallows nothing that follows its value: %s', async (words) => {
  expect(await given(words)).toEqual({ partials: ['a', 'b'], public: 'P', ciphertext: ['C'] })
})

test('an option that takes several values is repeated, in order', async () => {
  expect(await given('a --ciphertext C --public P --ciphertext D')).toMatchObject({ ciphertext: ['C', 'D'] })
})

test.each([
  'a --public --ciphertext C',
  'a --public=--ciphertext',
  'a --ciphertext C --ciphertext --public P',
])('USAGE a value that was left out is named: %s', async (words) => {
  const [, option, next] = /(--[a-z]+)[ =](--[a-z]+)/.exec(words) ?? []
  await expect(given(words)).rejects.toMatchObject({
    code: 'USAGE',
    detail: expect.stringContaining(`${option} has no value: ${next} follows it;`),
  })
})
