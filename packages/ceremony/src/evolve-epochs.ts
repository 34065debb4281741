import { sha256Hex } from '@lux/crypto'
import { unreachable } from './documents/format/outcome.ts'
import { acknowledgementCodec } from './documents/threshold/acknowledgement.ts'
import { decryptionResultCodec } from './documents/threshold/decryption-result.ts'
import { epochApprovalCodec, redealCodec } from './documents/threshold/epoch.ts'
import { holderAnswerCodec } from './documents/threshold/holder-answer.ts'
import { answersWanted, dealersOf, decryptionAt, epochOf } from './kinds/epochs.ts'
import type { Entry, Facts } from './model/events.ts'
import { stageOf } from './model/stages.ts'
import type { State, StepProgress } from './model/state.ts'
import { decryptionOf } from './plan/queries.ts'

type OfEpochs = Extract<
  Entry,
  { kind: 'request.taken' | 'answer.taken' | 'result.taken' | 'epoch.approved' | 'redeal.taken' }
>

/** Takes an entry about a decryption or the next epoch into a draft; true when its stage is over. */
export function evolveEpochs(state: State, progress: StepProgress, entry: OfEpochs): boolean {
  switch (entry.kind) {
    case 'request.taken': {
      const decryption = decryptionAt(state, progress)
      decryption.epoch = epochOf(state, decryption.id)
      decryption.package = entry.fact.package
      decryption.digest = entry.fact.digest
      decryption.request = entry.fact.request
      progress.summary.push({ label: 'request', value: entry.fact.digest })
      return true
    }
    case 'answer.taken': {
      const decryption = decryptionAt(state, progress)
      const { payload } = entry.fact
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
    }
    case 'result.taken': {
      const decryption = decryptionAt(state, progress)
      const { outcome, verified, cheaters } = entry.fact.payload
      const digest = decryptionResultCodec.payload.digest(entry.fact.payload)
      decryption.result = { digest, outcome, verified, cheaters: [...cheaters] }
      progress.summary.push(
        { label: 'outcome', value: outcome },
        { label: 'verified', value: String(verified) },
      )
      return true
    }
    case 'epoch.approved': {
      const old = state.epoch
      if (old === null) return false
      state.reshare ??= { old, approvedBy: [], redealt: [], next: null, acknowledgements: [], live: null }
      const { payload } = entry.fact
      const digest = epochApprovalCodec.payload.digest(payload)
      state.reshare.approvedBy.push({ name: payload.name, digest })
      state.budgets = state.budgets.filter((one) => one.epochId !== old.epochId || one.name !== payload.name)
      state.budgets.push({ epochId: old.epochId, name: payload.name, left: { ...payload.left } })
      // Later ones are taken at the steps that follow, and end none of them.
      return stageOf(progress)?.kind === 'epoch-approvals' && state.reshare.approvedBy.length >= old.t
    }
    case 'redeal.taken': {
      if (state.reshare === null) return false
      const { payload } = entry.fact
      const { name, dealer, correction, envelopes } = payload
      const digest = redealCodec.payload.digest(payload)
      state.reshare.redealt.push({ name, dealer, digest, correction, envelopes: [...envelopes] })
      return state.reshare.redealt.length >= dealersOf(state).length
    }
    default:
      return unreachable(entry)
  }
}

/** True when enough approvers have signed. */
export function approved(state: State, progress: StepProgress, fact: Facts['signature.accepted']): boolean {
  const decryption = decryptionAt(state, progress)
  decryption.approvedBy.push(fact.name)
  return decryption.approvedBy.length >= state.terms.approvers
}

/** A new holder proved the share of the next epoch. */
export function proved(state: State, { index, payload }: Facts['holder.acknowledged']): void {
  const read = acknowledgementCodec.payload.check(payload)
  if (state.reshare !== null && read.ok)
    state.reshare.acknowledgements[index - 1] = sha256Hex(acknowledgementCodec.signedBytes(read.value))
}
