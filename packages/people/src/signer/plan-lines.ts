import { printPlan, readPlan } from '@lux/ceremony/plan'
import { newest, type SignatureRequest } from '@lux/ceremony/wire'
import { fromBase64 } from '@lux/crypto'
import { checked, no, type Outcome } from '../outcome.ts'
import type { Explained } from './explain.ts'

/**
 * The plan whose approval is asked for, as people read it, from the request's own copy, which must be the one that the signed bytes
 * name: nobody approves what they have not seen, nor a plan that no run begins any more. Refuses REQUEST-PLAN, POLICY-OLDEST.
 */
export function planLines(
  { plan }: Pick<SignatureRequest, 'plan'>,
  { digest }: Pick<Explained, 'digest'>,
): Outcome<string[]> {
  return checked(() => {
    if (plan === undefined) return no('REQUEST-PLAN', 'the request has no plan to read', 'request')
    const read = readPlan(fromBase64(plan))
    if (!read.ok) return no('REQUEST-PLAN', 'the plan that came with it does not read', 'request')
    if (read.hash !== digest)
      return no('REQUEST-PLAN', `the plan that came with it is ${read.hash}`, 'request')
    if (read.plan.v !== newest)
      return no(
        'POLICY-OLDEST',
        `a plan of version ${read.plan.v}, runs begin in version ${newest}`,
        'request',
      )
    return printPlan(read.plan, read.hash).trimEnd().split('\n')
  }, 'request')
}
