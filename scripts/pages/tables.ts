import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../root.ts'

export type Block =
  | { readonly heading: string; readonly level: number }
  | { readonly text: readonly string[] }
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }

/** A page that is kept as data: `commit`, `date` and `machine` say of what, when and where its figures were found. */
export type Page = {
  readonly title: string
  readonly commit?: string
  readonly date?: string
  readonly machine?: string
  readonly blocks: readonly Block[]
}

// Our own files, whose tests read them too.
export const readPage = (path: string): Page => JSON.parse(readFileSync(join(root, path), 'utf8')) as Page

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function lines(block: Block): readonly string[] {
  if ('heading' in block) return [`${'#'.repeat(block.level)} ${block.heading}`]
  if ('text' in block) return block.text
  return [row(block.columns), row(block.columns.map(() => '---')), ...block.rows.map(row)]
}

/** The page as Markdown, under a heading of that level. */
export function tablesPage({ title, commit, date, machine, blocks }: Page, level = 1): string {
  const found = [commit === undefined ? undefined : `commit \`${commit}\``, date, machine].filter(Boolean)
  const where = found.length === 0 ? [] : [`Found: ${found.join(', ')}.`, '']
  return [
    `${'#'.repeat(level)} ${title}`,
    '',
    ...where,
    ...blocks.flatMap((block) => [...lines(block), '']),
  ].join('\n')
}

const figures = [
  ...['start', 'server', 'sealing', 'doors', 'replicas', 'ceremony', 'hsm', 'fhe', 'fhe-keys', 'interop'],
  ...['qr', 'phone', 'transcript', 'crashes', 'silence', 'delivery', 'tests', 'way-on'],
]

/** All that was measured, on one page. */
export const figuresPage = (): string =>
  [
    '# Figures',
    '',
    'A ratio of 1 is the limit, and higher is better. The limit is the same work with nothing of ours around it.',
    'Ours and the limit run by turns on the same machine. `npm run bench -- NAME --keep MACHINE` measures again and keeps the result.',
    '',
    ...figures.map((name) => tablesPage(readPage(`results/${name}.json`), 2)),
  ].join('\n')
