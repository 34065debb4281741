import type { Json } from '@lux/crypto'
import { textFault } from '@lux/crypto/text'

/**
 * Of a fact, what people are called and what they typed: SPEC.md 13.4. What the machine wrote of itself may hold anything, such as
 * why a run paused when its program was started again.
 */
function textsIn(fact: { readonly [name: string]: Json }): Json[] {
  const {
    by = null,
    name = null,
    text = null,
    reason = null,
    cause = null,
    input = null,
    seats = null,
  } = fact
  return [
    ...(isList(by) ? by : [by]),
    name,
    text,
    ...(cause === 'restart' ? [] : [reason]),
    ...(isMap(input) ? Object.values(input) : []),
    ...(isList(seats) ? seats.map((seat) => (isMap(seat) ? (seat.name ?? null) : null)) : []),
  ]
}

/** How one of them breaks the text rule, or null. */
export function factTextFault(fact: { readonly [name: string]: Json }): string | null {
  for (const text of textsIn(fact)) {
    const fault = typeof text === 'string' ? textFault(text) : null
    if (fault !== null) return fault
  }
  return null
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isMap(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !isList(value)
}
