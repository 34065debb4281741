import { languages, type Paper, type PaperBlock, paperLimits } from '../../contract/index.ts'

type Shape = Readonly<Record<string, (value: unknown) => boolean>>

const text = (value: unknown): boolean => typeof value === 'string' && value.length <= paperLimits.text
const list =
  (of: (value: unknown) => boolean, most: number) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.length <= most && value.every(of)
const maybe =
  (of: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || of(value)
const flag = maybe((value) => typeof value === 'boolean')
const whole =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most

/** Whether it has these members, each of its kind, and no other. */
const shaped =
  (shape: Shape) =>
  (value: unknown): boolean =>
    isRecord(value) &&
    Object.keys(value).every((name) => Object.hasOwn(shape, name)) &&
    Object.entries(shape).every(([name, is]) => is(value[name]))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const column = shaped({ title: text, width: maybe(whole(1, 100)), code: flag })

const shapes: Record<PaperBlock['kind'], Shape> = {
  heading: { text },
  paragraph: { text, weight: maybe((value) => value === 'strong' || value === 'quiet') },
  list: { items: list(text, paperLimits.rows) },
  facts: { facts: list(shaped({ name: text, value: text }), paperLimits.rows), code: flag },
  table: {
    title: text,
    columns: list(column, paperLimits.columns),
    rows: list(list(text, paperLimits.columns), paperLimits.rows),
    toWrite: flag,
  },
  words: { title: text, words: list(text, paperLimits.words), hex: maybe(text) },
  qr: { title: text, size: whole(21, 177), dark: (value) => value instanceof Uint8Array },
  signature: { name: text, role: text },
  'page-break': {},
}

function isBlock(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { kind, ...members } = value
  const shape = Object.entries(shapes).find(([name]) => name === kind)?.[1]
  // Its shape is that of its kind.
  return shape !== undefined && shaped(shape)(members) && fits(value as PaperBlock)
}

/** What no member shows alone. */
function fits(block: PaperBlock): boolean {
  if (block.kind === 'table') return block.rows.every((row) => row.length === block.columns.length)
  return block.kind !== 'qr' || block.dark.length === block.size * block.size
}

const isPaper = shaped({
  title: text,
  language: (value) => languages.some((language) => language === value),
  running: maybe(shaped({ top: text, bottom: text })),
  blocks: list(isBlock, paperLimits.blocks),
})

/** What the page asks to print, or null: too much, or no paper at all. */
export function checkedPaper(input: unknown): Paper | null {
  // `isPaper` has looked at every member.
  return isPaper(input) && lettersOf(input) <= paperLimits.letters ? (input as Paper) : null
}

function lettersOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0
  return Object.values(value).reduce<number>((sum, one) => sum + lettersOf(one), 0)
}
