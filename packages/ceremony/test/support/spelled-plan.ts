import { entropyOf } from './people.ts'

/** A whole number from 0 to `below` - 1. */
export type Choose = (below: number) => number

/** The same choices for the same seed. */
export function choices(seed: string): Choose {
  const entropy = entropyOf(seed)
  let bytes: DataView = new DataView(new ArrayBuffer(0))
  let at = 0
  return (below) => {
    if (at === bytes.byteLength) {
      bytes = new DataView(entropy.bytes(4096).buffer)
      at = 0
    }
    at += 4
    return bytes.getUint32(at - 4) % below
  }
}

const pick = <T>(choose: Choose, all: readonly T[]): T => all[choose(all.length)]!
const rowEnds = ['', '', '', ' ', '\t', ' # a remark', '\t# a remark', '  # [ { "it\'s: #', ' #', ' \t ']
const rowsBetween = ['\n', ' \n', '# - not: "an entry\n', '#\n\n']
const plain = /^[A-Za-z][A-Za-z0-9-]*( [A-Za-z0-9-]+)*$/
const meant = /^(true|false|null)$/i

/** A value as YAML 1.2 in one of its many spellings: block and flow style, quotes, folded rows, comments, tabs. */
export function spelled(value: Readonly<Record<string, unknown>>, choose: Choose): string {
  const start = pick(choose, ['', '', '# A plan\n\n', '---\n', '--- # the plan\n', '---\t\n'])
  const flow = choose(12) === 0
  const rows = flow ? `${inFlow(value, 1, choose)}\n` : inBlock(value, 2 * choose(2), choose)
  return `${start}${rows}${pick(choose, ['', '', '\n', '# end\n', '...\n', '... # end\n\n'])}`
}

/** Rows of a map or a list, each indented by `indent`. */
function inBlock(value: object, indent: number, choose: Choose): string {
  const pad = ' '.repeat(indent)
  const between = () => (choose(4) === 0 ? pick(choose, rowsBetween) : '')
  if (Array.isArray(value))
    return value.map((one) => `${between()}${pad}-${ofDash(one, indent, choose)}`).join('')
  return Object.entries(value)
    .map(([key, one]) => `${between()}${pad}${keyOf(key, choose)}:${ofKey(one, indent, choose)}`)
    .join('')
}

function keyOf(key: string, choose: Choose): string {
  return pick(choose, [
    key,
    key,
    key,
    `"${key}"`,
    `'${key}'`,
    `${key} `,
    `"\\x${key.charCodeAt(0).toString(16)}${key.slice(1)}"`,
  ])
}

/** What follows a colon, with the rows below it. */
function ofKey(value: unknown, indent: number, choose: Choose): string {
  if (!isBlock(value, choose))
    return `${pick(choose, [' ', '  ', '\t'])}${ended(inline(value, indent + 1, choose), choose)}`
  // A list may stand at the column of its key.
  const deeper = indent + (Array.isArray(value) ? choose(4) : 1 + choose(4))
  return `${ended('', choose)}${inBlock(value, deeper, choose)}`
}

function ofDash(value: unknown, indent: number, choose: Choose): string {
  if (!isBlock(value, choose)) return ` ${ended(inline(value, indent + 1, choose), choose)}`
  const rows = inBlock(value, indent + 2 + choose(4), choose)
  // In the row of the dash where it begins with an entry, or below it.
  return choose(2) === 0 && /^ *[^ #\n]/.test(rows) ? rows.slice(indent + 1) : `${ended('', choose)}${rows}`
}

/** With what may follow a value in its row. */
function ended(value: string, choose: Choose): string {
  return /^[>|]-/.test(value) ? `${value}\n` : `${value}${pick(choose, rowEnds)}\n`
}

const isBlock = (value: unknown, choose: Choose): value is object =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0 && choose(4) !== 0

/** A value in the row where it begins; rows that it goes on in are indented by `deeper` or more. */
function inline(value: unknown, deeper: number, choose: Choose): string {
  if (typeof value === 'object' && value !== null) return inFlow(value, deeper, choose)
  if (typeof value !== 'string') return scalar(value, deeper, choose)
  if (choose(6) !== 0 || !plain.test(value)) return scalar(value, deeper, choose)
  const pad = ' '.repeat(deeper + choose(3))
  const folded = value.replaceAll(' ', () => (choose(3) === 0 ? `\n${pad}` : ' '))
  return choose(2) === 0 ? `>-${pick(choose, ['', ' # folded'])}\n${pad}${folded}` : `|-\n${pad}${value}`
}

function scalar(value: unknown, deeper: number, choose: Choose): string {
  if (typeof value === 'number')
    return pick(choose, [
      `${value}`,
      `+${value}`,
      `0x${value.toString(16)}`,
      `${value}.0`,
      `0o${value.toString(8)}`,
    ])
  if (typeof value === 'boolean') return pick(choose, [`${value}`, `${value}`.toUpperCase()])
  const text = String(value)
  const pad = ' '.repeat(deeper + choose(3))
  const row = () => `${pick(choose, ['', ' ', '\t'])}\n${pad}`
  const inRows = (all: string) =>
    all.replaceAll(/(?<=[^ ]) (?=[^ #])/g, () => (choose(8) === 0 ? row() : ' '))
  const single = `'${inRows(text.replaceAll("'", "''"))}'`
  const escaped = text
    .replaceAll(/["\\]/g, '\\$&')
    .replaceAll(/[A-Za-z]/g, (char) => (choose(40) === 0 ? `\\u00${char.charCodeAt(0).toString(16)}` : char))
  const double = `"${inRows(escaped)}"`
  if (!plain.test(text) || meant.test(text)) return pick(choose, [single, double])
  return pick(choose, [single, double, text, inRows(text)])
}

function inFlow(value: object, deeper: number, choose: Choose): string {
  const space = () =>
    pick(choose, ['', '', ' ', '\t', ` # of these\n${' '.repeat(deeper)}`, `\n${' '.repeat(deeper + 1)}`])
  const one = (item: unknown): string =>
    typeof item === 'object' && item !== null ? inFlow(item, deeper, choose) : scalar(item, deeper, choose)
  const items = Array.isArray(value)
    ? value.map(one)
    : Object.entries(value).map(
        ([key, item]) =>
          `${keyOf(key, choose)}:${pick(choose, [' ', ` # its\n${' '.repeat(deeper)}`])}${one(item)}`,
      )
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const last = items.length > 0 ? pick(choose, ['', ',', ' ']) : ''
  return `${open}${space()}${items.join(`${space()},${space()}`)}${last}${space()}${close}`
}
