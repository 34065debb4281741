import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { PaperBlock } from '../contract/index.ts'
import type { Say } from '../contract/story.ts'
import { entriesOnPaper, transcriptPaper } from '../contract/transcript-paper.ts'
import { findParts } from '../core/program.ts'
import { accountOfRun, shownEntries } from '../core/services/transcript.ts'
import { readRun } from './ceremony/session.ts'
import type { CommandLine } from './shell/command-line.ts'
import type { Outcome } from './shell/output.ts'

export function registerTranscript({ program, act }: CommandLine): void {
  program
    .command('transcript')
    .argument('<dir>', 'the run’s folder')
    .description(
      'Print what happened in a run, as the window’s printed transcript tells it. Changes nothing.',
    )
    .action((dir: string) => act(() => transcript(dir)))
    .addHelpText(
      'after',
      `
The whole transcript, entry by entry, is in DIR. Whoever was not there reads here who was present, which keys were made and how it ended.

Example:
  $ custody transcript rehearsal`,
    )
}

function transcript(dir: string): Outcome {
  const { account, entries } = readRun(resolve(dir), (folder) => ({
    account: accountOfRun(folder),
    entries: shownEntries([...folder.entries()].slice(0, entriesOnPaper)),
  }))
  const { title, blocks } = transcriptPaper(english(), 'en', account, entries)
  const text = [title, ...blocks.map(textOf)].join('\n\n')
  return { exit: 0, json: { ok: true, ...account }, text, answered: true }
}

/** A block as text; what stands in a cell ends no column and begins no row. */
export function textOf(block: PaperBlock): string {
  switch (block.kind) {
    case 'heading':
      return block.text.toUpperCase()
    case 'paragraph':
      return block.text
    case 'list':
      return block.items.map((item) => `- ${item}`).join('\n')
    case 'facts':
      return block.facts.map(({ name, value }) => `${name}: ${inOneLine(value)}`).join('\n')
    case 'table':
      return [
        block.title,
        `  ${block.columns.map(({ title }) => title).join(' | ')}`,
        ...block.rows.map((row) => `  ${row.map(cellOf).join(' | ')}`),
      ].join('\n')
    case 'words':
      return [`${block.title}: ${block.hex ?? ''}`, ...linesOf(block.words)].join('\n')
    case 'page-break':
      return ''
    default:
      throw new TypeError(`transcript: no block ${block.kind}`)
  }
}

const inOneLine = (text: string): string => text.split('\n').join('; ')

const cellOf = (text: string): string => inOneLine(text).replaceAll(/[\\|]/g, '\\$&')

/** Eight words a line. */
const linesOf = (words: readonly string[]): string[] =>
  Array.from(
    { length: Math.ceil(words.length / 8) },
    (_, line) => `  ${words.slice(8 * line, 8 * line + 8).join(' ')}`,
  )

/** The window's own texts, in English. */
function english(): Say {
  const folder = join(findParts().resources, 'locales/en')
  const files = new Map<string, unknown>()
  function find(key: string): string | null {
    const [file = '', ...path] = key.split('.')
    if (!files.has(file)) files.set(file, JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')))
    const found = path.reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
      files.get(file),
    )
    return typeof found === 'string' ? found : null
  }
  return {
    t(key, values = {}) {
      const counted = 'count' in values ? find(`${key}_${values.count === 1 ? 'one' : 'other'}`) : null
      const text = counted ?? find(key) ?? key
      return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''))
    },
    has: (key) => find(key) !== null,
  }
}
