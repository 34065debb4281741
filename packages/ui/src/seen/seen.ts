import { type RefObject, useEffect, useEffectEvent } from 'react'

/** A stretch of a part: from and to, in pixels from its start. */
type Stretch = readonly [from: number, to: number]

/** A part's layout, and the stretch of it that is on screen. */
export type Look = { readonly width: number; readonly height: number; readonly on: Stretch }

type PartSeen = {
  readonly name: string
  /** The height of the layout that `seen` was measured in. Null before the first look. */
  readonly size: { readonly width: number; readonly height: number } | null
  /** In order, without overlaps. */
  readonly seen: readonly Stretch[]
  /** A part that was read stays read in any later layout. */
  readonly read: boolean
}

/** What somebody has read before a yes, and the page that is open. */
export type Reading = { readonly parts: readonly PartSeen[]; readonly at: number }

/** Layouts have fractions of pixels. A gap below this is no unread line. */
const fraction = 1

/** A reading with nothing read. Throws without parts, because nobody may say yes to nothing. */
export function beginReading(names: readonly string[]): Reading {
  if (names.length === 0) throw new RangeError('names: a yes needs a part that is read')
  if (new Set(names).size !== names.length) throw new RangeError('names: two parts have one name')
  return { parts: names.map((name) => ({ name, size: null, seen: [], read: false })), at: 0 }
}

/** Counts the stretch on screen as read. In another layout the unread lines may be elsewhere, so the part starts over. */
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

/** Where the open page, or the part of this name, continues, in pixels from its start. Null where all of it was read. */
export function readOn({ parts, at }: Reading, name?: string): number | null {
  const part = name === undefined ? parts[at] : parts.find((one) => one.name === name)
  if (part === undefined || part.read) return null
  return part.size === null ? 0 : (gapIn(part.seen, part.size.height) ?? 0)
}

/** Turns to the page before or after. A page that was not read cannot be turned. */
export function turnPage(reading: Reading, by: 1 | -1): Reading {
  if (by === 1 && readOn(reading) !== null) return reading
  return { ...reading, at: Math.min(reading.parts.length - 1, Math.max(0, reading.at + by)) }
}

/** The unread parts, in order. */
export const unreadParts = ({ parts }: Reading): string[] =>
  parts.flatMap(({ name, read }) => (read ? [] : [name]))

/** Whether the yes works: all was read, and the last page, which says what the yes does, is open. */
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

/** The first pixel that no stretch covers. */
function gapIn(seen: readonly Stretch[], height: number): number | null {
  const [from, to] = seen[0] ?? [height, 0]
  if (from > fraction) return 0
  return to >= height - fraction ? null : to
}

/** What scrolls a part, where the whole page does not. */
const frameOf = (part: HTMLElement): Element | null => part.closest('[data-scrolls]')

/**
 * Reports what is on screen of `part` whenever it may have changed. What lies below the top of `bar` is hidden, and so is what lies outside
 * of the frame that scrolls it.
 */
export function useSeen(
  part: RefObject<HTMLElement | null>,
  bar: RefObject<HTMLElement | null>,
  onLook: (look: Look) => void,
): void {
  const tell = useEffectEvent(onLook)
  useEffect(() => {
    let frame = 0
    // In an animation frame, which a hidden page never gets.
    const ask = (): void => {
      if (frame === 0) frame = requestAnimationFrame(look)
    }
    function look(): void {
      frame = 0
      if (part.current === null || document.visibilityState !== 'visible') return
      const { top, width, height } = part.current.getBoundingClientRect()
      const box = frameOf(part.current)?.getBoundingClientRect()
      const start = visualViewport?.offsetTop ?? 0
      const upper = Math.max(start, box?.top ?? start)
      const lower = Math.min(
        bar.current?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY,
        box?.bottom ?? Number.POSITIVE_INFINITY,
        start + (visualViewport?.height ?? innerHeight),
      )
      tell({ width, height, on: [upper - top, lower - top] })
    }
    const sizes = new ResizeObserver(ask)
    for (const one of [part.current, bar.current]) if (one !== null) sizes.observe(one)
    const heard = [
      [window, 'scroll'],
      [window, 'resize'],
      [visualViewport, 'scroll'],
      [visualViewport, 'resize'],
      [document, 'visibilitychange'],
    ] as const
    for (const [where, what] of heard) where?.addEventListener(what, ask, { capture: true, passive: true })
    ask()
    return () => {
      cancelAnimationFrame(frame)
      sizes.disconnect()
      for (const [where, what] of heard) where?.removeEventListener(what, ask, { capture: true })
    }
  }, [part, bar])
}

/** When a part is longer than the screen, this much of it stays in sight after a step, in pixels. */
const overlap = 32

const blocks = ['h2', 'dt', 'dd', 'li', 'p', 'pre', 'summary', 'figcaption'].join()

/** Scrolls to the first line of a part that was not on screen yet, `from` pixels from its start. `focus`: a screen reader continues there too. */
export function goOnIn(part: HTMLElement, from: number, focus = true): void {
  const at = part.getBoundingClientRect().top + from
  if (focus) {
    const line = [...part.querySelectorAll<HTMLElement>(blocks)].find(
      (one) => one.getBoundingClientRect().bottom > at + 1,
    )
    if (line !== undefined && line.tabIndex < 0) line.tabIndex = -1
    line?.focus({ preventScroll: true })
  }
  const frame = frameOf(part)
  const top = frame?.getBoundingClientRect().top ?? 0
  ;(frame ?? window).scrollBy(0, at - top - overlap)
}
