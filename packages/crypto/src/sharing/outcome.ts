import type { Refusal } from '../verdict.ts'

/** A value, or the rule that refuses it. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal

export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}
