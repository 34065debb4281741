import type { Json } from '@lux/crypto'
import type { Predicate } from '../bundle/predicate.ts'
import { fits, isWrapMechanism, member, same } from '../bundle/recorded.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { acknowledgementCodec } from '../documents/threshold/acknowledgement.ts'
import { epochLiveCodec } from '../documents/threshold/epoch.ts'
import type { EffectKind } from '../model/effects.ts'
import type { Step, StepKind } from '../plan/plan.ts'
import { stepsOf } from '../plan/queries.ts'
import { ceremonyKeyId } from '../plan/world-attest.ts'
import { courseFault, isProbed } from './transcript-course.ts'

type Evidence = Predicate['keyEvidence'][number]

/** What the transcript says of a step; null where its facts are redacted, which say only that it was done. */
type Recorded = { step: Step; result: Json }

const making: readonly StepKind[] = ['make-ceremony-key', 'generate-root', 'generate-key']

const recording: readonly StepKind[] = [
  ...making,
  'prove-possession',
  'replicate-root',
  'attest',
  'fhe-deal',
  'assemble-epoch',
  'epoch-live',
  'seal',
]

/** The effect whose result is compared, where it is called otherwise than the step. */
const effects: Partial<Record<StepKind, EffectKind>> = {
  'replicate-root': 'prove-replica',
  'epoch-live': 'sign-epoch-live',
  // It begins with the closing inventory; the rest of it comes after the transcript's end.
  seal: 'inventory',
}

/** Joins the manifest to the transcript that witnesses cosigned: what was made, proved and dealt is what stands there. */
export async function checkTranscriptContent(v: Verification): Promise<Outcome<string>> {
  const recorded: Recorded[] = []
  for (const { step } of stepsOf(required(v.plan))) {
    if (!recording.includes(step.do)) continue
    const result = resultOf(v, step)
    if (result === undefined) return wrong(`${step.id}: the transcript has nothing of it`)
    recorded.push({ step, result })
  }
  const found =
    courseFault(v) ??
    evidenceFault(v, recorded) ??
    treeFault(v, recorded) ??
    proofsFault(v, recorded) ??
    replicasFault(v, recorded) ??
    attestationsFault(v, recorded) ??
    (await dealFault(v, recorded)) ??
    (await epochFault(v, recorded))
  return found === null ? accept(`${recorded.length} steps`) : wrong(found)
}

/** Undefined where nothing was done in the step. */
function resultOf({ run }: Verification, { id, do: kind }: Step): Json | undefined {
  return run.results.get(`${id} ${effects[kind] ?? kind}`) ?? (run.redacted.has(id) ? null : undefined)
}

/** Every key of the manifest was made in a step of the plan, in that step's token, and reads as it was read there. */
function evidenceFault(v: Verification, recorded: readonly Recorded[]): string | null {
  for (const evidence of v.predicate.keyEvidence) {
    const { id, level } = evidence
    const key = level === ceremonyKeyId ? undefined : id
    const made = recorded.find(({ step }) => making.includes(step.do) && step.key === key)
    if (made === undefined) return `${id}: no step of the plan makes it`
    const place = placeFault(v, made.step, evidence)
    if (place !== null) return `${id}: ${place}`
    const attested = recorded.find(({ step }) => step.do === 'attest' && step.key === key)
    const read = member(made.result, 'evidence')
    const own = { ckaId: evidence.ckaId, label: evidence.label, attributes: evidence.attributes }
    if (made.result !== null && member(read, 'ckaId') !== evidence.ckaId)
      return `${id}: the transcript has another CKA_ID`
    // What was read when somebody vouched for the key counts, not what was read when it was made.
    const { result } = attested ?? made
    if (result !== null && !same(member(result, 'evidence'), { ...own, level: evidence.evidence }))
      return `${id}: the transcript has other evidence`
    if (level !== ceremonyKeyId || made.result === null) continue
    if (!same(member(made.result, 'keys'), { ...v.certificate.ceremonyKeys }))
      return 'the transcript has another ceremony key'
  }
  return null
}

/** The officers' certificate lists serials in the order of the header's tokens. */
function placeFault(
  v: Verification,
  step: Step,
  { serial, evidence }: Pick<Evidence, 'serial' | 'evidence'>,
): string | null {
  const role = step.token ?? 'ceremony'
  const at = v.run.header.tokens.findIndex((token) => token.role === role)
  if (v.certificate.tokenSerials[at] !== serial) return 'read in another token than the officers opened'
  return evidence === 'E0' || isProbed(v, step, 'E1')
    ? null
    : `claims ${evidence} of a token that passed no probe`
}

