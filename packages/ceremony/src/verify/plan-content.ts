import { addressesOf, type Predicate, type WrapNode } from '../bundle/predicate.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { transportCodec } from '../documents/people/transport.ts'
import type { EarlierKey, Plan, PlannedKey } from '../plan/plan.ts'
import { readPlan } from '../plan/read.ts'
import { maxPlanBytes } from '../plan/yaml-text.ts'
import { recoveryPlanFault } from '../steps/recovery/queries.ts'
import { otherDevices } from './machine.ts'

/** Reads the plan that officers approved and compares it with what the bundle says was done. */
export async function checkPlanContent(v: Verification): Promise<Outcome<string>> {
  const bytes = await v.blob(v.predicate.planHash, maxPlanBytes)
  if (!bytes.ok) return bytes
  const read = readPlan(bytes.value)
  if (!read.ok) return wrong(`${read.refusals[0]?.rule}: ${read.refusals[0]?.detail}`)
  v.plan = read.plan
  const found =
    versionFault(v, read.plan) ??
    peopleFault(v, read.plan) ??
    tokensFault(v, read.plan) ??
    keysFault(v, read.plan) ??
    fheFault(v, read.plan) ??
    recoveryPlanFault(v.predicate, read.plan) ??
    (await destinationsFault(v, read.plan))
  return found === null ? accept(`${read.plan.keys.length} keys`) : wrong(found)
}

/** Plan, transcript and bundle are of one version, and change the same. */
function versionFault({ predicate, run: { header } }: Verification, plan: Plan): string | null {
  if (plan.v !== header.v || plan.v !== predicate.v)
    return `the plan is of version ${plan.v}, the transcript of ${header.v}, the bundle of ${predicate.v}`
  if ((plan.nextPolicy === undefined) !== (predicate.nextPolicy === undefined))
    return 'a next policy stands in only one of plan and bundle'
  return sameLinks(plan.revokes ?? [], predicate.revokes ?? [])
    ? null
    : 'the keys that are revoked are not those of the plan'
}

/** Keys of earlier bundles, in order. */
function sameLinks(planned: readonly EarlierKey[], named: readonly EarlierKey[]): boolean {
  const listed = (all: readonly EarlierKey[]) =>
    all.map(({ bundle, id, version }) => `${bundle} ${id} ${version}`).join('\n')
  return listed(planned) === listed(named)
}

/** Who was in the room, under which policy, with which build of the workstation. */
function peopleFault(v: Verification, plan: Plan): string | null {
  const { header } = v.run
  if (plan.policy !== header.planPolicy) return 'the plan names another policy than the transcript'
  const planned = plan.people.map(({ role, name }) => `${role} ${name}`)
  const seated = header.roster.map(({ role, name }) => `${role} ${name}`)
  if (planned.join('\n') !== seated.join('\n')) return 'other people were in the room than the plan seats'
  const production = v.predicate.domain === 'production'
  if (production && plan.tool !== header.tool.build) return 'another build was used than the plan names'
  const stranger = header.roster.findIndex(({ card }, index) => plan.people[index]?.card !== card)
  return production && stranger >= 0 ? `${seated[stranger]} has another card than the plan names` : null
}

/** A rehearsal has a program in the place of each token. */
function tokensFault({ run: { header }, predicate }: Verification, plan: Plan): string | null {
  const production = predicate.domain === 'production'
  const listed = (all: Plan['tokens'] | typeof header.tokens) =>
    all.map(({ role, profile, library, serial, shim = '' }) =>
      production ? `${role} ${profile} ${library} ${serial} ${shim}` : `${role} ${profile}`,
    )
  if (listed(plan.tokens).join('\n') !== listed(header.tokens).join('\n'))
    return 'other tokens were used than the plan lists'
  const [other] = production ? otherDevices(plan, header) : []
  return other === undefined ? null : `${other.role} is of another make or model than the plan names`
}

/** The servers that officers approved, each with its transport key where it has one, in order. A rehearsal may have others, or none. */
async function destinationsFault(v: Verification, plan: Plan): Promise<string | null> {
  const { transports, domain } = v.predicate
  if (domain === 'rehearsal') return null
  const receivers = plan.destinations.filter(({ transport }) => transport !== undefined)
  if (transports.length !== receivers.length)
    return `${transports.length} destinations, the plan has ${receivers.length}`
  const addressed = addressesOf(v.predicate).map(({ audience }) => audience)
  if (addressed.join() !== plan.destinations.map(({ card }) => card).join())
    return 'the bundle is for another server than the plan names'
  for (const [index, { document }] of transports.entries()) {
    const parsed = await v.parsed(document, transportCodec.file)
    if (!parsed.ok) return parsed.detail
    const { payload } = parsed.value
    const planned = receivers[index]
    if (planned?.card !== payload.audience || planned.transport !== transportCodec.payload.digest(payload))
      return `destination ${index + 1} is not that of the plan`
  }
  return null
}

