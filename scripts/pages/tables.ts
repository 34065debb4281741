import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../root.ts'

export type Block =
  | { readonly heading: string; readonly level: number }
  | { readonly text: readonly string[] }
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }

/** A page that is kept as data: `commit` and `date` say when its figures were found. */
export type Page = {
  readonly title: string
  readonly commit?: string
  readonly date?: string
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

/** The page as Markdown. */
export function tablesPage({ title, commit, date, blocks }: Page): string {
  const found = commit === undefined ? [] : [`Found at commit \`${commit}\`, ${date}.`, '']
  return [`# ${title}`, '', ...found, ...blocks.flatMap((block) => [...lines(block), ''])].join('\n')
}
