import table from './characters.json' with { type: 'json' }
import { inRanges, rangeOf, ranges } from './ranges.ts'

const excluded = ranges(table.excluded)
const classes = table.classes.map(ranges)

const apart = new Map<number, readonly [number, number]>()
const together = new Map<string, number>()
for (const entry of table.composed.split(', ')) {
  const [whole = 0, first = 0, second = 0] = entry.split(' ').map((hex) => Number.parseInt(hex, 16))
  apart.set(whole, [first, second])
  together.set(`${first} ${second}`, whole)
}

// Unicode 3.12, "Conjoining Jamo Behavior": syllables of Hangul compose by arithmetic.
const [syllables, leads, vowels, tails] = [0xac00, 0x1100, 0x1161, 0x11a7]
const [leadCount, vowelCount, tailCount] = [19, 21, 28]

/** Whether the text is its own Normalization Form C (UAX 15), by the table's version of Unicode and no other. */
export function isComposed(points: readonly number[]): boolean {
  if (points.every((point) => point < 0x300)) return true
  if (points.some((point) => inRanges(excluded, point))) return false
  const composed = compose(inOrder(points.flatMap(decompose)))
  return composed.length === points.length && composed.every((point, at) => point === points[at])
}

function decompose(point: number): number[] {
  const at = point - syllables
  if (at >= 0 && at < leadCount * vowelCount * tailCount) {
    const lead = leads + Math.floor(at / (vowelCount * tailCount))
    const vowel = vowels + (Math.floor(at / tailCount) % vowelCount)
    return at % tailCount === 0 ? [lead, vowel] : [lead, vowel, tails + (at % tailCount)]
  }
  const parts = apart.get(point)
  return parts === undefined ? [point] : [...decompose(parts[0]), parts[1]]
}

/** The place of the combining class, from 1 up; 0 for what begins anew. */
function classOf(point: number): number {
  return classes.findIndex((members) => rangeOf(members, point) >= 0) + 1
}

function inOrder(points: readonly number[]): number[] {
  const ordered: number[] = []
  let marks: number[] = []
  for (const point of points) {
    if (classOf(point) === 0) {
      ordered.push(...marks, point)
      marks = []
    } else {
      marks.push(point)
      marks.sort((one, other) => classOf(one) - classOf(other))
    }
  }
  return [...ordered, ...marks]
}

function compose(points: readonly number[]): number[] {
  const out: number[] = []
  let starter = -1
  let last = 0
  for (const point of points) {
    const own = classOf(point)
    const before = out[starter]
    // Blocked where something of the same or a higher class, or of none, stands between.
    const blocked = starter < out.length - 1 && (last === 0 || last >= own)
    const whole = before === undefined || blocked ? undefined : pair(before, point)
    if (whole !== undefined) {
      out[starter] = whole
      continue
    }
    if (own === 0) starter = out.length
    last = own
    out.push(point)
  }
  return out
}

function pair(first: number, second: number): number | undefined {
  const [lead, vowel] = [first - leads, second - vowels]
  if (lead >= 0 && lead < leadCount && vowel >= 0 && vowel < vowelCount)
    return syllables + (lead * vowelCount + vowel) * tailCount
  const [syllable, tail] = [first - syllables, second - tails]
  const open = syllable >= 0 && syllable < leadCount * vowelCount * tailCount && syllable % tailCount === 0
  return open && tail > 0 && tail < tailCount ? first + tail : together.get(`${first} ${second}`)
}
