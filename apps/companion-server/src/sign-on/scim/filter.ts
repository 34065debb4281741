import { type Filter, parse } from 'scim2-parse-filter'

/** A filter's values are JSON strings, which hold none of these. */
const control = /\p{Cc}/u

/** Null where the text does not follow RFC 7644, 3.4.2.2. */
export function readFilter(text: string): Filter | null {
  // The library's time doubles with each line break inside an open string.
  if (control.test(text)) return null
  try {
    const filter = parse(text)
    return isWhole(filter) ? filter : null
  } catch {
    return null
  }
}

/** The library takes a “not” between two comparisons, and then cannot evaluate it. */
function isWhole(filter: Filter): boolean {
  if ('filters' in filter) return (filter.op === 'and' || filter.op === 'or') && filter.filters.every(isWhole)
  if (filter.op === 'not') return isWhole(filter.filter)
  return filter.op !== '[]' || isWhole(filter.valFilter)
}
