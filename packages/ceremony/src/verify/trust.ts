import { preAuthentication } from '../bundle/dsse.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { openingCodec } from '../documents/ceremony/opening.ts'
import { approvalOf, planApprovalCodec, planLockCodec } from '../documents/ceremony/plan-approval.ts'
import { signatureContext } from '../documents/format/context.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { checkSignatures, type SignerGroup } from '../documents/format/signatures.ts'
import type { Plan } from '../plan/plan.ts'
import { mayJoin, stepsOf } from '../plan/queries.ts'
import { checkPolicy, checkRunVersion, policyDigest } from '../policy/check.ts'
import type { Policy } from '../policy/schema.ts'
import { checkByPolicy } from '../steps/bundle.ts'
import { isPlannedCheckpoint, seals } from '../steps/facts.ts'
import { isProgram } from '../steps/token/bundle.ts'
import { checkpointCodec } from '../transcript/checkpoint.ts'
import { checkEvidence } from './evidence.ts'
import { checkExceptionSignatures } from './exceptions.ts'
import { checkMachine } from './machine.ts'
import { sharesKey } from './seats.ts'

/** What only a policy can say: who may sign, and how good keys and tools must be. */
export async function checkTrust(v: Verification): Promise<void> {
  const { ledger, options } = v
  await ledger.run('POLICY-MISSING', () =>
    options.policy
      ? accept(`version ${v.policy.version}`)
      : refuse('POLICY-MISSING', 'consistent, signers unknown'),
  )
  await ledger.run('POLICY-QUORUM', () => {
    const checked = checkPolicy(required(options.policy ?? null))
    return checked.ok ? accept(`${v.policy.officerQuorum} of ${v.policy.officers.length}`) : checked
  })
  await ledger.run('POLICY-DIGEST', () => {
    const digest = policyDigest(v.policy)
    return digest === v.predicate.policyDigest && digest === v.run.header.policyDigest
      ? accept(digest)
      : refuse('POLICY-DIGEST', 'the ceremony ran under another policy')
  })
  await ledger.run('POLICY-OLDEST', () => checkOldest(v))
  await ledger.run('POLICY-EXPIRY', () => {
    const { expiry } = v.policy
    const { created } = v.run.header
    const opened = required(v.checkpoints[0] ?? null).payload.time
    return created <= expiry && opened <= expiry
      ? accept(expiry)
      : refuse('POLICY-EXPIRY', `expired at ${expiry}, the run began at ${created} and opened at ${opened}`)
  })
  await ledger.run('POLICY-ROSTER', () => checkRoster(v))
  await ledger.run('TOOL', () => checkTool(v))
  await ledger.run('MACHINE', () => checkMachine(v))
  await ledger.run('OPENING-QUORUM', () => {
    const signed = openingCodec.verify(required(v.opening), v.predicate.domain, [officers(v)])
    return signed.ok ? accept(named(signed.value.officer)) : signed
  })
  await ledger.run('LOCK', () => checkLock(v))
  await ledger.run('COSIGNATURES', () => checkCosignatures(v))
  await ledger.run('EXCEPTION-SIGNATURES', () => checkExceptionSignatures(v, officers(v)))
  await ledger.run('MANIFEST-SIGNATURES', () => {
    const { payload, signatures } = required(v.manifest)
    if (v.opening === null) return refuse('MANIFEST-SIGNATURES', 'no certificate names the ceremony key')
    const context = signatureContext('bundle', v.predicate.domain)
    const groups = [ceremony(v), officers(v)]
    const result = checkSignatures(context, preAuthentication(payload), signatures, groups)
    if (!result.ok) return result
    const signed = result.value.officer ?? []
    const missing = v.policy.officers.map(({ name }) => name).filter((name) => !signed.includes(name))
    v.signers = { signed, missing }
    return accept(named(signed))
  })
  await checkByPolicy(v)
  await ledger.run('EVIDENCE', () => checkEvidence(v))
  await ledger.run('TOKEN-SOFT', () => {
    const soft = v.run.header.tokens.filter((token) => isProgram(v, token))
    return soft.length === 0 || v.policy.softTokens
      ? accept(`${soft.length} software tokens`)
      : refuse('TOKEN-SOFT', 'a software token was used, which the policy forbids')
  })
  await ledger.run('ALGORITHMS', () => {
    const used = v.predicate.wrapTree.map(({ algorithm }) => algorithm)
    if (v.predicate.fhe) used.push(v.predicate.fhe.type)
    const unlisted = used.find((algorithm) => !v.policy.algorithms.keys.includes(algorithm))
    return unlisted === undefined ? accept('') : refuse('ALGORITHMS', `${unlisted} is not in the policy`)
  })
}

