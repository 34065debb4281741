import { lintPlan, type Plan, readPlan } from '@lux/ceremony/plan'
import { deriveRehearsalPolicy, expired, type Policy, policyDigest } from '@lux/ceremony/policy'
import { type Card, cardCodec, serverCardCodec } from '@lux/ceremony/wire'
import { ExpectedError } from '@lux/node-files'
import { roomOf } from '../runs/begin/policy-terms.ts'
import { refusedPlan } from '../runs/begin/refused-plan.ts'
import { isAttested, makeVendor } from '../runs/effects/rehearsal-vendor.ts'
import { makeOutsiders, saveOutsiders } from './outsiders.ts'
import type { RehearsalParts, RehearsalRequest } from './rehearsal-request.ts'
import { makeStandInBackup } from './stand-in-backup.ts'
import { makeStandInEpoch } from './stand-in-epoch.ts'
import { makeNextPolicy } from './stand-in-policy.ts'
import { makeStandIns, type StandIn, signedBy } from './stand-ins.ts'

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
    throw new ExpectedError('POLICY-DIGEST', `the plan names the policy ${plan.policy}`)
  }
  const late = expired(planPolicy, request.clock.now())
  if (late !== null) throw new ExpectedError(late.rule, late.detail)
  const standIns = await makeStandIns(plan.people, request.entropy)
  const unseated = unseatedOf(plan, planPolicy)
  const everybody = [...standIns, ...(await makeStandIns(unseated, request.entropy))]
  const listed = [...plan.people, ...unseated].map(({ name, card }, index) => ({
    name,
    listed: card,
    standIn: standInAt(everybody, index).card,
  }))
  const cards = new Map<string, Card>(listed.map(({ listed: card, standIn }) => [card, standIn]))
  const outsiders = await outsidersOf(request, plan, planPolicy)
  const servers = new Map(request.destinations.map(({ card }) => [serverCardCodec.digest(card), card]))
  const derived = deriveRehearsalPolicy(planPolicy, {
    cards,
    servers,
    ...(outsiders === null ? {} : { outsiders }),
    tool: request.measurement.build,
    ...(isAttested(plan) ? { attestationRoot: makeVendor(request.folder, request.clock.now()) } : {}),
  })
  if (!derived.ok) throw new ExpectedError(derived.rule, derived.detail)
  const { fhe } = plan
  if (fhe?.existing !== undefined) {
    const { t, n, mode, squash, holders: names } = fhe
    await makeStandInEpoch(request, { standIns, policy: derived.value, names, terms: { t, n, mode, squash } })
  }
  if (plan.recovery !== undefined) {
    const { custodians, backup } = plan.recovery
    await makeStandInBackup(request, {
      standIns: await everyCustodian(request, standIns, custodians),
      key: backup.key,
      t: backup.t,
      custodians,
    })
  }
  if (plan.nextPolicy !== undefined) await makeNextPolicy(request, derived.value)
  return {
    planBytes,
    plan,
    hash,
    policy: signedBy(derived.value, standIns),
    planPolicy: plan.policy,
    standIns,
    seated: standIns,
    listed: listed.map((one) => ({ ...one, what: 'card', standIn: cardCodec.digest(one.standIn) })),
  }
}

/** Who holds a share of the plan's backup, seated or not: shares of those who are not lie with nobody. */
export async function everyCustodian(
  { entropy }: Pick<RehearsalRequest, 'entropy'>,
  standIns: readonly StandIn[],
  custodians: readonly string[],
): Promise<StandIn[]> {
  const seated = standIns.filter(({ role }) => role === 'custodian')
  const others = custodians.filter((name) => !seated.some((one) => one.name === name))
  return [
    ...seated,
    ...(await makeStandIns(
      others.map((name) => ({ role: 'custodian', name })),
      entropy,
    )),
  ]
}

/** Whom the policy lists and the plan does not seat: nobody of them acts, and the derived policy lists a stand-in for each. */
function unseatedOf({ people }: Plan, { officers, approvers, witnesses }: Policy) {
  const of = (role: 'officer' | 'approver' | 'witness', members: Policy['officers']) =>
    members.map(({ name, card }) => ({ role, name, card }))
  return [...of('officer', officers), ...of('approver', approvers), ...of('witness', witnesses)].filter(
    ({ card }) => people.every((person) => person.card !== card),
  )
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
