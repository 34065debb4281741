import { fromUtf8 } from '@lux/crypto'
import {
  isAlias,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** Bytes; CEREMONY limit for a plan or a script. */
export const maxPlanBytes = 1 << 20

type Parsed<T> = { ok: true; value: T } | { ok: false; refusals: PlanRefusal[] }

/** Bytes to text: UTF-8, LF, no byte order mark, at most 1 MiB. */
export function decodeText(bytes: Uint8Array): Parsed<string> {
  const refuse = (detail: string) => ({ ok: false as const, refusals: [planRefusal('PLAN-01', '', detail)] })
  if (bytes.length > maxPlanBytes)
    return refuse(`the file has ${bytes.length} bytes, the limit is ${maxPlanBytes}`)
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch {
    if (endsInCharacter(bytes)) return { ok: false, refusals: [cutOff('the file ends inside a character')] }
    return refuse('the file is not valid UTF-8')
  }
  if (text.trim() === '') return { ok: false, refusals: [cutOff('the file is empty')] }
  if (text.startsWith('\uFEFF')) return refuse('the file starts with a byte order mark')
  if (text.includes('\r')) return refuse('the file has CR line ends')
  if (text.includes('\0')) return refuse('the file has a NUL character')
  return { ok: true, value: text }
}

/** PLAN-46: what is there looks as if more had followed. */
export function cutOff(detail: string): PlanRefusal {
  return planRefusal('PLAN-46', '', detail)
}

/** Whether all is UTF-8 but the last bytes, which begin a character of more than they are. */
function endsInCharacter(bytes: Uint8Array): boolean {
  const lead = bytes.findLastIndex((byte) => byte < 0x80 || byte > 0xbf)
  const first = bytes[lead] ?? 0
  const length = first < 0xc2 || first > 0xf4 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (lead + length <= bytes.length) return false
  try {
    fromUtf8(bytes.subarray(0, lead))
    return true
  } catch {
    return false
  }
}

/** YAML 1.2 core to plain values, strictly: one document, no anchors, aliases, tags, merges, directives, duplicates. */
export function parseYaml(text: string): Parsed<unknown> {
  const refusals: PlanRefusal[] = []
  const refuse = (detail: string) => refusals.push(planRefusal('PLAN-02', '', detail))
  const lines = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  const placeOf = (item: Node) => place(item.range?.[0] ?? 0)
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: true,
      merge: false,
      keepSourceTokens: true,
      lineCounter: lines,
    })
    let cut = false
    const lastLine = text.trimEnd().lastIndexOf('\n') + 1
    for (const { code, pos } of [...document.errors, ...document.warnings]) {
      if (unfinished.has(code) && pos[0] >= lastLine) cut = true
      else refuse(`${fault(code)} at ${place(pos[0])}`)
    }
    if (cut) refusals.unshift(cutOff(`the text ends too early, at ${place(text.trimEnd().length)}`))
    if (hasDirective(text)) refuse('directives are not allowed')
    visit(document, (_key, item) => {
      if (isAlias(item)) refuse(`an alias at ${placeOf(item)} is not allowed`)
      else if (isNode(item)) {
        if (item.anchor !== undefined) refuse(`an anchor at ${placeOf(item)} is not allowed`)
        if (item.tag !== undefined && isTagged(item)) refuse(`a tag at ${placeOf(item)} is not allowed`)
        const wrong = textFault(item)
        if (wrong !== null) refuse(`${wrong} at ${placeOf(item)}`)
      }
      if (isPair(item) && (!isScalar(item.key) || typeof item.key.value !== 'string'))
        refuse('every key must be text')
      if (isPair(item) && isScalar(item.key) && item.key.value === '<<') refuse('merge keys are not allowed')
      if (isPair(item) && !isInOneLine(item)) refuse('a key and its colon must be in one line, without “?”')
      return undefined
    })
    if (refusals.length > 0) return { ok: false, refusals }
    return { ok: true, value: document.toJS({ maxAliasCount: 0 }) }
  } catch {
    // The parser recurses: text that is nested without end exhausts the stack, which is a refusal and not a crash.
    return { ok: false, refusals: [planRefusal('PLAN-02', '', 'the text is nested too deeply')] }
  }
}

/** How the parser says that something is open: a quote, a bracket, a key without its colon. */
const unfinished: ReadonlySet<string> = new Set(['MISSING_CHAR', 'BAD_INDENT'])

// The composer sets `tag` on every node that was written with one, `!` included, and on no other.
function isTagged(item: { tag?: string }): boolean {
  return typeof item.tag === 'string'
}

/** Whether a line before the first document mark begins with %. Only LF ends a line. */
function hasDirective(text: string): boolean {
  const rows = text.split('\n')
  const mark = rows.findIndex((row) => row.startsWith('---'))
  return rows.slice(0, mark < 0 ? rows.length : mark).some((row) => row.startsWith('%'))
}

/** What the parser takes and no other reader has to: half a character, and a last text without its closing quote. */
function textFault(item: Node): string | null {
  if (!isScalar(item)) return null
  const { value, srcToken: token } = item
  if (typeof value === 'string' && !value.isWellFormed()) return 'half a character'
  const open = token?.type === 'single-quoted-scalar' && !/^'(?:[^']|'')*'$/.test(token.source)
  return open ? 'a quote that is not closed' : null
}

function isInOneLine({ key, srcToken }: Pair): boolean {
  const { start = [], sep = [] } = srcToken ?? {}
  const colon = sep.findIndex(({ type }) => type === 'map-value-ind')
  const token = isScalar(key) ? key.srcToken : undefined
  const parts = [...sep.slice(0, Math.max(colon, 0)), ...(token === undefined ? [] : [token])]
  return (
    !start.some(({ type }) => type === 'explicit-key-ind') &&
    !parts.some((part) => 'source' in part && part.source.includes('\n'))
  )
}

// The parser's own messages quote the text: of them only the code is passed on.
function fault(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ')
}
