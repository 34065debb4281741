import type { Json } from '@lux/crypto'

/** The members of a JSON object. Empty for anything else. */
export function members(value: Json | undefined): { [name: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}
