import { encodeCanonical, type Json, sha256Hex } from '@lux/crypto'
import type { Plan } from './plan.ts'

/** One difference at a path such as `parts[0].steps[2].text`; null where a side has nothing. */
export type PlanChange = { path: string; before: Json; after: Json }

/** Every difference between two plans, in the order of the plan's entries; lists are compared place by place. */
export function diffPlans(before: Plan, after: Plan): PlanChange[] {
  return changes('', before, after)
}

/** SHA-256 of the JCS of {before, after, changes}: what officers sign when the rehearsal was of an earlier plan. */
export function diffDigest(beforeHash: string, afterHash: string, found: readonly PlanChange[]): string {
  const changed = found.map(({ path, before, after }) => ({ path, before, after }))
  return sha256Hex(encodeCanonical({ before: beforeHash, after: afterHash, changes: changed }))
}

function changes(path: string, before: unknown, after: unknown): PlanChange[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, index) =>
      changes(`${path}[${index}]`, before[index], after[index]),
    ).flat()
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => changes(path === '' ? key : `${path}.${key}`, before[key], after[key]))
  }
  if (before === after) return []
  return [{ path, before: asJson(before), after: asJson(after) }]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// A part of a plan is YAML data that passed the schema: strings, integers, booleans, lists and maps of them.
function asJson(value: unknown): Json {
  return value === undefined ? null : (value as Json)
}
