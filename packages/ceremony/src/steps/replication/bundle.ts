import type { Predicate } from '../../bundle/predicate.ts'
import { fits, member, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { stepsOf, wayInto } from '../../plan/queries.ts'
import { placeFault } from '../token/bundle.ts'

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
    if (key === undefined || wayInto(key, replica.token) !== replica.way)
      return wrong('another way than the plan’s')
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

/** REPLICAS and ATTESTATIONS have as many steps as entries, in one order. */
export function replicasFault(v: Verification, recorded: readonly Recorded[]): string | null {
  const steps = recorded.filter(({ step }) => step.do === 'replicate-root')
  for (const [index, replica] of (v.predicate.replicas ?? []).entries()) {
    const { id, serial, way, ckaId, evidence, attributes, mechanism, digest } = replica
    const made = steps[index]
    if (made === undefined) return `${id}: no step of the plan brings it into ${replica.token}`
    const place = placeFault(v, made.step, replica)
    if (place !== null) return `${id} in ${replica.token}: ${place}`
    const { result } = made
    const read = { ckaId, level: evidence, attributes }
    if (result === null) continue
    if (!fits(result, { serial, way, mechanism, digest }) || !fits(member(result, 'evidence'), read))
      return `${id} in ${replica.token}: the transcript has another replica`
  }
  return null
}
