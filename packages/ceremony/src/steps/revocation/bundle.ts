import { required, type Verification } from '../../bundle/verification.ts'
import { stepsOf } from '../../plan/queries.ts'

/** Keys are revoked in a step of the plan that was done, which witnesses saw. */
export function revocationFault(v: Verification): string | null {
  if (v.predicate.revokes === undefined) return null
  const steps = stepsOf(required(v.plan)).filter(({ step }) => step.do === 'revoke-keys')
  if (steps.length === 0) return 'no step of the plan revokes keys'
  // A note names a step too, and is nobody's consent.
  const undone = steps.find(({ step }) => !v.run.course.includes(step.id))
  return undone === undefined ? null : `${undone.step.id}: nobody confirmed it`
}
