import { type VerificationKeys, verifySignature } from '@lux/crypto'
import { signatureContext } from './documents/format/context.ts'
import { decryptionResultCodec } from './documents/threshold/decryption-result.ts'
import { holderAnswerCodec } from './documents/threshold/holder-answer.ts'
import { answersWanted, decryptionAt } from './kinds/epochs.ts'
import type { Command, Refusal } from './model/commands.ts'
import type { NewEvent } from './model/events.ts'
import { refuse } from './model/rules.ts'
import { leftOf, type Signed, seatOf, standsAt, verify } from './model/signers.ts'
import type { DecryptionState, State } from './model/state.ts'
import { decryptionOf } from './plan/queries.ts'

type Submit = Extract<Command, { type: 'submit' }>

type Decision = { ok: true; events: NewEvent[] } | Refusal

/** A holder's yes or no. The partial decryption is for the combiner; here only its digest and the budget are seen. */
export function takeHolderAnswer(state: State, command: Submit): Decision {
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
  const fits =
    said.domain === state.domain &&
    said.request === decryption.digest &&
    said.keyId === epoch.keyId &&
    said.epochId === epoch.epochId
  if (!fits) return refuse('ANSWER-01', `${said.name} answers another request or epoch`)
  if (decryption.answers.some(({ name }) => name === said.name))
    return refuse('SUBMIT-05', `${said.name} has answered`)
  if (said.decision === 'approved' && said.time >= request.expiry)
    return refuse('REQUEST-EXPIRED', `answered at ${said.time}, the request expired at ${request.expiry}`)
  const fault = budgetFault(state, decryption, said)
  if (fault !== null) return refuse('ANSWER-02', `${said.name}: ${fault}`)
  const invalid = verify(state, 'holder-answer', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { decryption: decryption.id, payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'answer.taken', stepId: at.step.id, fact }] }
}

/** What the requester says came of the answers. */
export function takeResult(state: State, command: Submit): Decision {
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

/** Holders whom an answers stage may still hear from. */
export function unheard(decryption: DecryptionState): string[] {
  const heard = new Set(decryption.answers.map(({ name }) => name))
  return (decryption.epoch?.holders ?? []).filter((name) => !heard.has(name))
}

export function stillWanted(state: State, decryption: DecryptionState): number {
  const given = decryption.answers.filter(({ decision }) => decision === 'approved').length
  return Math.max(0, answersWanted(state, decryption) - given)
}

type Said = { name: string; spent: number; left: { at64: number; at128: number }; decision: string }

/** A budget only ever shrinks, by what the answer spent. */
function budgetFault(state: State, { id, epoch, request }: DecryptionState, said: Said): string | null {
  if (request === null || epoch === null) return null
  if (said.spent > request.budget) return `${said.spent} blocks spent, ${request.budget} were asked for`
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
