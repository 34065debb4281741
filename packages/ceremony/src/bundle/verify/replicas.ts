import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { stepsOf } from '../../plan/queries.ts'
import type { Predicate } from '../predicate.ts'
import { required, type Verification } from '../verification.ts'

type Replica = NonNullable<Predicate['replicas']>[number]

/** One replica for each replicate-root step of the plan, in order: its key, token and way, and the proof of the root itself. */
export function checkReplicas(v: Verification): Outcome<string> {
  const plan = required(v.plan)
  const replicas = v.predicate.replicas ?? []
  const steps = stepsOf(plan).filter(({ step }) => step.do === 'replicate-root')
  if (steps.length !== replicas.length)
    return refuse('REPLICAS', `${replicas.length} replicas, the plan has ${steps.length}`)
  for (const [index, replica] of replicas.entries()) {
    const step = steps[index]?.step
    const key = plan.keys.find(({ id }) => id === replica.id)
    const wrong = (what: string) => refuse('REPLICAS', `${replica.id} in ${replica.token}: ${what}`)
    if (step?.key !== replica.id || (step.token ?? 'ceremony') !== replica.token)
      return wrong('the plan names another key or token here')
    if (key?.replication !== replica.way) return wrong('another way than the plan’s')
    const fault = tokenFault(v, replica) ?? proofFault(v, replica)
    if (fault !== null) return wrong(fault)
  }
  return accept(`${replicas.length} replicas`)
}

/** The opening certificate lists serials in the order of the header's tokens. */
function tokenFault(v: Verification, { token, serial }: Replica): string | null {
  const at = v.run.header.tokens.findIndex(({ role }) => role === token)
  if (v.certificate.tokenSerials[at] !== serial) return 'the officers opened the run with another serial'
  const home = v.predicate.keyEvidence.find(({ level }) => level === 'ceremony')?.serial
  return home === serial ? 'the root’s own token' : null
}

/** Equal digests of one mechanism over one challenge prove one key. */
function proofFault({ predicate }: Verification, replica: Replica): string | null {
  const proof = predicate.possession.find(({ id }) => id === replica.id)
  if (proof === undefined) return 'the root has no proof of its own'
  if (proof.mechanism !== replica.mechanism || proof.challenge !== replica.challenge)
    return 'proved by another mechanism or challenge'
  if (proof.digest !== replica.digest) return 'another key'
  return replica.attributes.EXTRACTABLE === false && replica.attributes.SENSITIVE === true
    ? null
    : 'it may leave that token'
}
