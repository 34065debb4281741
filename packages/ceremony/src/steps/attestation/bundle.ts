import { ecSpkiFromSec1, encodeCanonical, equalBytes, fromBase64, identityId } from '@lux/crypto'
import type { Predicate } from '../../bundle/predicate.ts'
import { fits, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { type KeyStatement, keyStatementCodec } from '../../documents/ceremony/key-statement.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import type { Step } from '../../plan/plan.ts'
import { vouches } from '../../plan/profiles.ts'
import { ceremonyKeyId, keyOf, stepsOf, tokenOf, voucherOf } from '../../plan/queries.ts'
import { isMeasuredAs } from '../token/bundle.ts'

type Attestation = NonNullable<Predicate['attestations']>[number]

type Evidence = Predicate['keyEvidence'][number]

const maxFile = 1 << 18

/** One attestation for each attest step of the plan, in order, and every statement of this run, token, key and companion. */
export async function checkAttestations(v: Verification): Promise<Outcome<string>> {
  const plan = required(v.plan)
  const attestations = v.predicate.attestations ?? []
  const steps = stepsOf(plan).flatMap(({ step }) => (step.do === 'attest' ? [step] : []))
  if (steps.length !== attestations.length)
    return refuse('ATTESTATIONS', `${attestations.length} attestations, the plan has ${steps.length}`)
  for (const [index, attestation] of attestations.entries()) {
    const fault = await attestationFault(v, attestation, required(steps[index] ?? null))
    if (fault !== null) return refuse('ATTESTATIONS', `${attestation.id}: ${fault}`)
  }
  return accept(`${attestations.length} attestations`)
}

async function attestationFault(v: Verification, one: Attestation, step: Step): Promise<string | null> {
  const { predicate } = v
  if (one.id !== (step.key ?? ceremonyKeyId) || one.by !== voucherOf(step))
    return 'the plan has another key attested here, or by another'
  // A key may be called `ceremony` too.
  if (one.level !== (keyOf(required(v.plan), step.key)?.level ?? 'ceremony'))
    return 'the key is of another level'
  const planned = tokenOf(required(v.plan), step)?.attestation
  if (planned === undefined) return 'the plan names no attestation of this token'
  const evidence = predicate.keyEvidence.find(({ id, level }) => id === one.id && level === one.level)
  if (evidence === undefined) return 'nothing was read of this key'
  const at = v.run.header.tokens.findIndex(({ role }) => role === (step.token ?? 'ceremony'))
  if (v.certificate.tokenSerials[at] !== evidence.serial)
    return 'the officers opened the run with another token'
  // A rehearsal has a vendor of its own.
  const production = predicate.domain === 'production'
  if (production && one.root !== planned.root) return 'another root certificate than the plan’s'
  if (one.by === 'vendor') {
    const { p256 } = v.certificate.ceremonyKeys
    if (one.level !== 'ceremony' || p256 === undefined) return 'a vendor attests a P-256 ceremony key alone'
    if (one.statement !== null) return 'a statement that nobody asked for'
    v.attested.push(p256)
    return null
  }
  if (one.statement === null) return 'the companion signed nothing'
  if (production && one.chain !== planned.companion?.chain) return 'another attestation than the plan’s'
  const parsed = await v.parsed(one.statement.document, keyStatementCodec.file)
  if (!parsed.ok) return parsed.detail
  const { payload } = parsed.value
  const { keys } = payload.companion
  if (payload.companion.ckaId !== planned.companion?.ckaId)
    return 'signed by another key than the plan’s companion'
  const wrong =
    runFault(v, payload, step) ?? keyFault(v, payload, evidence, one) ?? headFault(v, payload, one.statement)
  if (wrong !== null) return wrong
  const group = { role: 'companion', members: [{ name: 'companion', keys }], quorum: 1 }
  const signed = keyStatementCodec.verify(parsed.value, predicate.domain, [group])
  if (!signed.ok) return signed.detail
  v.attested.push(keys.p256)
  return null
}

function runFault({ predicate }: Verification, payload: KeyStatement, step: Step): string | null {
  const same =
    payload.domain === predicate.domain &&
    payload.ceremonyId === predicate.ceremonyId &&
    payload.planHash === predicate.planHash &&
    payload.stepId === step.id
  return same ? null : 'a statement of another run or step'
}

/** What the companion signed of the key is what the bundle says of it. */
function keyFault(
  v: Verification,
  payload: KeyStatement,
  evidence: Evidence,
  one: Attestation,
): string | null {
  if (payload.key !== one.id || payload.level !== one.level) return 'a statement of another key'
  if (payload.serial !== evidence.serial) return 'a statement of another token'
  if (payload.ckaId !== evidence.ckaId) return 'a statement of another CKA_ID'
  if (payload.identity !== identityOf(v, one)) return 'a statement of a key with another identity'
  return equalBytes(encodeCanonical(payload.attributes), encodeCanonical(evidence.attributes))
    ? null
    : 'a statement of other attributes'
}

/** By what a key is known: SPEC.md 6.8. */
function identityOf(v: Verification, { id, level }: Attestation): string | null {
  if (level === 'ceremony') return identityId(v.certificate.ceremonyKeys)
  if (level === 'root') return v.predicate.possession.find((proof) => proof.id === id)?.digest ?? null
  return v.predicate.wrapTree.find((node) => node.id === id)?.blob ?? null
}

/** The statement's head is the transcript's, right before the entry that says that this step was performed. */
function headFault(
  v: Verification,
  { head, stepId }: KeyStatement,
  { document, size }: NonNullable<Attestation['statement']>,
): string | null {
  const true_ = v.run.heads.get(size)
  if (true_ === undefined || head.size !== size || head.node !== true_.node || head.root !== true_.root)
    return 'the head is not of this transcript'
  const done = v.run.performed.get(stepId)
  if (done?.seq !== size) return 'the head is not that of its step'
  return done.statement === null || done.statement === document
    ? null
    : 'the transcript names another statement'
}

/** Each root is pinned by the policy for that kind of token, and its vendor's chain is of the companion or of the key. */
export async function checkAttestationChains(v: Verification): Promise<Outcome<string>> {
  const attestations = v.predicate.attestations ?? []
  for (const [index, one] of attestations.entries()) {
    const fault = await chainFault(v, one, required(v.attested[index] ?? null))
    if (fault !== null) return refuse('ATTESTATION-CHAINS', `${one.id}: ${fault}`)
  }
  return accept(`${attestations.length} attestations`)
}

async function chainFault(v: Verification, one: Attestation, key: string): Promise<string | null> {
  const { policy, predicate } = v
  const pinned = policy.attestationRoots?.find(({ certificate }) => certificate === one.root)
  if (pinned === undefined) return `ATTESTATION-ROOT: the policy does not pin ${one.root}`
  const serial =
    predicate.keyEvidence.find(({ id, level }) => id === one.id && level === one.level)?.serial ?? ''
  const at = v.certificate.tokenSerials.indexOf(serial)
  const profile = v.run.header.tokens[at]?.profile ?? ''
  const speaks =
    vouches(pinned.format, profile, { soft: policy.softTokens, domain: predicate.domain }) ||
    ('device' in pinned && isMeasuredAs(v, v.run.header.tokens[at], pinned.device))
  if (!speaks)
    return `ATTESTATION-PROFILE: a root for ${pinned.format} tokens does not speak for a ${profile}`
  const { attestation } = v.options
  if (attestation === undefined) return 'nobody here reads certificates'
  const root = await v.blob(one.root, maxFile)
  if (!root.ok) return root.detail
  const chain = await v.blob(one.chain, maxFile)
  if (!chain.ok) return chain.detail
  const result = attestation({
    format: pinned.format,
    chain: chain.value,
    root: root.value,
    spki: ecSpkiFromSec1('P-256', fromBase64(key)),
    serial,
    time: v.run.header.created,
  })
  return result.ok ? null : `${result.rule}: ${result.detail}`
}

export function attestationsFault({ predicate }: Verification, recorded: readonly Recorded[]): string | null {
  const steps = recorded.filter(({ step }) => step.do === 'attest')
  for (const [index, { id, by, root, chain, statement }] of (predicate.attestations ?? []).entries()) {
    const { result } = steps[index] ?? { result: undefined }
    if (result === undefined) return `${id}: no step of the plan has it attested`
    const said = statement && { document: statement.document, size: Number(statement.size) }
    if (result !== null && !fits(result, { by, root, chain, statement: said }))
      return `${id}: the transcript has another attestation`
  }
  return null
}
