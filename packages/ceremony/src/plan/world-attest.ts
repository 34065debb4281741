import type { Plan, Step } from './plan.ts'
import { ceremonyKeyId, keyOf, tokenOf, voucherOf } from './queries.ts'

/** PLAN-35: why nobody could vouch for the key at this step. */
export function attestFaults(
  plan: Plan,
  step: Step,
  world: {
    keys: ReadonlySet<string>
    proved: ReadonlySet<string>
    attested: ReadonlySet<string>
    home: string
  },
): string[] {
  const id = step.key ?? ceremonyKeyId
  const key = keyOf(plan, step.key)
  const token = tokenOf(plan, step)
  const found: string[] = []
  if (step.key !== undefined && key === undefined) return [`${step.key} is no key of the plan`]
  if (world.attested.has(id)) found.push(`${id} is attested twice`)
  if (key?.existing !== undefined) found.push(`the evidence of ${id} is in the bundle of its own ceremony`)
  else if (key !== undefined && !world.keys.has(id)) found.push(`${id} is not made yet`)
  else if (key?.level === 'root' && !world.proved.has(id)) found.push(`${id} is not proved before`)
  const role = step.token ?? 'ceremony'
  if (role !== (key === undefined ? 'ceremony' : world.home)) found.push(`${id} is not in the token ${role}`)
  if (token === undefined) return found
  const { attestation, serial } = token
  if (attestation === undefined) found.push(`the token ${role} names no attestation`)
  if (voucherOf(step) === 'vendor') {
    if (key !== undefined)
      found.push(`no vendor attests ${id}, which is a secret or leaves its token wrapped`)
  } else {
    if (attestation !== undefined && attestation.companion === undefined)
      found.push(`the token ${role} names no companion`)
    if (serial === 'new') found.push(`the token ${role} is new, so nobody attested a companion in it`)
  }
  return found
}
