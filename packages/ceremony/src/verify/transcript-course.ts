import { member } from '../bundle/recorded.ts'
import { required, type Verification } from '../bundle/verification.ts'
import type { Plan, Step } from '../plan/plan.ts'
import { keyOf, stepsOf } from '../plan/queries.ts'
import { makesKey, seals, stepFacts } from '../steps/facts.ts'
import { isProbed } from '../steps/token/bundle.ts'

type Made = Verification['run']['made'][number]

/** SPEC.md 6.4 "How a run goes": whether what the transcript says can have been one run of this plan, ready to be sealed. */
export function courseFault(v: Verification): string | null {
  const plan = required(v.plan)
  const steps = stepsOf(plan).map(({ step }) => step)
  return (
    endFault(v) ??
    orderFault(v, steps) ??
    probeFault(v, steps) ??
    keyFault(plan, steps) ??
    makingFault(v, steps)
  )
}

function endFault({ run: { stopped } }: Verification): string | null {
  return stopped === null ? null : `${stopped}: the run was not at work when it was sealed`
}

/** Every step up to the seal was done, in the plan's order, and none after it. */
function orderFault({ run }: Verification, steps: readonly Step[]): string | null {
  const places = new Map(steps.map(({ id }, index) => [id, index]))
  const seal = steps.findIndex(seals)
  if (places.size !== steps.length) return 'two steps of the plan have one id'
  if (seal < 0) return 'no step of the plan seals the bundle'
  const missing = steps.slice(0, seal + 1).find(({ id }) => !run.named.has(id))
  if (missing !== undefined) return `${missing.id}: the transcript has nothing of it`
  let last = -1
  for (const id of run.course) {
    const place = places.get(id)
    if (place === undefined) continue
    if (place < last) return `${id}: done after ${steps[last]?.id}, which the plan has later`
    last = place
  }
  return last === seal ? null : `${steps[last]?.id}: the last step that was done is not the one that seals`
}

/** CEREMONY.md "Attack probe": whatever the level of evidence, the hardened template held before a key was made in the token. */
function probeFault(v: Verification, steps: readonly Step[]): string | null {
  const found = steps.find((step) => stepFacts[step.do].key?.probed === true && !isProbed(v, step, 'E0'))
  return found === undefined ? null : `${found.id}: in a token that passed no probe before`
}

/** A key is made by one step, after the key above it, and is used in none before. */
function keyFault(plan: Plan, steps: readonly Step[]): string | null {
  const makers = steps.filter(makesKey)
  for (const [index, step] of makers.entries())
    if (makers.slice(0, index).some((other) => keyMadeBy(other) === keyMadeBy(step)))
      return `${step.id}: makes what another step of the plan makes`
  const toBeMade = new Set(makers.map(keyMadeBy))
  for (const step of steps) {
    const makes = makesKey(step)
    const used = makes ? keyOf(plan, step.key)?.parent : step.key
    if (used !== undefined && toBeMade.has(used)) return `${step.id}: comes before ${used} is made`
    if (makes) toBeMade.delete(keyMadeBy(step))
  }
  return null
}

/** No id of a key has a space. */
function keyMadeBy(step: Step): string {
  return stepFacts[step.do].key?.makes === 'the key that it names' ? (step.key ?? '') : `the ${step.do}`
}

/** What is made is made in its step, and once; or again where officers decided to retry, and what was there before is gone. */
function makingFault(v: Verification, steps: readonly Step[]): string | null {
  const kinds = new Map<string, string>(steps.map(({ id, do: kind }) => [id, kind]))
  const before = new Map<string, Made>()
  for (const made of v.run.made) {
    const { stepId, effect } = made
    if (kinds.get(stepId) !== effect) return `${stepId}: ${effect} in a step that is for something else`
    const first = before.get(stepId)
    before.set(stepId, made)
    if (first === undefined) continue
    if (!isRetried(v, first, made)) return `${stepId}: made a second time, and nobody decided so`
    if (isListed(v, first)) return `${stepId}: what was made before the retry is in the token still`
  }
  return null
}

function isRetried(v: Verification, first: Made, again: Made): boolean {
  return v.run.decided.some(
    ({ seq, stepId }, index) =>
      stepId === again.stepId &&
      seq > first.seq &&
      seq < again.seq &&
      v.exceptions[index]?.payload.decided === 'retry',
  )
}

function isListed({ run }: Verification, { ckaId }: Made): boolean {
  if (typeof ckaId !== 'string') return false
  return [...run.results].some(([place, result]) => {
    const objects = place.endsWith(' inventory') ? member(result, 'objects') : null
    return Array.isArray(objects) && objects.some((one) => member(one, 'ckaId') === ckaId)
  })
}
