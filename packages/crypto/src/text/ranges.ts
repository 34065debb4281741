/** Ascending, both ends of each included. */
export type Ranges = readonly (readonly [from: number, to: number])[]

/** Reads `30-39 5f`: code points in hexadecimal. */
export function ranges(text: string): Ranges {
  return text.split(' ').map((span) => {
    const [from = '', to = from] = span.split('-')
    return [Number.parseInt(from, 16), Number.parseInt(to, 16)] as const
  })
}

/** The place of the range that holds the point, or -1. */
export function rangeOf(spans: Ranges, point: number): number {
  let [low, high] = [0, spans.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const [from, to] = spans[middle] ?? [0, 0]
    if (point < from) high = middle - 1
    else if (point > to) low = middle + 1
    else return middle
  }
  return -1
}

export function inRanges(spans: Ranges, point: number): boolean {
  return rangeOf(spans, point) >= 0
}
