import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { commands } from '../../../src/cli/custody.ts'

/** What help says of a command, its remarks and examples too. */
function helpOf(command: Command): string {
  let said = ''
  command.configureOutput({ writeOut: (text) => (said += text), writeErr: () => undefined })
  command.outputHelp()
  return said
}

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)]

/** Each example of the help, as one line: `$ custody …`, with what is broken over lines joined. */
function examplesOf(help: string): string[] {
  const joined = help.replaceAll(/\\\n\s*/g, '')
  return [...joined.matchAll(/^\s+\$ (custody .*)$/gm)].map(([, line = '']) => line)
}

/** The words of one command of a line, as a shell splits them; what is piped, redirected or run after it is another program's. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  for (let at = 0, quote = ''; at < line.length; at += 1) {
    const letter = line[at] ?? ''
    if (quote !== '') {
      if (letter === quote) quote = ''
      else word = (word ?? '') + letter
    } else if (letter === "'" || letter === '"') {
      quote = letter
      word ??= ''
    } else if (/[|>&;#]/.test(letter) && word === null) break
    else if (letter === ' ') {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + letter
  }
  return word === null ? words : [...words, word]
}

const examples = [...new Set(all(commands(async () => undefined)).flatMap((one) => examplesOf(helpOf(one))))]

test('HELP-EXAMPLES most commands have examples', () => {
  expect(examples.length).toBeGreaterThan(60)
})

const guide = ['open-a-result', 'new-epoch', 'production-commands', 'run-commands']
  .map((name) => readFileSync(new URL(`../../../../../docs/guide/${name}.md`, import.meta.url), 'utf8'))
  .join('\n')
/** Those of the guides that leave nothing out: in their blocks and tables. */
const guided = [
  ...[...guide.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.replaceAll(/\\\n\s*/g, '').split('\n'),
  ),
  ...[...guide.matchAll(/`(custody [a-z]+ [^`]*--[^`]*)`/g)].map(([, line = '']) => line),
]
  .filter((line) => line.startsWith('custody ') && !/ … | …$/.test(line))
  .map((line) => line.replaceAll(/\$\(printf ' (--person) %s' (\S+)\)/g, '$1 $2'))

test('HELP-EXAMPLES the guides of runs, openings and moves have their commands whole', () => {
  expect(guided.length).toBeGreaterThan(15)
})

test.each([...examples, ...guided])(
  'HELP-EXAMPLES %s is taken by its command, with every option that it wants',
  async (line) => {
    let ran = 0
    const program = commands(async () => {
      ran += 1
    })
    for (const one of all(program))
      one.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    const words = wordsOf(line).slice(1)
    const asksHelp = words[0] === 'help'
    await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
      if (!asksHelp) throw error
    })
    expect(ran).toBe(asksHelp ? 0 : 1)
  },
)