function checkOldest(v: Verification): Outcome<string> {
  const { oldest } = v.policy
  if (oldest === undefined) return accept('the policy names none')
  const run = checkRunVersion(v.policy, v.predicate.v)
  if (!run.ok) return run
  const old = [...v.people.values()].find((card) => card.v < oldest.card)
  return old === undefined
    ? accept(`${oldest.card}, ${oldest.run}`)
    : refuse(
        'POLICY-OLDEST',
        `${old.name} has a card of version ${old.v}, the policy accepts ${oldest.card} or later`,
      )
}

function checkRoster(v: Verification): Outcome<string> {
  for (const { role, name, card } of v.run.header.roster) {
    const list = role === 'officer' ? v.policy.officers : role === 'witness' ? v.policy.witnesses : null
    if (list?.every((member) => member.card !== card)) {
      return refuse('POLICY-ROSTER', `${name} is no ${role} of the policy`)
    }
    const { keys } = required(v.people.get(card) ?? null)
    for (const [other, members] of judges(v)) {
      const same = members.find((member) => !mayJoin([role, other]) && sharesKey(keys, member.keys))
      if (same !== undefined)
        return refuse('POLICY-ROSTER', `${name} sits as ${role} with a key of the ${other} ${same.name}`)
    }
  }
  return accept('')
}

/** Who judges a run, seated or not: whoever of them does something else in it judges that alone. */
function judges({ policy }: Verification): [string, Policy['officers']][] {
  return [
    ['officer', policy.officers],
    ['witness', policy.witnesses],
  ]
}

function checkTool(v: Verification): Outcome<string> {
  const { build } = v.run.header.tool
  if (v.predicate.domain === 'production' && build.startsWith('dev:')) {
    return refuse('TOOL', 'a checkout made a production bundle')
  }
  return v.policy.acceptedTools.includes(build)
    ? accept(build)
    : refuse('TOOL', `${build} is not in the policy`)
}

async function checkLock(v: Verification): Promise<Outcome<string>> {
  const { lock, domain, planHash, policyDigest: policy } = v.predicate
  if (domain === 'rehearsal')
    return lock === null ? accept('a rehearsal has none') : refuse('LOCK', 'a rehearsal has a lock')
  if (lock === null) return refuse('LOCK', 'the plan was not locked')
  const parsed = await v.parsed(lock, planLockCodec)
  if (!parsed.ok) return parsed
  if (parsed.value.planHash !== planHash) return refuse('LOCK', 'the lock is of another plan')
  if (parsed.value.policyDigest !== policy) return refuse('LOCK', 'the lock is under another policy')
  const context = signatureContext('plan-approval', 'production')
  const bytes = planApprovalCodec.signedBytes(approvalOf(parsed.value))
  const signed = checkSignatures(context, bytes, parsed.value.signatures, [officers(v)])
  if (!signed.ok) return signed
  v.lock = parsed.value
  return accept(named(signed.value.officer))
}

function checkCosignatures(v: Verification): Outcome<string> {
  const last = v.checkpoints.length - 1
  const live = liveSteps(required(v.plan))
  const met = new Set<string>()
  let names: readonly string[] = []
  for (const [index, checkpoint] of v.checkpoints.entries()) {
    // Whoever signed an earlier one must be known; whether enough did is asked below, once a step.
    const quorum = index === last ? v.policy.witnessQuorum : 0
    const witnesses = { role: 'witness', members: v.policy.witnesses, quorum }
    const signed = checkpointCodec.verify(checkpoint, v.predicate.domain, [ceremony(v), witnesses])
    if (!signed.ok)
      return refuse('COSIGNATURES', `checkpoint at ${checkpoint.payload.size}: ${signed.detail}`)
    names = signed.value.witness ?? []
    const step = v.run.madeAt.get(checkpoint.payload.size)
    if (step !== undefined && names.length >= v.policy.witnessQuorum) met.add(step)
  }
  // A step may make more than one checkpoint, as after a pause; one with the quorum is what let the run go on.
  const short = live.find((step) => !met.has(step))
  if (short !== undefined)
    return refuse('COSIGNATURES', `no checkpoint of ${short}, which the plan wants live, has the quorum`)
  return accept(named(names))
}

/** Steps whose checkpoint waits for witnesses before the run goes on; that of the sealing is the last one. */
function liveSteps(plan: Plan): string[] {
  return stepsOf(plan)
    .map(({ step }) => step)
    .filter((step) => isPlannedCheckpoint(step) || plan.checkpoints.live.includes(step.id))
    .filter((step) => !seals(step))
    .map((step) => step.id)
}

function officers(v: Verification): SignerGroup {
  return { role: 'officer', members: v.policy.officers, quorum: v.policy.officerQuorum }
}

function ceremony(v: Verification): SignerGroup {
  return {
    role: 'ceremony',
    members: [{ name: 'ceremony key', keys: v.certificate.ceremonyKeys }],
    quorum: 1,
  }
}

function named(names: readonly string[] | undefined): string {
  return (names ?? []).join(', ')
}
