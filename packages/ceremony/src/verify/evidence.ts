import type { Json } from '@lux/crypto'
import type { Predicate } from '../bundle/predicate.ts'
import { member } from '../bundle/recorded.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { PlannedKey, Step } from '../plan/plan.ts'
import { keyOf, leavesByWindow, stepsOf } from '../plan/queries.ts'
import { evidenceLevels } from '../policy/schema.ts'
import { effectFacts, isEffectKind } from '../steps/facts.ts'
import { attributeFault, lengthFault, type Template, templates } from '../steps/key/templates.ts'
import { lackedBy } from '../steps/token/bundle.ts'
import type { KeyRead } from '../transcript/verify.ts'

type EvidenceLevel = (typeof evidenceLevels)[number]

/** `proved`: by an attestation that ATTESTATION-CHAINS has accepted; without one the workstation's word reaches E1. */
function wrongLevel(claimed: EvidenceLevel, least: EvidenceLevel, proved: EvidenceLevel): string | null {
  const rank = evidenceLevels.indexOf(claimed)
  if (rank > evidenceLevels.indexOf(proved)) return `claims ${claimed}, proved is no more than ${proved}`
  if (proved !== 'E1' && claimed !== proved) return `claims ${claimed}, its attestation is of ${proved}`
  return rank < evidenceLevels.indexOf(least) ? `${claimed}, the policy asks for ${least}` : null
}

/** A root leaves by a trusted window or never was extractable, as where it is made: SPEC.md 6.4. */
function rootTemplate(v: Verification, key: PlannedKey | undefined): Template {
  const plan = required(v.plan)
  const window =
    key === undefined ||
    (leavesByWindow(plan, key) &&
      (v.predicate.transports.length > 0 || key.spares !== undefined || key.backup !== undefined))
  return window ? templates.root : templates.bornClosed
}

/** What a wrapped key need not show where its token lacks it: by default it is as it must be. */
const mayLack = ['COPYABLE', 'WRAP_WITH_TRUSTED'] as const

function wrappedIn(v: Verification, step: Step | undefined, attributes: Json): Template {
  const lacked = step === undefined ? [] : lackedBy(v, step)
  const absent = mayLack.filter((name) => lacked.includes(name) && member(attributes, name) === null)
  return Object.fromEntries(
    Object.entries(templates.wrappedOnce).filter(([name]) => absent.every((one) => one !== name)),
  )
}

function readAtFault(v: Verification, stepId: string, { effect, attributes }: KeyRead): string | null {
  const expected = isEffectKind(effect) ? effectFacts[effect].reads : null
  if (expected === null) return `${effect} reads a key, and nothing says what it must read as`
  if (expected === 'as its record') return null
  const plan = required(v.plan)
  const step = stepsOf(plan).find(({ step }) => step.id === stepId)?.step
  if (expected === 'as it was wrapped') return faultOf(wrappedIn(v, step, attributes), attributes)
  return faultOf(
    expected === 'as the root is made' ? rootTemplate(v, keyOf(plan, step?.key)) : expected,
    attributes,
  )
}

/** What was read at an attestation is all that a closed root of before shows: its past is the making's. */
function templateFor(
  v: Verification,
  { id, level, attributes }: Predicate['keyEvidence'][number],
  attested: boolean,
): Template {
  if (level === 'ceremony') return templates.ceremonyKey
  if (level !== 'root') {
    const steps = stepsOf(required(v.plan)).map(({ step }) => step)
    return wrappedIn(
      v,
      steps.find((step) => step.do === 'generate-key' && step.key === id),
      attributes,
    )
  }
  return attested ? templates.root : rootTemplate(v, keyOf(required(v.plan), id))
}

function faultOf(template: Template, attributes: Json): string | null {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
    return 'no attributes were read'
  const read: Record<string, boolean | number | string> = {}
  for (const [name, value] of Object.entries(attributes))
    if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
      read[name] = value
  return attributeFault(template, { attributes: read })
}

