import { lintPlan, type Plan, readPlan } from '@lux/ceremony/plan'
import { deriveRehearsalPolicy, type Policy, policyDigest } from '@lux/ceremony/policy'
import { type Card, cardCodec, serverCardCodec } from '@lux/ceremony/wire'
import { CoreError } from '../core-error.ts'
import { makeOutsiders, saveOutsiders } from './outsiders.ts'
import { refusedPlan } from './refused-plan.ts'
import { signedBy } from './rehearsal-policy.ts'
import type { RehearsalParts, RehearsalRequest } from './rehearsal-request.ts'
import { makeStandInEpoch } from './stand-in-epoch.ts'
import { isAttested, makeVendor } from './stand-in-vendor-key.ts'
import { makeStandIns, type StandIn } from './stand-ins.ts'
import { roomOf } from './terms.ts'

/** A reviewed plan as it is, its policy derived with a stand-in for everybody whom it lists. */
export async function rehearsalOfPlan(
  request: RehearsalRequest,
  { plan: planBytes, policy: planPolicy }: { plan: Uint8Array; policy: Policy },
): Promise<RehearsalParts> {
  const read = readPlan(planBytes)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { plan, hash } = read
  const refusals = lintPlan(plan, roomOf(planPolicy))
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
  const outsiders = await outsidersOf(request, plan, planPolicy)
  const servers = new Map(request.destinations.map(({ card }) => [serverCardCodec.digest(card), card]))
  const derived = deriveRehearsalPolicy(planPolicy, {
    cards,
    servers,
    ...(outsiders === null ? {} : { outsiders }),
    tool: request.measurement.build,
    ...(isAttested(plan) ? { attestationRoot: makeVendor(request.folder, request.clock.now()) } : {}),
  })
  if (!derived.ok) throw new CoreError(derived.rule, derived.detail, 'seat everybody whom the policy lists')
  const { fhe } = plan
  if (fhe?.existing !== undefined) {
    const { t, n, mode, squash, holders: names } = fhe
    await makeStandInEpoch(request, { standIns, policy: derived.value, names, terms: { t, n, mode, squash } })
  }
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

/** Stand-ins for whom policies name around a threshold key; null where neither plan nor policy has anything to do with one. */
async function outsidersOf(request: RehearsalRequest, plan: Plan, policy: Policy) {
  const named = policy.requesters.length + policy.evaluators.length + policy.encryptors.length
  if (plan.fhe === undefined && named === 0) return null
  const outsiders = await makeOutsiders(request.entropy)
  saveOutsiders(request.folder, outsiders)
  return { cards: outsiders.people.map(({ card }) => card), combiner: outsiders.combiner.recipient }
}

function standInAt(standIns: readonly StandIn[], index: number): StandIn {
  const found = standIns[index]
  if (found === undefined) throw new RangeError('one stand-in is made for each person')
  return found
}
