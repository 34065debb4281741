import { encodeCanonical, sha256Hex, type VerificationKeys, verifySignature } from '@lux/crypto'
import * as v from 'valibot'
import { signatureContext } from '../../documents/format/context.ts'
import { canaryFault } from '../../documents/format/fhe-fields.ts'
import { digest, hybridSignature, line } from '../../documents/format/fields.ts'
import { decryptionRequestCodec, requestPackageCodec } from '../../documents/threshold/decryption-request.ts'
import { decryptionResultCodec } from '../../documents/threshold/decryption-result.ts'
import { holderAnswerCodec } from '../../documents/threshold/holder-answer.ts'
import type { Command, Refusal, Submit } from '../../model/commands.ts'
import type { Decision, Facts } from '../../model/events.ts'
import { isRunRule, refuse } from '../../model/rules.ts'
import type { DecryptionState, LiveEpoch, State, StepProgress } from '../../model/state.ts'
import { decryptionOf } from '../../plan/queries.ts'
import { checkAnswerSpent, checkAnswerSubject, checkAnswerTime } from '../../request-rules/answer.ts'
import { checkDecryptionRequest } from '../../request-rules/decryption.ts'
import type { EntryModules, StageNeeds } from '../entries.ts'
import { dealersOf } from '../resharing/queries.ts'
import { leftOf, type Signed, seatOf, standsAt, verify } from '../signers.ts'
import { currentStep, stageOf } from '../stages.ts'
import { answersWanted, decryptionAt, epochOf, stillWanted, unheard } from './queries.ts'

/** A holder's yes or no. The partial decryption is for the combiner; here only its digest and the budget are seen. */
function takeHolderAnswer(state: State, command: Submit): Decision {
  const at = standsAt(state, 'answers')
  if (at === null) return refuse('SUBMIT-01', 'no holder is asked')
  const read = holderAnswerCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const decryption = decryptionAt(state, at)
  const { epoch, request } = decryption
  if (epoch === null || request === null) return refuse('SUBMIT-01', 'nothing was asked yet')
  const seat = seatOf(state, said.name)
  if (seat === null || epoch.holders[said.holder - 1] !== said.name)
    return refuse('SUBMIT-03', `${said.name} is not holder ${said.holder} of this epoch`)
  const { domain } = state
  const subject = checkAnswerSubject(said, { domain, digest: decryption.digest ?? '', request: epoch })
  if (!subject.ok) return refuse('ANSWER-01', subject.detail)
  if (decryption.answers.some(({ name }) => name === said.name))
    return refuse('SUBMIT-05', `${said.name} has answered`)
  const inTime = checkAnswerTime(said, request)
  if (!inTime.ok) return refuse('REQUEST-EXPIRED', inTime.detail)
  const spent = checkAnswerSpent(said, request)
  if (!spent.ok) return refuse('ANSWER-02', spent.detail)
  const fault = budgetFault(state, decryption, said)
  if (fault !== null) return refuse('ANSWER-02', `${said.name}: ${fault}`)
  const invalid = verify(state, 'holder-answer', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { decryption: decryption.id, payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'answer.taken', stepId: at.step.id, fact }] }
}

/** What the requester says came of the answers. */
function takeResult(state: State, command: Submit): Decision {
  const at = standsAt(state, 'result')
  if (at === null) return refuse('SUBMIT-01', 'no result is awaited')
  const read = decryptionResultCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const decryption = decryptionAt(state, at)
  const given = decryption.answers
    .filter(({ decision }) => decision === 'approved')
    .toSorted((a, b) => a.holder - b.holder)
  if (said.domain !== state.domain || said.request !== decryption.digest)
    return refuse('RESULT-01', 'it is of another request')
  if (said.answers.join() !== given.map(({ digest }) => digest).join())
    return refuse('RESULT-01', 'it is of other answers than those of this run')
  const canary = decryptionOf(state.plan, decryption.id)?.canary === true
  if (canary && (said.outcome !== 'combined' || said.cheaters.length > 0))
    return refuse('RESULT-02', 'the new shares do not decrypt the canary: the epoch must not go live')
  const keys = state.authorities.requesters.find((one) => signedBy(one, state, command))
  if (keys === undefined) return refuse('SUBMIT-04', 'no requester of the policy signed it')
  const fact = { decryption: decryption.id, payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'result.taken', stepId: at.step.id, fact }] }
}

type Said = { name: string; spent: number; left: { at64: number; at128: number }; decision: string }