function keysFault(v: Verification, plan: Plan): string | null {
  const { wrapTree } = v.predicate
  if (wrapTree.length !== plan.keys.length) return `${wrapTree.length} keys, the plan has ${plan.keys.length}`
  for (const [index, key] of plan.keys.entries()) {
    const node = required(wrapTree[index] ?? null)
    const differs = keyFault(key, node, v.predicate)
    if (differs !== null) return `${key.id}: ${differs} is not that of the plan`
  }
  return null
}

function keyFault(key: PlannedKey, node: WrapNode, predicate: Predicate): string | null {
  const { v, ceremonyId } = predicate
  if (node.id !== key.id) return 'the id'
  if (node.level !== key.level) return 'the level'
  if (node.name !== key.name) return 'the name'
  if (node.parent !== (key.parent ?? null)) return 'the parent'
  if (node.algorithm !== key.algorithm) return 'the algorithm'
  if (v !== 1 && node.version !== (key.version ?? 1)) return 'the version'
  const replaces = 'replaces' in node && node.replaces !== undefined ? [node.replaces] : []
  if (!sameLinks(key.replaces === undefined ? [] : [key.replaces], replaces))
    return 'the key that it replaces'
  if (node.root === null) return null
  const birth = key.existing ?? { rootId: node.root.rootId, ceremonyId }
  if (node.root.rootId !== birth.rootId || node.root.born !== birth.ceremonyId) return 'the birth'
  return provedAsBorn(key, predicate) ? null : 'the possession proof'
}

/** A rehearsal has a stand-in for a root of before. */
function provedAsBorn({ id, existing }: PlannedKey, { domain, possession }: Predicate): boolean {
  const birth = existing?.possession
  if (birth === undefined || domain === 'rehearsal') return true
  return possession.some(
    (one) => one.id === id && one.mechanism === birth.mechanism && one.digest === birth.digest,
  )
}

function fheFault(v: Verification, plan: Plan): string | null {
  const { fhe, existing, next } = v.predicate
  const before = epochFault(v, plan)
  if (before !== null) return before
  if ((next === null) !== (plan.reshare === undefined))
    return 'a next epoch stands in only one of plan and bundle'
  if (next !== null && plan.reshare !== undefined) {
    const { t, n, holders: names } = plan.reshare
    const same = next.holders.map(({ name }) => name).join('\n') === names.join('\n')
    if (next.t !== t || next.n !== n || !same) return 'the next epoch is not that of the plan'
  }
  if (fhe === null || plan.fhe === undefined)
    return (fhe === null && existing === null) === (plan.fhe === undefined)
      ? null
      : 'an FHE key stands in only one of plan and bundle'
  for (const field of ['id', 'type', 'mode', 't', 'n'] as const)
    if (fhe[field] !== plan.fhe[field]) return `${field} of the FHE key is not that of the plan`
  if ((fhe.crs === undefined) !== (plan.fhe.proofBits === undefined))
    return 'a reference string stands in only one of plan and bundle'
  const { dealing } = v.run
  if (dealing !== null && dealing.crs !== (fhe.crs ?? null))
    return 'the reference string is not the one that was made with the key'
  const holders = fhe.holders.map(({ name }) => name).join('\n')
  return holders === plan.fhe.holders.join('\n') ? null : 'the holders are not those of the plan'
}

function epochFault(v: Verification, plan: Plan): string | null {
  const { fhe, existing, domain } = v.predicate
  const planned = plan.fhe?.existing
  if ((existing === null) !== (planned === undefined) || (existing !== null && fhe !== null))
    return 'a key of before stands in only one of plan and bundle'
  // A rehearsal has a stand-in key for it.
  if (existing === null || planned === undefined || domain === 'rehearsal') return null
  const same = (['keyId', 'epochId', 'epoch', 'public'] as const).every(
    (field) => existing[field] === planned[field],
  )
  return same ? null : 'the epoch of before is not that of the plan'
}

function wrong(detail: string): Outcome<never> {
  return refuse('PLAN-CONTENT', detail)
}
