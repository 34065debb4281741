import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { excused, type Fault, longestIn, mostWordsIn } from './prose/limits.ts'
import { bannedPhrase } from './prose/phrases.ts'
import { sentencesOf, textsOf } from './prose/sentences.ts'
import { root } from './root.ts'

// `node scripts/prose.ts` names every sentence that is longer than a reader takes in at once, every banned phrase and every page that
// is too long: in the pages, the English texts and the help of both commands. `node scripts/prose.ts PAGE …` looks at these pages alone.

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

function faultsOf(where: string, text: string, longest: number): Fault[] {
  return sentencesOf(text).flatMap(({ line, words, text: sentence }) => {
    const banned = bannedPhrase(sentence)
    return [
      ...(words > longest ? [`${words} words, at most ${longest}`] : []),
      ...(banned === undefined ? [] : [`banned: ${banned}`]),
    ].map(
      (what): Fault => ({ kind: 'sentence', page: where, text: `${where}:${line}: ${what}: ${sentence}` }),
    )
  })
}

function faultsOfPage(page: string): Fault[] {
  const text = read(page)
  const words = text.split(/\s+/).filter((word) => word !== '').length
  const most = mostWordsIn(page)
  return [
    ...faultsOf(page, text, longestIn(page)),
    ...(words > most
      ? [{ kind: 'length' as const, page, text: `${page}: ${words} words in all, at most ${most}` }]
      : []),
  ]
}

function faultsOfTexts(): Fault[] {
  const folder = 'resources/locales/en'
  return readdirSync(join(root, folder)).flatMap((name) =>
    textsOf(JSON.parse(read(join(folder, name)))).flatMap(([key, text]) =>
      faultsOf(`${folder}/${name} ${key}`, text, 25),
    ),
  )
}

function faultsOfHelp(): Fault[] {
  return ['custody', 'custody-server'].flatMap((command) => {
    const { status, stdout, stderr } = spawnSync(join(root, command), ['manual'], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command} manual: ${stderr}`)
    return stdout
      .replaceAll(/^\.nf\n[\s\S]*?^\.fi$/gm, '')
      .split('\n')
      .filter((line) => !line.startsWith('.'))
      .flatMap((line) => faultsOf(`${command} manual`, line.replaceAll('\\', ''), 25))
  })
}

const given = process.argv.slice(2)
const all = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const found =
  given.length > 0
    ? given.flatMap(faultsOfPage).map(({ text }) => text)
    : excused([...all.flatMap(faultsOfPage), ...faultsOfTexts(), ...faultsOfHelp()])
for (const one of found) process.stderr.write(`prose: ${one}\n`)
process.exitCode = found.length === 0 ? 0 : 1
