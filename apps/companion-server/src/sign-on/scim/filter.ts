import { type Filter, parse } from 'scim2-parse-filter'

/** Null where the text does not follow RFC 7644, 3.4.2.2. */
export function readFilter(text: string): Filter | null {
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