/** A budget only ever shrinks, by what the answer spent. */
function budgetFault(state: State, { id, epoch, request }: DecryptionState, said: Said): string | null {
  if (request === null || epoch === null) return null
  const canary = decryptionOf(state.plan, id)?.canary === true
  if (canary && said.spent > 0) return 'a canary is outside the budget'
  const known = leftOf(state, epoch, said.name)
  if (known === null || canary) return null
  const wide = request.mode === 'S'
  const expected = {
    at64: known.at64 - (wide ? 0 : said.spent),
    at128: known.at128 - (wide ? said.spent : 0),
  }
  if (expected.at64 < 0 || expected.at128 < 0) return `${said.spent} blocks spent, fewer were left`
  return said.left.at64 === expected.at64 && said.left.at128 === expected.at128
    ? null
    : 'what is left is not what was left before less what was spent'
}

function signedBy(keys: VerificationKeys, { domain }: State, { payload, signature }: Signed): boolean {
  return verifySignature(keys, signatureContext('decryption-result', domain), payload, signature).ok
}

type TakeRequest = Extract<Command, { type: 'take-request' }>

/** Takes a requester's package when it may be decided on at all: everything but the approvers' word. */
export function takeRequest(state: State, command: TakeRequest): Decision {
  const at = standsAt(state, 'request')
  if (at === null || at.step.decryption !== command.decryption)
    return refuse('SUBMIT-01', `no request for ${command.decryption} is awaited`)
  const planned = decryptionOf(state.plan, command.decryption)
  const epoch = epochOf(state, command.decryption)
  if (epoch === null || planned === undefined) return refuse('SUBMIT-01', 'there is no key yet')
  // A canary is answered outside the budget, so a second one would be noise that nobody counts.
  const tried = state.decryptions.some(
    ({ id, request, epoch: of }) =>
      id !== command.decryption &&
      request !== null &&
      of?.epochId === epoch.epochId &&
      decryptionOf(state.plan, id)?.canary === true,
  )
  if (planned.canary === true && tried)
    return refuse('REQUEST-CANARY', `the epoch ${epoch.epochId} has had its canary`)
  const read = requestPackageCodec.check(command.package)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const { payload } = read.value.request
  const checked = checkDecryptionRequest(
    { ...read.value, approvals: [] },
    {
      domain: state.domain,
      keyId: epoch.keyId,
      epochId: epoch.epochId,
      mode: state.plan.fhe?.mode ?? 'S',
      authorities: state.authorities,
      approvers: { role: 'approver', members: [], quorum: 0 },
      now: command.now,
      taken: new Set(
        state.decryptions.flatMap(({ request }) => (request === null ? [] : [request.requestId])),
      ),
      left: planned.canary === true ? null : leastLeft(state, epoch, payload.mode),
    },
  )
  if (!checked.ok) return named(checked)
  const size = planned.canary === true ? canaryFault(payload) : null
  if (size !== null) return refuse('REQUEST-CANARY', size)
  const dealer = planned.canary === true ? vouchingDealer(state, checked.value.provenanceBy) : undefined
  if (dealer !== undefined)
    return refuse(
      'REQUEST-CANARY',
      `${dealer}, who re-dealt, vouches for it: a wrong correction could be hidden`,
    )
  if (payload.what !== planned.what)
    return refuse('REQUEST-WHAT', `it asks for ${payload.what}, the plan for ${planned.what}`)
  const fact = {
    decryption: command.decryption,
    package: sha256Hex(encodeCanonical(command.package)),
    digest: checked.value.digest,
    request: payload,
  }
  return { ok: true, events: [{ kind: 'request.taken', stepId: at.step.id, fact }] }
}

/** A dealer whose own key signed the provenance of the canary. */
function vouchingDealer(state: State, signers: readonly string[]): string | undefined {
  return dealersOf(state).find(({ name }) => {
    const seat = seatOf(state, name)
    return seat !== null && signers.includes(seat.signer)
  })?.name
}

/** An approver signs the very bytes that the requester signed. */
function takeApproval(state: State, command: Submit): Decision {
  const at = currentStep(state)
  const stage = at && stageOf(at)
  if (at === null || stage?.kind !== 'signatures' || stage.what !== 'decryption-approval')
    return refuse('SUBMIT-01', 'no approval is awaited')
  const decryption = decryptionAt(state, at)
  if (sha256Hex(command.payload) !== decryption.digest)
    return refuse('SUBMIT-02', `expected the request ${decryption.digest}`)
  const seat = state.seats.find((one) => one.role === 'approver' && one.signer === command.signature.signer)
  if (seat === undefined) return refuse('SUBMIT-03', `${command.signature.signer} is no approver of this run`)
  if (decryption.approvedBy.includes(seat.name)) return refuse('SUBMIT-05', `${seat.name} has approved`)
  const invalid = verify(state, 'decryption-approval', seat.keys, command)
  if (invalid !== null) return invalid
  const { signer, name } = seat
  const { signature } = command
  const what = 'decryption-approval' as const
  const fact = { what, subject: decryption.digest, name, signer, signature }
  return { ok: true, events: [{ kind: 'signature.accepted', stepId: at.step.id, fact }] }
}

