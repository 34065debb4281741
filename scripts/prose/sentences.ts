export type Sentence = { line: number; words: number; text: string }

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })
const words = new Intl.Segmenter('en', { granularity: 'word' })

const countWords = (text: string): number =>
  [...words.segment(text)].filter(({ isWordLike }) => isWordLike).length

/** As a reader meets it: a link is its words, code is one word, which may begin a sentence. */
const shown = (text: string): string =>
  text
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/`[^`]*`/g, 'Code')
    .replaceAll(/[*_]{1,3}/g, '')

/** Where one line of Markdown begins something new: an item, a row, a heading, a quotation. */
const begins = /^\s*(?:[-*+] |\d+\. |\||#|>|!\[|$)/

/** The sentences of a page of Markdown, with the line on which their paragraph begins. Fenced code has none; a cell of a table is one. */
export function sentencesOf(page: string): Sentence[] {
  const blocks: { line: number; text: string }[] = []
  let fenced = false
  let open = false
  for (const [at, text] of page.split('\n').entries()) {
    if (/^\s*```/.test(text)) fenced = !fenced
    if (fenced || /^\s*```/.test(text)) {
      open = false
      continue
    }
    if (/^\s*\|/.test(text)) {
      for (const cell of text.split('|')) blocks.push({ line: at + 1, text: cell })
      open = false
      continue
    }
    const last = blocks.at(-1)
    if (open && last !== undefined && !begins.test(text)) last.text += ` ${text.trim()}`
    else blocks.push({ line: at + 1, text: text.replace(/^\s*(?:[-*+] |\d+\. |#+ |> )/, '') })
    open = text.trim() !== '' && !text.startsWith('#')
  }
  return blocks.flatMap(({ line, text }) =>
    [...sentences.segment(shown(text))]
      .map(({ segment }) => ({ line, words: countWords(segment), text: segment.trim() }))
      .filter(({ words: count }) => count > 0),
  )
}

/** Every text of a file of texts, with its key; what is filled in counts as one word. */
export function textsOf(texts: unknown, key = ''): [string, string][] {
  if (typeof texts === 'string') return [[key, texts.replaceAll(/\{\{\w+\}\}/g, 'Value')]]
  return Object.entries(texts ?? {}).flatMap(([name, one]) =>
    textsOf(one, key === '' ? name : `${key}.${name}`),
  )
}
