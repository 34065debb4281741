import { encodeCanonical, equalBytes, type Json } from '@lux/crypto'
import type { Step } from '../plan/plan.ts'
import type { Predicate } from './predicate.ts'

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

export type Evidence = Predicate['keyEvidence'][number]

/** What the transcript says of a step; null where its facts are redacted, which say only that it was done. */
export type Recorded = { step: Step; result: Json }

/** The digest of a file that a result names; null where it names none. */
export function fileOf(result: Json, name: string): Json {
  return member(member(result, name), 'sha256')
}
