import type { Outcome, Refusal } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import * as v from 'valibot'

/** Input of a call as its schema has it. Refuses INPUT-INVALID, naming the field and never its value. */
export function checked<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  throw new ExpectedError(
    'INPUT-INVALID',
    v.getDotPath(result.issues[0]) ?? 'the call’s input has the wrong shape',
  )
}

export const empty = v.strictObject({})
export const text = v.pipe(v.string(), v.maxLength(2000))
export const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200))
export const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096))
export const hexId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))
export const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
export const serial = v.pipe(v.string(), v.maxLength(64))
export const pin = v.pipe(v.string(), v.minLength(1), v.maxLength(255))

/** A refusal as the failure of a call. */
export function refuse(refusal: Refusal<string> | null): void {
  if (refusal !== null) throw new ExpectedError(refusal.rule, refusal.detail)
}

/** What was accepted; a refusal is the failure of a call. */
export function needed<T>(outcome: Outcome<T, string>): T {
  if (outcome.ok) return outcome.value
  throw new ExpectedError(outcome.rule, outcome.detail)
}
