import { lintCards, lintPlan, readPlan } from '@lux/ceremony/plan'
import { checkPolicy, expired, type PolicyFile, policyDigest } from '@lux/ceremony/policy'
import { type Card, cardCodec } from '@lux/ceremony/wire'
import { ExpectedError } from '@lux/node-files'
import { roomOf } from '../runs/begin/policy-terms.ts'
import { refusedPlan } from '../runs/begin/refused-plan.ts'
import type { RehearsalParts, RehearsalRequest } from './rehearsal-request.ts'

/**
 * A plan of people who all act for themselves, under the policy that their officers signed: nobody is simulated, and nothing is signed
 * by this machine. Refuses the plan's rules and the policy's, REHEARSAL-OWN-DEVICES.
 */
export function rehearsalOfPeople(
  { clock }: Pick<RehearsalRequest, 'clock'>,
  { plan: planBytes, signed, cards }: { plan: Uint8Array; signed: PolicyFile; cards: readonly Card[] },
): RehearsalParts {
  const { policy } = signed
  const read = readPlan(planBytes)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { plan, hash } = read
  const known = new Map(cards.map((card) => [cardCodec.digest(card), card]))
  const room = roomOf(policy)
  const refusals = [...lintPlan(plan, room), ...lintCards(plan, (digest) => known.get(digest), room.listed)]
  if (refusals.length > 0) throw refusedPlan(refusals)
  if (policy.domain !== 'rehearsal') throw new ExpectedError('POLICY-DOMAIN', `it is of ${policy.domain}`)
  const digest = policyDigest(policy)
  if (plan.policy !== digest)
    throw new ExpectedError('POLICY-DIGEST', `the plan names the policy ${plan.policy}`)
  const late = expired(policy, clock.now())
  if (late !== null) throw new ExpectedError(late.rule, late.detail)
  const whole = checkPolicy(signed)
  if (!whole.ok) throw new ExpectedError(whole.rule, whole.detail)
  // What an earlier ceremony made is simulated with simulated people around it: there are none here.
  if (plan.fhe?.existing !== undefined || plan.recovery !== undefined)
    throw new ExpectedError('REHEARSAL-OWN-DEVICES', 'the plan goes on from an earlier ceremony')
  const seated = plan.people.map(({ role, name, card: listed }) => {
    const card = known.get(listed)
    if (card === undefined) throw new ExpectedError('CARD-MISSING', `the card of ${role} ${name}`)
    return { role, name, card }
  })
  return { planBytes, plan, hash, policy: signed, planPolicy: digest, standIns: [], seated, listed: [] }
}