/**
 * What lacks of the readings that the plan asks for. No exception stands for one: officers can only have it read again. A
 * redacted entry says that the step was done, and no more.
 */
function readingFault(v: Verification): string | null {
  const { keyEvidence, domain } = v.predicate
  const plan = required(v.plan)
  for (const { id, do: kind, key } of plan.parts.flatMap(({ steps }) => steps)) {
    if (kind !== 'read-back') continue
    const done = v.run.performed.get(id)
    if (done === undefined) return `${id}: the transcript has no reading of ${key}`
    const read = v.run.keysRead.get(id)
    if (read === undefined && done.statement === null) continue
    if (read?.effect !== 'read-back') return `${id}: what was done there did not read ${key} back`
    // A rehearsal has a stand-in for a key of before.
    const before = domain === 'production' ? plan.keys.find((one) => one.id === key)?.existing : undefined
    const ckaId = keyEvidence.find((one) => one.id === key)?.ckaId ?? before?.ckaId
    if (ckaId !== undefined && read.ckaId !== ckaId) return `${id}: another key than ${key} was read`
  }
  return null
}

export function checkEvidence(v: Verification): Outcome<string> {
  const { wrapTree, keyEvidence, ceremonyId } = v.predicate
  const needed: { id: string; level: keyof typeof v.policy.leastEvidence }[] = [
    { id: 'ceremony', level: 'ceremony' },
  ]
  for (const { id, level, root } of wrapTree) {
    // The evidence for a root of an earlier ceremony is in that ceremony's bundle.
    if (root === null || root.born === ceremonyId) needed.push({ id, level })
  }
  for (const { id, level } of needed) {
    const found = keyEvidence.filter((one) => one.id === id && one.level === level)
    const [evidence] = found
    if (evidence === undefined || found.length > 1)
      return refuse('EVIDENCE', `${id}: expected one evidence record`)
    const by = v.predicate.attestations?.find((one) => one.id === id && one.level === level)?.by
    const proved = by === undefined ? 'E1' : by === 'vendor' ? 'E3' : 'E2'
    const wrong = wrongLevel(evidence.evidence, v.policy.leastEvidence[level], proved)
    const algorithm = wrapTree.find((one) => one.id === id && one.level === level)?.algorithm ?? ''
    const template = templateFor(v, evidence, by !== undefined)
    const fault =
      wrong ?? lengthFault(algorithm, evidence.attributes) ?? faultOf(template, evidence.attributes)
    if (fault !== null) return refuse('EVIDENCE', `${id}: ${fault}`)
  }
  for (const { id, token, evidence, attributes } of v.predicate.replicas ?? []) {
    const algorithm = wrapTree.find((one) => one.id === id)?.algorithm ?? ''
    const wrong =
      wrongLevel(evidence, v.policy.leastEvidence.root, 'E1') ??
      lengthFault(algorithm, attributes) ??
      faultOf(templates.replica, attributes)
    if (wrong !== null) return refuse('EVIDENCE', `${id} in ${token}: ${wrong}`)
  }
  const restored = v.predicate.recovery?.restored
  if (restored !== undefined) {
    const fault =
      wrongLevel(restored.evidence, v.policy.leastEvidence.root, 'E1') ??
      lengthFault('AES-256', restored.attributes) ??
      faultOf(templates.replica, restored.attributes)
    if (fault !== null) return refuse('EVIDENCE', `the root in ${restored.token}: ${fault}`)
  }
  const unread = readingFault(v)
  if (unread !== null) return refuse('EVIDENCE', unread)
  for (const [step, read] of v.run.keysRead) {
    const fault = readAtFault(v, step, read)
    if (fault !== null) return refuse('EVIDENCE', `${step}: ${fault}`)
  }
  if (keyEvidence.length !== needed.length)
    return refuse('EVIDENCE', 'evidence for a key that the tree does not have')
  return accept(`${needed.length} keys`)
}
