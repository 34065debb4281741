import { escaped } from '../../contract/escaped.ts'
import { directionOf, type Paper, type PaperBlock } from '../../contract/index.ts'

/** Light modules around a code, ISO/IEC 18004 section 9.1. */
const quietZone = 4

/** Markup that `element` made of texts that it escaped. */
type Markup = { readonly markup: string }

/** Fills `template`, the build's paper.html; no text of a paper is ever markup. `nonce`: of the one style written here. */
export function paperHtml(template: string, paper: Paper, nonce: string): string {
  const { title, language, blocks, running } = paper
  const top = running === undefined ? '' : `@top-left{content:"${cssText(running.top)}"}`
  const bottom = `@bottom-left{content:"${cssText(running?.bottom ?? title)}"}`
  const style = `@page{${top}${bottom}}${widths(blocks)}`
  const html = { lang: language, dir: directionOf(language) }
  const main = element('main', {}, element('h1', {}, shown(title)), ...blocks.map(blockMarkup))
  // By function: in a replacement text, "$&" of somebody's title would be a pattern.
  return template
    .replaceAll('__CSP_NONCE__', nonce)
    .replace(/<html[^>]*>/, () => `<html${attributesOf(html)}>`)
    .replace(/<title>[^<]*<\/title>/, () => element('title', {}, title).markup)
    .replace('</head>', () => `<style${attributesOf({ nonce })}>${style}</style></head>`)
    .replace('<main></main>', () => main.markup)
}

function blockMarkup(block: PaperBlock, at: number): Markup {
  switch (block.kind) {
    case 'heading':
      return element('h2', {}, shown(block.text))
    case 'paragraph':
      return element('p', { class: block.weight ?? '' }, shown(block.text))
    case 'list':
      return element('ul', {}, ...block.items.map((item) => element('li', {}, shown(item))))
    case 'facts':
      return factsMarkup(block)
    case 'table':
      return tableMarkup(block, at)
    case 'words':
      return wordsMarkup(block)
    case 'qr':
      return qrMarkup(block)
    case 'signature':
      return element(
        'p',
        { class: 'signature' },
        element('strong', {}, shown(block.name)),
        ' ',
        shown(block.role),
      )
    case 'page-break':
      return element('div', { class: 'page-break' })
  }
}

function factsMarkup({ facts, code }: Extract<PaperBlock, { kind: 'facts' }>): Markup {
  const rows = facts.map(({ name, value }) =>
    element('tr', {}, element('th', { scope: 'row' }, shown(name)), element('td', {}, cell(value, code))),
  )
  return element('table', { class: 'facts' }, element('tbody', {}, ...rows))
}

function tableMarkup(
  { title, columns, rows, toWrite }: Extract<PaperBlock, { kind: 'table' }>,
  at: number,
): Markup {
  const head = columns.map((column) => element('th', { scope: 'col' }, shown(column.title)))
  const body = rows.map((row) =>
    element('tr', {}, ...row.map((text, column) => element('td', {}, cell(text, columns[column]?.code)))),
  )
  return element(
    'table',
    { id: `table-${at}`, class: toWrite ? 'to-write' : '' },
    element('caption', {}, shown(title)),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  )
}

function wordsMarkup({ title, words, hex }: Extract<PaperBlock, { kind: 'words' }>): Markup {
  const numbered = words.map((word, at) => element('li', {}, element('span', {}, `${at + 1}`), ' ', word))
  const cards = Array.from({ length: Math.ceil(words.length / 4) }, (_, card) =>
    element('ol', {}, ...numbered.slice(4 * card, 4 * card + 4)),
  )
  return element(
    'section',
    { class: 'words' },
    element('h3', {}, shown(title)),
    element('div', { dir: 'ltr', lang: 'en' }, ...cards),
    ...(hex === undefined ? [] : [element('p', {}, cell(hex, true))]),
  )
}

function qrMarkup({ title, size, dark }: Extract<PaperBlock, { kind: 'qr' }>): Markup {
  const side = size + 2 * quietZone
  let d = ''
  for (let at = 0; at < dark.length; at++) {
    if (dark[at] === 1) d += `M${(at % size) + quietZone} ${Math.floor(at / size) + quietZone}h1v1h-1z`
  }
  const viewBox = `0 0 ${side} ${side}`
  return element(
    'figure',
    { class: 'qr' },
    element(
      'svg',
      { role: 'img', 'aria-label': title, viewBox, 'shape-rendering': 'crispEdges' },
      element('path', { d }),
    ),
    element('figcaption', {}, shown(title)),
  )
}

/** Columns' shares: the policy of the page allows no style at an element. */
function widths(blocks: readonly PaperBlock[]): string {
  return blocks
    .flatMap((block, at) =>
      block.kind === 'table'
        ? block.columns.map(({ width }, column) =>
            width === undefined ? '' : `#table-${at} th:nth-child(${column + 1}){width:${width}%}`,
          )
        : [],
    )
    .join('')
}

const cell = (text: string, code: boolean | undefined): Markup =>
  code ? element('bdi', { dir: 'ltr', class: 'code' }, text) : shown(text)

/** In its own direction, so that a name of another script turns nothing around it. */
const shown = (text: string): Markup => element('bdi', {}, text)

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (Markup | string)[]
): Markup {
  const inside = children.map((child) => (typeof child === 'string' ? escaped(child) : child.markup))
  return { markup: `<${name}${attributesOf(attributes)}>${inside.join('')}</${name}>` }
}

const attributesOf = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes)
    .map(([name, value]) => (value === '' ? '' : ` ${name}="${escaped(value)}"`))
    .join('')

/** In a style's text everything but letters and digits as its number: what ends a text or a style stands for nothing. */
const cssText = (text: string): string =>
  Array.from(text, (one) =>
    /[\p{L}\p{N} .,]/u.test(one) ? one : `\\${(one.codePointAt(0) ?? 0).toString(16)} `,
  ).join('')
