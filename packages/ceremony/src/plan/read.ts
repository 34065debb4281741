import { sha256Hex } from '@lux/crypto'
import type { Digest, Plan } from './plan.ts'
import type { PlanRefusal } from './plan-rules.ts'
import { shapePlan } from './schema.ts'
import { decodeText, parseYaml } from './yaml-text.ts'

export type ReadPlan = { ok: true; plan: Plan; hash: Digest } | { ok: false; refusals: PlanRefusal[] }

/** SHA-256 of the plan file's bytes, hex: what officers approve. */
export function planHash(bytes: Uint8Array): Digest {
  return sha256Hex(bytes)
}

/** A plan file, strictly: PLAN-01 bytes, PLAN-02 YAML, PLAN-03 schema. Does not lint. */
export function readPlan(bytes: Uint8Array): ReadPlan {
  const text = decodeText(bytes)
  if (!text.ok) return text
  const value = parseYaml(text.value)
  if (!value.ok) return value
  const shaped = shapePlan(value.value)
  return shaped.ok ? { ok: true, plan: shaped.value, hash: planHash(bytes) } : shaped
}
