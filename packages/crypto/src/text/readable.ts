import table from './characters.json' with { type: 'json' }
import { isComposed } from './composed.ts'
import { inRanges, rangeOf, ranges } from './ranges.ts'

/** Why a name or a line is not one that people can tell apart from others by reading it. */
type TextFault = 'hidden' | 'space' | 'form' | 'scripts'

const earlier = ranges(table.earlier)
const refused = ranges(table.refused)
const spaces = ranges(table.spaces)
const directions = ranges(table.directions)
const word = ranges(table.word)
const virama = ranges(table.virama)
const left = ranges(table.joining.left)
const right = ranges(table.joining.right)
const transparent = ranges(table.joining.transparent)
const byRange = Object.entries(table.scripts)
  .flatMap(([names, of]) => ranges(of).map((span) => ({ span, names: names.split(' ') })))
  .sort((one, other) => one.span[0] - other.span[0])
const spans = byRange.map(({ span }) => span)
const scripts = byRange.map(({ names }) => names)
const mixes = table.mixes.map((names) => names.split(' '))
const [zwnj, zwj] = [0x200c, 0x200d]

/**
 * The text rule, SPEC.md 1.1: no hidden character, no space but U+0020 and none at an end, composed (NFC), and in each word one script or a
 * mix that people write. One table, of one version of Unicode, decides all of it.
 */
export function textFault(text: string): TextFault | null {
  const points = Array.from(text, (one) => one.codePointAt(0) ?? 0)
  if (points.some((_, at) => isHidden(points, at))) return 'hidden'
  if (points.some((point) => inRanges(spaces, point)) || text.startsWith(' ') || text.endsWith(' '))
    return 'space'
  if (!isComposed(points)) return 'form'
  return wordsOf(points).every(isOfOneHand) ? null : 'scripts'
}

/** Whether documents of before the text rule take the text: SPEC.md 1. */
export function isEarlierText(text: string): boolean {
  return !Array.from(text).some((one) => inRanges(earlier, one.codePointAt(0) ?? 0))
}

/** What people typed or pasted, as the rule wants it: composed, of plain spaces, none at an end. It may still be refused. */
export function tidyText(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(/\p{Zs}/gu, ' ')
    .trim()
}

/** The text with `instead` in the place of each character that a screen does not show. */
export function withoutHidden(text: string, instead: (hidden: string) => string): string {
  const characters = Array.from(text)
  const points = characters.map((one) => one.codePointAt(0) ?? 0)
  return characters.map((one, at) => (isHidden(points, at) ? instead(one) : one)).join('')
}

/**
 * As `withoutHidden`, for characters that embed, override or isolate directions. Direction marks stay: our own texts have them, and they
 * reorder nothing.
 */
export function withoutDirections(text: string, instead: (direction: string) => string): string {
  return Array.from(text, (one) => (inRanges(directions, one.codePointAt(0) ?? 0) ? instead(one) : one)).join(
    '',
  )
}

/** Each UTF-16 unit as \uXXXX, as JSON has it. */
export function escapedUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

function isHidden(points: readonly number[], at: number): boolean {
  const point = points[at] ?? 0
  return point === zwnj || point === zwj ? !joins(points, at) : inRanges(refused, point)
}

/** RFC 5892 A.1 and A.2: a joiner stands after a virama; a non-joiner also between two letters that would join. */
function joins(points: readonly number[], at: number): boolean {
  const before = points[at - 1]
  if (before === undefined || at + 1 === points.length) return false
  if (inRanges(virama, before)) return true
  if (points[at] === zwj) return false
  const first = points.slice(0, at).findLast((point) => !inRanges(transparent, point))
  const next = points.slice(at + 1).find((point) => !inRanges(transparent, point))
  return first !== undefined && next !== undefined && inRanges(left, first) && inRanges(right, next)
}

/** Letters, marks and digits that stand together, a joiner with them. */
function wordsOf(points: readonly number[]): number[][] {
  const words: number[][] = [[]]
  for (const point of points)
    if (inRanges(word, point)) words.at(-1)?.push(point)
    else if (point !== zwnj && point !== zwj) words.push([])
  return words
}

/** UTS 39, "highly restrictive": of one script, or of one of the mixes. A character of no script fits each. */
function isOfOneHand(points: readonly number[]): boolean {
  const sets = points.map((point) => scripts[rangeOf(spans, point)] ?? []).filter((set) => set.length > 0)
  const [first = []] = sets
  return [...first.map((one) => [one]), ...mixes].some((hand) =>
    sets.every((set) => set.some((script) => hand.includes(script))),
  )
}
