import { fits, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { keyOf } from '../../plan/queries.ts'
import { placeFault } from '../token/bundle.ts'
import { decommissions, unfinished } from './queries.ts'

/** DECOMMISSION: the root of the plan is gone from every token of the plan, each by its serial, under the identifier of its birth. */
export async function checkDecommission(v: Verification): Promise<Outcome<string>> {
  const plan = required(v.plan)
  const steps = decommissions(plan)
  const gone = v.predicate.decommissioned ?? []
  if (steps.length !== gone.length)
    return wrong(`${gone.length} tokens are cleared, ${steps.length} are planned`)
  for (const [index, { id, token, serial, ckaId }] of gone.entries()) {
    const step = steps[index]
    if (step === undefined || step.key !== id || (step.token ?? 'ceremony') !== token)
      return wrong(`${id} in ${token}: the plan takes another root from another token`)
    const birth = keyOf(plan, id)?.existing
    if (ckaId !== birth?.ckaId) return wrong(`${id} has another CKA_ID than its birth gave it`)
    if (birth.possession === undefined) return wrong(`${id}: the plan does not name the proof of its birth`)
    const place = placeFault(v, step, { serial, evidence: 'E0' })
    if (place !== null) return wrong(`${id} in ${token}: ${place}`)
  }
  for (const { id } of gone)
    for (const role of unfinished(plan, id)) return wrong(`${id} may still be in the token ${role}`)
  return accept(
    gone.length === 0
      ? 'nothing is decommissioned'
      : gone.map(({ id, token }) => `${id} is gone from ${token}`).join('; '),
  )
}

/** Each gave the root's own proof, was destroyed and found absent, as witnesses cosigned it. */
export function decommissionFault(v: Verification, recorded: readonly Recorded[]): string | null {
  const done = recorded.filter(({ step }) => step.do === 'decommission-root')
  for (const [index, { id, serial, ckaId }] of (v.predicate.decommissioned ?? []).entries()) {
    const found = done[index]
    if (found === undefined) return `${ckaId}: no step of the plan destroys it`
    if (found.result === null) continue
    if (!fits(found.result, { serial, ckaId, absent: true })) return `${found.step.id}: it is not absent`
    const proof = v.predicate.possession.find((one) => one.id === id)
    if (proof === undefined || !fits(found.result, { mechanism: proof.mechanism, digest: proof.digest }))
      return `${found.step.id}: what was destroyed did not give the proof of ${id}`
  }
  return null
}

function wrong(detail: string): Outcome<never> {
  return refuse('DECOMMISSION', detail)
}
