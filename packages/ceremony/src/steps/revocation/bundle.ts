import { required, type Verification } from '../../bundle/verification.ts'
import { stepsOf } from '../../plan/queries.ts'

/** Keys are revoked in a step of the plan, which witnesses saw. */
export function revocationFault(v: Verification): string | null {
  if (v.predicate.revokes === undefined) return null
  const planned = stepsOf(required(v.plan)).some(({ step }) => step.do === 'revoke-keys')
  return planned ? null : 'no step of the plan revokes keys'
}
