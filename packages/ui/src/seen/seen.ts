/** From and to, in pixels from the beginning of a part. */
type Stretch = readonly [from: number, to: number]

/** A part as it is laid out, and the stretch of it that is on screen now. */
export type Look = { readonly width: number; readonly height: number; readonly on: Stretch }

type PartSeen = {
  readonly name: string
  /** Of the layout that `seen` is measured in; null before the first look. */
  readonly size: { readonly width: number; readonly height: number } | null
  /** Apart from each other, in their order. */
  readonly seen: readonly Stretch[]
  /** Once read, a part stays read, however it is laid out then. */
  readonly read: boolean
}

/** What somebody reads before a yes, part by part, and which page of it is open. */
export type Reading = { readonly parts: readonly PartSeen[]; readonly at: number }

/** Screens have fractions of pixels: what is missing of a line is then less than this. */
const fraction = 1

/** Nothing is read yet. Throws without parts: a yes to nothing is no yes. */
export function beginReading(names: readonly string[]): Reading {
  if (names.length === 0) throw new RangeError('names: a yes needs a part that is read')
  if (new Set(names).size !== names.length) throw new RangeError('names: two parts have one name')
  return { parts: names.map((name) => ({ name, size: null, seen: [], read: false })), at: 0 }
}

/** Counts what is on screen of a part. After another layout its unread lines may be elsewhere: it is read from its beginning. */
export function sawPart(reading: Reading, name: string, { width, height, on: [top, bottom] }: Look): Reading {
  const part = reading.parts.find((one) => one.name === name)
  if (part === undefined) throw new RangeError(`name: there is no part ${name}`)
  if (part.read || height <= 0) return reading
  const same = part.size?.width === width && part.size.height === height
  const before = same ? part.seen : []
  const from = Math.max(0, top)
  const to = Math.min(height, bottom)
  const seen = to > from ? merged([...before, [from, to]]) : before
  const read = gapIn(seen, height) === null
  const now = { ...part, size: { width, height }, seen, read }
  return { ...reading, parts: reading.parts.map((one) => (one === part ? now : one)) }
}

/** Where the page that is open goes on, in pixels from its beginning; null where it was read. */
export function readOn({ parts, at }: Reading): number | null {
  const part = parts[at]
  if (part === undefined || part.read) return null
  return part.size === null ? 0 : (gapIn(part.seen, part.size.height) ?? 0)
}

/** The page before or after. Nobody turns a page that was not read. */
export function turnPage(reading: Reading, by: 1 | -1): Reading {
  if (by === 1 && readOn(reading) !== null) return reading
  return { ...reading, at: Math.min(reading.parts.length - 1, Math.max(0, reading.at + by)) }
}

/** Parts that are not read, in their order. */
export const unreadParts = ({ parts }: Reading): string[] =>
  parts.flatMap(({ name, read }) => (read ? [] : [name]))

/** Whether the yes may live: all was read, and the last page, which says what the yes does, is open. */
export const mayDecide = (reading: Reading): boolean =>
  unreadParts(reading).length === 0 && reading.at === reading.parts.length - 1

function merged(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = []
  for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
    const last = all.at(-1)
    if (last !== undefined && from <= last[1] + fraction)
      all[all.length - 1] = [last[0], Math.max(last[1], to)]
    else all.push([from, to])
  }
  return all
}

/** The first place that no stretch has. */
function gapIn(seen: readonly Stretch[], height: number): number | null {
  const [from, to] = seen[0] ?? [height, 0]
  if (from > fraction) return 0
  return to >= height - fraction ? null : to
}
