import { sha256Hex } from '@lux/crypto'
import type { Digest, Plan } from './plan.ts'
import type { PlanRefusal } from './rules.ts'
import { shapePlan } from './schema.ts'
import { cutOff, decodeText, parseYaml } from './yaml-text.ts'

export type ReadPlan = { ok: true; plan: Plan; hash: Digest } | { ok: false; refusals: PlanRefusal[] }

/** SHA-256 of the plan file's bytes, hex: what officers approve. */
export function planHash(bytes: Uint8Array): Digest {
  return sha256Hex(bytes)
}

/** A plan file, strictly: PLAN-01 bytes, PLAN-02 YAML, PLAN-03 schema, PLAN-46 cut off. Does not lint. */
export function readPlan(bytes: Uint8Array): ReadPlan {
  const text = decodeText(bytes)
  if (!text.ok) return text
  const value = parseYaml(text.value)
  if (!value.ok) return value
  const shaped = shapePlan(value.value)
  if (shaped.ok) return { ok: true, plan: shaped.value, hash: planHash(bytes) }
  return { ok: false, refusals: [...unendedLine(bytes), ...shaped.refusals] }
}

/**
 * PLAN-46 of a file whose last line has no end: for a plan in which something else is wrong, for it alone is no fault. What was
 * read and begins with a brace ends with one, so that it is whole, such as a policy in the plan's place.
 */
export function unendedLine(bytes: Uint8Array): PlanRefusal[] {
  return bytes.at(-1) === 0x0a || bytes[0] === 0x7b
    ? []
    : [cutOff('the last line of the file has no line end')]
}
