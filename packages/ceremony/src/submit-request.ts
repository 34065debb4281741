import { encodeCanonical, sha256Hex } from '@lux/crypto'
import { canaryFault } from './documents/format/fhe-fields.ts'
import { requestPackageCodec } from './documents/threshold/decryption-request.ts'
import { dealersOf, decryptionAt, epochOf } from './kinds/epochs.ts'
import type { Command, Refusal } from './model/commands.ts'
import type { NewEvent } from './model/events.ts'
import { isRunRule, refuse } from './model/rules.ts'
import { leftOf, seatOf, standsAt, verify } from './model/signers.ts'
import { currentStep, stageOf } from './model/stages.ts'
import type { LiveEpoch, State } from './model/state.ts'
import { decryptionOf } from './plan/queries.ts'
import { checkDecryptionRequest } from './request-rules/decryption.ts'

type Submit = Extract<Command, { type: 'submit' }>

type TakeRequest = Extract<Command, { type: 'take-request' }>

type Decision = { ok: true; events: NewEvent[] } | Refusal

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
export function takeApproval(state: State, command: Submit): Decision {
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
