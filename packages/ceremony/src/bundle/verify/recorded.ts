import { encodeCanonical, equalBytes, type Json } from '@lux/crypto'

/** A member of an object; null where there is none. */
export function member(value: Json, name: string): Json {
  if (typeof value !== 'object' || value === null) return null
  return Object.entries(value).find(([key]) => key === name)?.[1] ?? null
}

/** By their JCS. */
export function same(one: Json, other: Json): boolean {
  return equalBytes(encodeCanonical(one), encodeCanonical(other))
}

/** Whether each of these members stands in what was recorded. */
export function fits(recorded: Json, members: Record<string, Json>): boolean {
  return Object.entries(members).every(([name, value]) => same(member(recorded, name), value))
}