/** Wrapped keys, public halves, and the roots for servers. A root of before is wrapped to nobody here. */
function treeFault({ predicate, transports }: Verification, recorded: readonly Recorded[]): string | null {
  for (const { id, level, root, blob, mechanism, publicKey } of predicate.wrapTree) {
    const made = recorded.find(({ step }) => making.includes(step.do) && step.key === id)
    const sent = predicate.transports.map(({ roots }) => roots.filter((one) => one.id === id))
    if (made === undefined) {
      if (root === null || root.born === predicate.ceremonyId) return `${id}: no step of the plan makes it`
      if (sent.flat().length > 0) return `${id}: the transcript wraps it to no server`
    } else if (made.result === null) continue
    else if (level === 'root') {
      if (!isWrapMechanism(member(made.result, 'mechanism')))
        return `${id}: made to wrap by another mechanism`
      const blobs = member(made.result, 'blobs')
      const listed = Array.isArray(blobs) ? blobs : []
      const serials = transports.map(({ payload }) => payload.serial)
      const strange = listed.some((one) => !serials.some((serial) => serial === member(one, 'serial')))
      const fits = sent.every((roots, index) => {
        const own = listed.filter((one) => member(one, 'serial') === serials[index])
        const wrapped = roots.map((one) => ({
          serial: serials[index] ?? '',
          wrapped: one.wrapped,
          sealed: one.sealed,
        }))
        return same(own, wrapped)
      })
      if (strange || !fits) return `${id}: the transcript has it wrapped for others, or otherwise`
    } else {
      const { result } = made
      const said = { wrapped: member(result, 'wrapped'), mechanism: member(result, 'mechanism') }
      if (!same({ ...said, publicKey: member(result, 'publicKey') }, { wrapped: blob, mechanism, publicKey }))
        return `${id}: the transcript has another wrapped or public key`
    }
  }
  return null
}

function proofsFault({ predicate }: Verification, recorded: readonly Recorded[]): string | null {
  for (const { id, mechanism, digest } of predicate.possession) {
    const proofs = recorded.filter(({ step }) => step.do === 'prove-possession' && step.key === id)
    if (proofs.length === 0) return `${id}: no step of the plan proves it`
    for (const { result } of proofs)
      if (result !== null && !fits(result, { mechanism, digest }))
        return `${id}: the transcript has another proof`
  }
  return null
}

/** REPLICAS and ATTESTATIONS have as many steps as entries, in one order. */
function replicasFault(v: Verification, recorded: readonly Recorded[]): string | null {
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

function attestationsFault({ predicate }: Verification, recorded: readonly Recorded[]): string | null {
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

async function dealFault(v: Verification, recorded: readonly Recorded[]): Promise<string | null> {
  const { fhe } = v.predicate
  if (fhe === null) return null
  const dealt = recorded.find(({ step }) => step.do === 'fhe-deal')
  if (dealt === undefined) return `${fhe.id}: no step of the plan deals it`
  const { result } = dealt
  if (result === null) return null
  const said = [
    fileOf(result, 'public'),
    fileOf(result, 'publicKey'),
    fileOf(result, 'serverKey'),
    member(result, 'keyId'),
    member(result, 'epochId'),
  ]
  if (!same(said, [fhe.public, fhe.compactPublicKey, fhe.serverKey, fhe.keyId, fhe.epochId]))
    return `${fhe.id}: the transcript has another key, epoch or file`
  const shares = member(result, 'shares')
  const given = (Array.isArray(shares) ? shares : []).map((one) => [
    member(one, 'index'),
    member(one, 'holder'),
    member(one, 'shareDigest'),
    member(one, 'envelopeDigest'),
  ])
  const held: Json[] = []
  for (const { index, name, envelope, acknowledgement } of fhe.holders) {
    const signed = await v.parsed(acknowledgement, acknowledgementCodec.file)
    if (!signed.ok) return `${name}: ${signed.detail}`
    held.push([index, name, signed.value.payload.shareDigest, envelope])
  }
  return same(given, held) ? null : `${fhe.id}: the transcript has other shares`
}

async function epochFault(v: Verification, recorded: readonly Recorded[]): Promise<string | null> {
  const { next } = v.predicate
  if (next === null) return null
  const assembled = recorded.find(({ step }) => step.do === 'assemble-epoch')
  const declared = recorded.find(({ step }) => step.do === 'epoch-live')
  if (assembled === undefined || declared === undefined)
    return `epoch ${next.epoch}: no step of the plan assembles it, or declares it live`
  const sum = assembled.result
  const corrections = next.redeals.map(({ correction }) => correction)
  if (
    sum !== null &&
    (fileOf(sum, 'public') !== next.public ||
      !fits(sum, { epochId: next.epochId, epoch: next.epoch, corrections }))
  )
    return `epoch ${next.epoch}: the transcript has another one`
  if (declared.result === null) return null
  const live = await v.parsed(next.live, epochLiveCodec.file)
  if (!live.ok) return live.detail
  const { payload, signatures } = live.value
  const digest = epochLiveCodec.payload.digest(payload)
  return fits(declared.result, { digest, signature: { ...signatures[0] } })
    ? null
    : `epoch ${next.epoch}: the transcript has another statement that it is live`
}

/** The digest of a file that a result names; null where it names none. */
function fileOf(result: Json, name: string): Json {
  return member(member(result, name), 'sha256')
}

function wrong(detail: string): Outcome<never> {
  return refuse('TRANSCRIPT-CONTENT', detail)
}
