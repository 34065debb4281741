import { cardCodec, checkEpochLive, type EpochLive, epochLiveCodec } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import { type Budgets, triedCanaryCost } from '@lux/crypto/fhe'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { Told } from '../told.ts'
import { type AbortedFiles, checkAborted } from './aborted-run.ts'
import { checkApprovals, checkLeaving, checkOldShare, type EpochRun, epochLines } from './epoch-run.ts'
import { checkDealtUnder } from './policy.ts'
import { acknowledgementOf } from './receive.ts'
import type { OpenedShare } from './share-file.ts'
import { encodeState, type HolderState } from './state.ts'

/**
 * Checks the announcement "epoch n is live, n of n proved", signed by the ceremony key, and approved by as many old holders as decrypt.
 * Refuses EPOCH-….
 */
export function checkLive(
  run: EpochRun,
  { approvals, live }: { approvals: readonly Uint8Array[]; live: Uint8Array },
): Outcome<EpochLive> {
  return checked(() => {
    need(checkApprovals(run, approvals))
    const document = need(epochLiveCodec.file.parse(live), 'epoch-live')
    return need(checkEpochLive(run.terms, document, run.opening.ceremonyKeys), 'epoch-live')
  })
}

/** What happens to a share. A new one answers, with `state` as its record. An old one is wiped once its holder says yes. */
type EpochTaken =
  | { readonly do: 'answer'; readonly state: Uint8Array }
  | { readonly do: 'wipe'; readonly lines: readonly Told[] }

/**
 * Acts on the announcement that an epoch is live. An old share is wiped whichever run its holder approved, because nothing may be answered
 * with it any more. `forgetsKey`: its holder also wants the old epoch's key wiped. Refuses HOLDER-POLICY, EPOCH-OTHER, HOLDER-EPOCH,
 * HOLDER-STAYS.
 */
export function takeEpochLive(
  opened: OpenedShare,
  run: EpochRun,
  said: EpochLive,
  { forgetsKey }: { forgetsKey: boolean },
): Outcome<EpochTaken> {
  return checked(() => {
    const { key, envelope, before, held } = opened
    const { holder, epochId } = envelope.share.header
    if (toHex(epochId) === said.epochId) {
      need(checkDealtUnder(opened, run.policy))
      if (acknowledgementOf(held, key).digest !== said.acknowledgements[holder - 1])
        no('EPOCH-OTHER', `${envelope.name} has not proved this share in that ceremony`)
      return { do: 'answer', state: encodeState({ ...before, live: true }, opened) }
    }
    need(checkOldShare(run, envelope))
    if (forgetsKey && run.terms.roster.some(({ card }) => card === cardCodec.digest(key.card)))
      no('HOLDER-STAYS', `${envelope.name} holds a share of epoch ${said.epoch} with this key`)
    return { do: 'wipe', lines: epochLines(run) }
  })
}

/** The record of a share that answers again, and what the failed epoch's canary costs it. */
type KeptAfterAbort = { readonly state: Uint8Array; readonly counted: Budgets }

/**
 * Undoes the approval of a next epoch after its run was aborted. `ended`: what `checkAborted` found. Refuses HOLDER-EPOCH, HOLDER-PLAN,
 * HOLDER-LEAVING.
 */
export function keepAfterAbort(
  opened: OpenedShare,
  run: EpochRun,
  ended: { assembled: boolean },
): Outcome<KeptAfterAbort> {
  return checked(() => {
    const { envelope, before } = opened
    need(checkOldShare(run, envelope))
    if (before.leaving === null) no('HOLDER-PLAN', 'you approved no run, and nothing is to be taken back')
    need(checkLeaving(run, before))
    const counted = ended.assembled ? canaryOf(run) : { at64: 0, at128: 0 }
    return { state: encodeState(keptState(before, counted), opened), counted }
  })
}

/** Checks that a run was aborted and its next epoch never went live. Refuses EPOCH-LIVE and what `checkAborted` refuses. */
export function checkGivenUp(
  run: EpochRun,
  { live, ...files }: AbortedFiles & { live: boolean },
): Outcome<{ assembled: boolean }> {
  return checked(() => {
    if (live) no('EPOCH-LIVE', 'the next epoch was declared live before the run ended')
    return need(checkAborted(run, files))
  })
}

/** What the failed epoch's canary costs a holder of the old one. It counts even when the log shows no answers. */
export function canaryOf({ terms, plan }: Pick<EpochRun, 'terms' | 'plan'>): Budgets {
  const width = plan.fhe?.mode === 'F' ? 64 : 128
  const cost = triedCanaryCost({ t: terms.oldT, n: terms.old.length }, { t: terms.t, n: terms.n }, width)
  return width === 64 ? { at64: cost, at128: 0 } : { at64: 0, at128: cost }
}

export function keptState(before: HolderState, { at64, at128 }: Budgets): HolderState {
  const spent = { at64: before.spent.at64 + at64, at128: before.spent.at128 + at128 }
  return { ...before, spent, leaving: null }
}
