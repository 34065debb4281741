import { encodeCanonical, sha256Hex } from '@lux/crypto'
import { epochApprovalCodec, redealCodec } from './documents/threshold/epoch.ts'
import { dealerMask, dealersOf, nextRoster, plannedReshare } from './kinds/epochs.ts'
import type { Command, Refusal } from './model/commands.ts'
import type { NewEvent } from './model/events.ts'
import { refuse } from './model/rules.ts'
import { leftOf, seatOf, standsAt, verify } from './model/signers.ts'
import { currentStep } from './model/stages.ts'
import type { LiveEpoch, State } from './model/state.ts'
import { unstated } from './steps/resharing/left-budget.ts'

type Submit = Extract<Command, { type: 'submit' }>

type Decision = { ok: true; events: NewEvent[] } | Refusal

/** A holder of the old epoch lets the key move and says what is left: t are needed, and all are heard until it is assembled. */
export function takeEpochApproval(state: State, command: Submit): Decision {
  const at = currentStep(state)
  const old = state.epoch
  const open = standsAt(state, 'epoch-approvals') !== null || unstated(state).length > 0
  if (at === null || old === null || !open) return refuse('SUBMIT-01', 'no new epoch is being approved')
  const read = epochApprovalCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const { t, n } = plannedReshare(state)
  const fits =
    sameRun(state, old, said) &&
    said.epoch === old.epoch + 1 &&
    said.t === t &&
    said.n === n &&
    said.roster === sha256Hex(encodeCanonical(nextRoster(state))) &&
    said.dealerMask === dealerMask(state)
  if (!fits) return refuse('EPOCH-01', `${said.name} approves another epoch, people or dealers`)
  const seat = seatOf(state, said.name)
  if (seat === null || old.holders[said.holder - 1] !== said.name)
    return refuse('SUBMIT-03', `${said.name} is not holder ${said.holder} of the old epoch`)
  if (state.reshare?.approvedBy.some(({ name }) => name === said.name))
    return refuse('SUBMIT-05', `${said.name} has approved`)
  const known = leftOf(state, old, said.name)
  if (known !== null && (said.left.at64 > known.at64 || said.left.at128 > known.at128))
    return refuse('ANSWER-02', `${said.name} says that more is left of the budget than before`)
  const invalid = verify(state, 'epoch-approval', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'epoch.approved', stepId: at.step.id, fact }] }
}

/** A dealer's part of the next epoch. */
export function takeRedeal(state: State, command: Submit): Decision {
  const at = standsAt(state, 'redeals')
  const { reshare } = state
  if (at === null || reshare === null) return refuse('SUBMIT-01', 'nobody deals now')
  const read = redealCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const { t, n } = plannedReshare(state)
  if (!sameRun(state, reshare.old, said) || said.t !== t || said.n !== n || said.envelopes.length !== n)
    return refuse('REDEAL-01', `${said.name} dealt for another epoch, plan or quorum`)
  const seat = seatOf(state, said.name)
  const dealer = dealersOf(state).find(({ name }) => name === said.name)
  if (seat === null || dealer?.dealer !== said.dealer)
    return refuse('SUBMIT-03', `${said.name} is not dealer ${said.dealer} of the plan`)
  if (reshare.redealt.some(({ name }) => name === said.name))
    return refuse('SUBMIT-05', `${said.name} has dealt`)
  const digests = [said.correction, ...said.envelopes]
  const others = reshare.redealt.flatMap(({ correction, envelopes }) => [correction, ...envelopes])
  if (new Set([...digests, ...others]).size !== digests.length + others.length)
    return refuse('REDEAL-01', `${said.name} dealt something twice`)
  const invalid = verify(state, 'redeal', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'redeal.taken', stepId: at.step.id, fact }] }
}

function sameRun(
  state: State,
  old: LiveEpoch,
  said: { domain: string; ceremonyId: string; planHash: string; keyId: string; oldEpochId: string },
): boolean {
  return (
    said.domain === state.domain &&
    said.ceremonyId === state.ceremonyId &&
    said.planHash === state.planHash &&
    said.keyId === old.keyId &&
    said.oldEpochId === old.epochId
  )
}
