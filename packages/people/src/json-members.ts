import type { Json } from '@lux/crypto'

/** The members of a JSON object; of anything else none. */
export function members(value: Json | undefined): { [name: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}
