import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readRules } from '../assurance/rules.ts'
import { root } from '../root.ts'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const text = (page: string): string => readFileSync(join(root, page), 'utf8')

test.each(pages)('DOCS-LINKS %s links to nothing that is missing', (page) => {
  const targets = [...text(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].flatMap(([, target]) => target ?? [])
  const missing = targets.filter(
    (target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)),
  )
  expect(missing).toEqual([])
})

test.each(pages)('DOCS-PATHS %s names no source or test that is missing', (page) => {
  const paths = [...text(page).matchAll(/`((?:packages|apps|e2e|scripts|bench|tools)\/[\w./-]+)`/g)]
  expect(paths.flatMap(([, path]) => path ?? []).filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('DOCS-FUNCTIONS the page of threshold FHE names only functions that are there, each symbol of sharing with its file', () => {
  const page = text('docs/THRESHOLD-FHE.md')
  const rows = [...page.matchAll(/^\| ([^|]+) \| `(\w+)` \| `([\w./-]+)` \|$/gm)]
  const symbols = rows.map(([, symbol = '']) => symbol).join('; ')
  for (const symbol of ['PRG_K', 'f_A', 'K_A', 'e_A', 'S_i', 'partial_i']) expect(symbols).toContain(symbol)
  const missing = rows.filter(
    ([, , name = '', file = '']) => !new RegExp(`^export function ${name}\\b`, 'm').test(text(file)),
  )
  expect(missing.map(([row]) => row)).toEqual([])
  const code = sources.filter((name) => /^packages.(?:crypto|ceremony).src/.test(name)).map(text)
  const named = [...page.matchAll(/`(?:\w+\.)?([a-z]+[A-Z]\w*)`/g)].flatMap(([, name]) => name ?? [])
  expect(named).toContain('spliceSquashKey')
  expect(named.filter((name) => !code.some((file) => new RegExp(`\\b${name}\\b`).test(file)))).toEqual([])
})

test('DOCS-RULES the threat model names only rules that exist', () => {
  const ids = new Set(readRules(root).flatMap((set) => set.ids))
  const cells = text('docs/THREAT-MODEL.md').matchAll(/^\|.*\| ([^|]*) \|$/gm)
  const named = [...cells].flatMap(
    ([, cell]) =>
      (cell ?? '')
        .replaceAll(/`[^`]*`( \([A-Z-]+(?:, [A-Z-]+)*\))?/g, '')
        .match(/[A-Z]{2,}(?:-[A-Z0-9]+)*/g) ?? [],
  )
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter((id) => !ids.has(id))).toEqual([])
})

test('DOCS-RULES a test that the threat model names beside a file is in that file', () => {
  const named = [
    ...text('docs/THREAT-MODEL.md').matchAll(/`([\w./-]+\.test\.ts)` \(([A-Z-]+(?:, [A-Z-]+)*)\)/g),
  ]
  expect(named.length).toBeGreaterThan(2)
  const missing = named.flatMap(([, file = '', names = '']) =>
    names.split(', ').filter((name) => !text(file).includes(name)),
  )
  expect(missing).toEqual([])
})

const sources = ['packages', 'apps', 'examples', 'tools'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|tsx|rs|c|h|py)$/.test(name))
    .filter((name) => !/(?:^|[\\/])(?:node_modules|dist|build|target|test|tests|vectors)[\\/]/.test(name))
    .map((name) => join(folder, name)),
)

test('DOCS-TAGS every context string and tag of the sources is in the pages of bytes', () => {
  const named = new Set(
    sources.flatMap((name) => text(name).match(/lux-(?:custody|fhe)\/[a-z][\w/-]*/g) ?? []),
  )
  expect(named.size).toBeGreaterThan(12)
  const book = text('docs/SPEC.md') + text('docs/THRESHOLD-FHE.md')
  const stands = (name: string): boolean => {
    const end = /[/-]$/.test(name) ? '' : '(?![\\w-])'
    return new RegExp(`${name}${end}`).test(book) || contextRow(/^lux-custody\/([a-z-]+)\/v1/.exec(name)?.[1])
  }
  expect([...named].filter((name) => !stands(name))).toEqual([])
})

test('DOCS-TAGS everything that is signed has a row of its own among the context strings', () => {
  const used = sources.flatMap((name) =>
    [...text(name).matchAll(/signatureContext\('([a-z-]+)'/g)].flatMap(([, what]) => what ?? []),
  )
  const listed = [
    ...text('packages/ceremony/src/documents/format/context.ts').matchAll(/^ {2}'([a-z-]+)',$/gm),
  ]
  const signables = listed.flatMap(([, what]) => what ?? [])
  expect(used).toContain('holder-state')
  expect(signables).toContain('key-statement')
  expect([...new Set([...used, ...signables])].filter((what) => !contextRow(what))).toEqual([])
})

function contextRow(what: string | undefined): boolean {
  return what !== undefined && text('docs/SPEC.md').includes(`\n| \`${what}\` |`)
}

test('DOCS-GLOSSARY each language has a word for each term: every table has the same terms and no empty cell', () => {
  const rows = text('docs/GLOSSARY.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  const starts = rows.flatMap(([first], at) => (first === 'English' ? [at] : []))
  const tables = starts.map((from, at) => rows.slice(from, starts[at + 1]))
  expect(tables.flatMap(([names = []]) => names.slice(1))).toHaveLength(11)
  for (const table of tables) {
    expect(table.map(([term]) => term)).toEqual(tables[0]?.map(([term]) => term))
    expect(table.filter((row) => row.length !== table[0]?.length || row.includes(''))).toEqual([])
  }
})
