import { encodeCanonical, sha256Hex } from '@lux/crypto'
import * as v from 'valibot'
import { digest, hybridSignature, line } from '../../documents/format/fields.ts'
import { acknowledgementCodec } from '../../documents/threshold/acknowledgement.ts'
import { epochApprovalCodec, redealCodec } from '../../documents/threshold/epoch.ts'
import type { Submit } from '../../model/commands.ts'
import type { Decision, Facts } from '../../model/events.ts'
import { refuse } from '../../model/rules.ts'
import type { LiveEpoch, State } from '../../model/state.ts'
import { missingHolders } from '../dealing/queries.ts'
import { ceremonyKeyPlace } from '../effect-parts.ts'
import type { EntryModules, StageNeeds } from '../entries.ts'
import { count, file, json, positive } from '../result-fields.ts'
import { leftOf, seatOf, standsAt, verify } from '../signers.ts'
import { currentStep, stageOf } from '../stages.ts'
import { asOwed, differs, type EffectModules } from '../step-module.ts'
import { unstated } from './left-budget.ts'
import { assembly, dealerMask, dealersOf, liveStatement, nextRoster, plannedReshare } from './queries.ts'

/** A holder of the old epoch lets the key move and says what is left: t are needed, and all are heard until it is assembled. */
function takeEpochApproval(state: State, command: Submit): Decision {
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
function takeRedeal(state: State, command: Submit): Decision {
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

/** A new holder proved the share of the next epoch. */
export function proved(state: State, { index, payload }: Facts['holder.acknowledged']): void {
  const read = acknowledgementCodec.payload.check(payload)
  if (state.reshare !== null && read.ok)
    state.reshare.acknowledgements[index - 1] = sha256Hex(acknowledgementCodec.signedBytes(read.value))
}

export const effects = {
  'assemble-epoch': {
    schema: v.strictObject({
      epochId: digest,
      epoch: count,
      public: file,
      commitments: digest,
      corrections: v.pipe(v.array(digest), v.maxLength(15)),
    }),
    effect: ({ state, base }) => ({ ...base, kind: 'assemble-epoch', ...assembly(state) }),
    verify(_state, effect, result) {
      const dealt = effect.dealers.map(({ correction }) => correction).join()
      if (result.epoch !== effect.old.epoch + 1)
        return differs(`epoch ${effect.old.epoch + 1}`, `epoch ${result.epoch}`)
      if (result.corrections.join() === dealt) return null
      return differs('the corrections that the dealers signed', 'others')
    },
    apply(state, _progress, result, show) {
      const { epochId, epoch, commitments } = result
      if (state.reshare !== null) {
        const { t, n, holders } = plannedReshare(state)
        const { keyId } = state.reshare.old
        const next = { keyId, epochId, epoch, public: result.public.sha256, t, n, holders, commitments }
        state.reshare = { ...state.reshare, next, acknowledgements: holders.map(() => null) }
      }
      show('epoch', epochId)
      show('shares', result.corrections.length)
    },
  },
  'sign-epoch-live': {
    schema: v.strictObject({ digest, signature: hybridSignature }),
    effect: ({ state, base }) => ({
      ...base,
      ...ceremonyKeyPlace(state),
      kind: 'sign-epoch-live',
      ...liveStatement(state),
    }),
    verify: asOwed,
    apply(state, _progress, result, show) {
      if (state.reshare?.next) {
        state.epoch = state.reshare.next
        state.reshare = { ...state.reshare, live: result.digest }
      }
      show('epoch-live', result.digest)
    },
  },
} satisfies EffectModules<'assemble-epoch' | 'sign-epoch-live'>

export const submissions = { 'epoch-approval': takeEpochApproval, redeal: takeRedeal }

export const entries = {
  'epoch.approved': {
    schema: v.strictObject({ payload: epochApprovalCodec.payload.schema, signature: hybridSignature }),
    apply(state, progress, { payload }) {
      const old = state.epoch
      if (old === null) return false
      state.reshare ??= { old, approvedBy: [], redealt: [], next: null, acknowledgements: [], live: null }
      state.reshare.approvedBy.push({
        name: payload.name,
        digest: epochApprovalCodec.payload.digest(payload),
      })
      state.budgets = state.budgets.filter((one) => one.epochId !== old.epochId || one.name !== payload.name)
      state.budgets.push({ epochId: old.epochId, name: payload.name, left: { ...payload.left } })
      // Later ones are taken at the steps that follow, and end none of them.
      return stageOf(progress)?.kind === 'epoch-approvals' && state.reshare.approvedBy.length >= old.t
    },
  },
  'redeal.taken': {
    schema: v.strictObject({ payload: redealCodec.payload.schema, signature: hybridSignature }),
    apply(state, _progress, { payload }) {
      if (state.reshare === null) return false
      const { name, dealer, correction, envelopes } = payload
      const dealt = redealCodec.payload.digest(payload)
      state.reshare.redealt.push({ name, dealer, digest: dealt, correction, envelopes: [...envelopes] })
      return state.reshare.redealt.length >= dealersOf(state).length
    },
  },
  /** A share of the epoch that is being made, or of the one that this run dealt. */
  'holder.acknowledged': {
    schema: v.strictObject({
      name: line,
      index: positive,
      payload: json,
      signature: hybridSignature,
      here: v.exactOptional(v.literal(true)),
    }),
    apply(state, progress, fact) {
      if (state.reshare?.next) proved(state, fact)
      else state.fhe?.acknowledged.push(fact.name)
      return missingHolders(state, progress).length === 0
    },
  },
} satisfies EntryModules<'epoch.approved' | 'redeal.taken' | 'holder.acknowledged'>

export const needs = {
  acknowledgements(state, progress) {
    const missing = missingHolders(state, progress)
    const next = state.reshare?.next ?? null
    const present =
      next === null
        ? [...(state.fhe?.acknowledged ?? [])]
        : next.holders.filter((name) => !missing.includes(name))
    // Where the officers went on without a dealing there is no epoch, and nobody can prove a share: the plan is all that is left.
    const subject = (next ?? state.fhe)?.epochId ?? state.planHash
    return { kind: 'acknowledgements', subject, present, missing, next: next !== null }
  },
  'epoch-approvals'(state) {
    const present = (state.reshare?.approvedBy ?? []).map(({ name }) => name)
    const missing = (state.epoch?.holders ?? []).filter((name) => !present.includes(name))
    const stillNeeded = Math.max(0, (state.epoch?.t ?? 0) - present.length)
    return { kind: 'epoch-approvals', subject: state.planHash, present, missing, stillNeeded }
  },
  redeals(state) {
    const present = (state.reshare?.redealt ?? []).map(({ name }) => name)
    const missing = dealersOf(state).filter(({ name }) => !present.includes(name))
    return { kind: 'redeals', present, missing: missing.map(({ name }) => name) }
  },
} satisfies StageNeeds<'acknowledgements' | 'epoch-approvals' | 'redeals'>
