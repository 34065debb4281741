import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sentencesOf } from './prose/sentences.ts'
import { root } from './root.ts'

// `node scripts/prose.ts [PAGE …]` names every sentence that is longer than a reader takes in at once.

const longest = 25

/** Pages that keep to it. A page joins when it is written anew, and none leaves. */
const held = [
  'README.md',
  'docs/maturity.md',
  'docs/guide/audit.md',
  'docs/guide/first-ceremony.md',
  'docs/guide/first-encrypt.md',
]

const given = process.argv.slice(2)
const found = (given.length === 0 ? held : given).flatMap((page) =>
  sentencesOf(readFileSync(join(root, page), 'utf8'))
    .filter(({ words }) => words > longest)
    .map(({ line, words, text }) => `${page}:${line}: ${words} words, at most ${longest}: ${text}`),
)
for (const one of found) process.stderr.write(`prose: ${one}\n`)
process.exitCode = found.length === 0 ? 0 : 1