/** What the poorest of those who may answer has left, where enough have said so; null where nobody knows. */
function leastLeft(state: State, epoch: LiveEpoch, mode: 'S' | 'F'): number | null {
  const known = epoch.holders.map((name) => leftOf(state, epoch, name))
  const unknown = known.filter((left) => left === null).length
  const left = known.flatMap((one) => (one === null ? [] : [mode === 'S' ? one.at128 : one.at64]))
  // Any t may answer: the request is hopeless only when even the t richest cannot.
  const rich = left.toSorted((a, b) => b - a)[epoch.t - 1 - unknown]
  return unknown >= epoch.t ? null : (rich ?? null)
}

function named(refusal: { rule: string; detail: string }): Refusal {
  return isRunRule(refusal.rule)
    ? refuse(refusal.rule, refusal.detail)
    : refuse('SUBMIT-06', `${refusal.rule}: ${refusal.detail}`)
}

/** True when enough approvers have signed. */
export function approved(state: State, progress: StepProgress, fact: Facts['signature.accepted']): boolean {
  const decryption = decryptionAt(state, progress)
  decryption.approvedBy.push(fact.name)
  return decryption.approvedBy.length >= state.terms.approvers
}

export const submissions = {
  'decryption-approval': takeApproval,
  'holder-answer': takeHolderAnswer,
  'decryption-result': takeResult,
}

export const entries = {
  'request.taken': {
    schema: v.strictObject({
      decryption: line,
      package: digest,
      digest,
      request: decryptionRequestCodec.payload.schema,
    }),
    apply(state, progress, fact) {
      const decryption = decryptionAt(state, progress)
      decryption.epoch = epochOf(state, decryption.id)
      decryption.package = fact.package
      decryption.digest = fact.digest
      decryption.request = fact.request
      progress.summary.push({ label: 'request', value: fact.digest })
      return true
    },
  },
  'answer.taken': {
    schema: v.strictObject({
      decryption: line,
      payload: holderAnswerCodec.payload.schema,
      signature: hybridSignature,
    }),
    apply(state, progress, { payload }) {
      const decryption = decryptionAt(state, progress)
      const { name, holder, decision, reason, epochId, left } = payload
      decryption.answers.push({
        name,
        holder,
        decision,
        reason,
        digest: holderAnswerCodec.payload.digest(payload),
      })
      // A canary is answered outside the budget.
      if (decryptionOf(state.plan, decryption.id)?.canary !== true) {
        state.budgets = state.budgets.filter((one) => one.epochId !== epochId || one.name !== name)
        state.budgets.push({ epochId, name, left: { ...left } })
      }
      progress.summary.push({ label: 'answer', value: `${name}: ${decision}` })
      const given = decryption.answers.filter((answer) => answer.decision === 'approved').length
      return given >= answersWanted(state, decryption)
    },
  },
  'result.taken': {
    schema: v.strictObject({
      decryption: line,
      payload: decryptionResultCodec.payload.schema,
      signature: hybridSignature,
    }),
    apply(state, progress, { payload }) {
      const decryption = decryptionAt(state, progress)
      const { outcome, verified, cheaters } = payload
      const made = decryptionResultCodec.payload.digest(payload)
      decryption.result = { digest: made, outcome, verified, cheaters: [...cheaters] }
      progress.summary.push(
        { label: 'outcome', value: outcome },
        { label: 'verified', value: String(verified) },
      )
      return true
    },
  },
} satisfies EntryModules<'request.taken' | 'answer.taken' | 'result.taken'>

export const needs = {
  request: ({ plan }, { step }) => ({
    kind: 'request',
    decryption: step.decryption ?? '',
    what: decryptionOf(plan, step.decryption)?.what ?? '',
  }),
  answers(state, progress) {
    const decryption = decryptionAt(state, progress)
    const by = (decision: 'approved' | 'refused') =>
      decryption.answers.filter((answer) => answer.decision === decision).map(({ name }) => name)
    return {
      kind: 'answers',
      decryption: decryption.id,
      subject: decryption.digest ?? '',
      present: by('approved'),
      refused: by('refused'),
      missing: unheard(decryption),
      stillNeeded: stillWanted(state, decryption),
    }
  },
  result(state, progress) {
    const { id, digest: asked } = decryptionAt(state, progress)
    return { kind: 'result', decryption: id, subject: asked ?? '' }
  },
} satisfies StageNeeds<'request' | 'answers' | 'result'>
