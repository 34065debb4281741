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

/** By what they compute, as the tokens' known answers name them: packages/hsm "known-answers". */
const wrapMechanisms: readonly Json[] = ['KWP-RFC5649', 'KW-RFC3394']

const transportMechanisms: readonly string[] = ['RSA-OAEP-SHA1', 'RSA-OAEP-SHA256']

/** Whether a key that is wrapped so is kept secret and whole. */
export function isWrapMechanism(mechanism: Json): boolean {
  return wrapMechanisms.includes(mechanism)
}

/** Whether a root that goes to a server is wrapped so. */
export function isTransportMechanism(mechanism: string): boolean {
  return transportMechanisms.includes(mechanism)
}
