import { utf8 } from '@lux/crypto'
import type { CustodianShareOpened } from '@lux/people'
import { escaped } from '../../contract/escaped.ts'
import { directionOf, type Language, type PaperBlock } from '../../contract/index.ts'
import { sheetPaper } from '../../core/services/ceremonies/sheet-paper.ts'

const columns = 3

/** The window's sheet as a page of its own, to print. */
export function sheetOf(
  share: CustodianShareOpened,
  { language, resources }: { language: Language; resources: string },
): Uint8Array {
  const { title, blocks } = sheetPaper(share, { language, resources })
  return utf8(`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>
  body { font: 12pt serif; max-width: 18cm; margin: 1cm auto; color: #000; background: #fff }
  table { border-collapse: collapse; width: 100% }
  td, th { border: 1px solid #000; padding: 2mm; text-align: start; overflow-wrap: anywhere }
  td { font-family: monospace; font-size: 13pt }
  svg { width: 6cm }
  td b { display: inline-block; min-width: 2em; font-size: 10pt }
</style>
<h1>${escaped(title)}</h1>
${blocks.map(htmlOf).join('\n')}
</html>
`)
}

function htmlOf(block: PaperBlock): string {
  switch (block.kind) {
    case 'paragraph': {
      const text = escaped(block.text)
      return `<p>${block.weight === 'strong' ? `<strong>${text}</strong>` : text}</p>`
    }
    case 'facts':
      return tableOf(
        block.facts.map(({ name, value }) => `<th>${escaped(name)}</th><td dir="ltr">${escaped(value)}</td>`),
      )
    case 'words':
      return `<h2>${escaped(block.title)}</h2>\n${wordsOf(block.words)}`
    case 'qr':
      return `<h2>${escaped(block.title)}</h2>\n${codeOf(block)}`
    default:
      throw new TypeError(`sheet: no block ${block.kind}`)
  }
}

const tableOf = (rows: readonly string[]) => `<table>${rows.map((row) => `<tr>${row}</tr>`).join('')}</table>`

function wordsOf(words: readonly string[]): string {
  const rows = Math.ceil(words.length / columns)
  const cell = (at: number) =>
    words[at] === undefined ? '<td></td>' : `<td><b>${at + 1}</b> ${words[at]}</td>`
  return tableOf(
    Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => cell(column * rows + row)).join(''),
    ),
  ).replace('<table>', '<table dir="ltr">')
}

/** Light modules around a code, ISO/IEC 18004 section 9.1. */
const quietZone = 4

function codeOf({ title, size, dark }: Extract<PaperBlock, { kind: 'qr' }>): string {
  const side = size + 2 * quietZone
  const path = Array.from(dark, (module, at) =>
    module === 1 ? `M${(at % size) + quietZone} ${Math.floor(at / size) + quietZone}h1v1h-1z` : '',
  ).join('')
  return `<svg role="img" aria-label="${escaped(title)}" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path d="${path}"/></svg>`
}
