import { lintPlan, readPlan } from '@lux/ceremony/plan'
import { deriveRehearsalPolicy, type Policy, policyDigest } from '@lux/ceremony/policy'
import { type Card, cardCodec, serverCardCodec } from '@lux/ceremony/wire'
import { CoreError } from '../core-error.ts'
import { refusedPlan } from './refused-plan.ts'
import { signedBy } from './rehearsal-policy.ts'
import type { RehearsalParts, RehearsalRequest } from './rehearsal-request.ts'
import { isAttested, makeVendor } from './stand-in-vendor-key.ts'
import { makeStandIns, type StandIn } from './stand-ins.ts'
import { countsOf } from './terms.ts'

/** A reviewed plan as it is, its policy derived with a stand-in for everybody whom it lists. */
export async function rehearsalOfPlan(
  request: RehearsalRequest,
  { plan: planBytes, policy: planPolicy }: { plan: Uint8Array; policy: Policy },
): Promise<RehearsalParts> {
  const read = readPlan(planBytes)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { plan, hash } = read
  const refusals = lintPlan(plan, countsOf(planPolicy))
  if (refusals.length > 0) throw refusedPlan(refusals)
  if (plan.policy !== policyDigest(planPolicy)) {
    throw new CoreError(
      'POLICY-DIGEST',
      `the plan names the policy ${plan.policy}`,
      'give the policy that the plan names',
    )
  }
  const standIns = await makeStandIns(plan.people, request.entropy)
  const cards = new Map<string, Card>(
    plan.people.map(({ card }, index) => [card, standInAt(standIns, index).card]),
  )
  const servers = new Map(request.destinations.map(({ card }) => [serverCardCodec.digest(card), card]))
  const derived = deriveRehearsalPolicy(planPolicy, {
    cards,
    servers,
    tool: request.measurement.build,
    ...(isAttested(plan) ? { attestationRoot: makeVendor(request.folder, request.clock.now()) } : {}),
  })
  if (!derived.ok) throw new CoreError(derived.rule, derived.detail, 'seat everybody whom the policy lists')
  const listed = plan.people.map(({ name, card }, index) => ({
    what: 'card' as const,
    name,
    listed: card,
    standIn: cardCodec.digest(standInAt(standIns, index).card),
  }))
  return {
    planBytes,
    plan,
    hash,
    policy: signedBy(derived.value, standIns),
    planPolicy: plan.policy,
    standIns,
    listed,
  }
}

function standInAt(standIns: readonly StandIn[], index: number): StandIn {
  const found = standIns[index]
  if (found === undefined) throw new RangeError('one stand-in is made for each person')
  return found
}
