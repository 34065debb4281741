import type { PolicyFile } from '@lux/ceremony/policy'
import { type EpochApproval, epochApprovalCodec, epochApprovalOf } from '@lux/ceremony/wire'
import type { Budgets } from '@lux/crypto/fhe'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { Told } from '../told.ts'
import { wordsOf } from '../words.ts'
import { blocksLeft } from './budgets.ts'
import { checkLeaving, checkOldShare, type EpochRun, epochLines, openingDigest } from './epoch-run.ts'
import { checkSharePolicy } from './policy.ts'
import type { OpenedShare } from './share-file.ts'
import { encodeState } from './state.ts'

/** An approval that passed every check and waits for its holder's yes. */
type PreparedApproval = {
  /** Raw text: whoever shows it makes it safe. */
  readonly lines: readonly Told[]
  readonly left: Budgets
  /** Of the plan: compared aloud. */
  readonly words: readonly string[]
  readonly digest: string
  readonly said: EpochApproval
  /** After the yes. `state` has to be on disk before `approval` leaves, because the approval tells the run what budget remains. */
  sign(): { readonly state: Uint8Array; readonly approval: Uint8Array }
}

/**
 * Approves, as a holder of the old epoch, that the key moves to an opened plan's people, quorum and dealers. `previous`: the policy under
 * which the share was dealt, where it is older. Refuses HOLDER-POLICY, POLICY-…, HOLDER-EPOCH, HOLDER-LEAVING, HOLDER-UNPROVEN.
 */
export function approveEpoch(
  opened: OpenedShare,
  run: EpochRun,
  policies: { policy: PolicyFile; previous: PolicyFile | null },
): Outcome<PreparedApproval> {
  return checked(() => {
    mustLeave(opened, run, policies)
    const { key, envelope, before } = opened
    const { header } = envelope.share
    mustBeLive(opened)
    const left = blocksLeft(envelope, before.spent)
    const said = epochApprovalOf(run.terms, header.holder, envelope.name, left)
    return {
      lines: epochLines(run),
      left,
      words: wordsOf(run.terms.planHash),
      digest: epochApprovalCodec.payload.digest(said),
      said,
      sign: () => ({
        state: encodeState({ ...before, leaving: openingDigest(run) }, opened),
        approval: epochApprovalCodec.file.encode({
          payload: said,
          signatures: [epochApprovalCodec.sign(key.identity, said, said.domain)],
        }),
      }),
    }
  })
}

/** Checks that a share is of the run's old epoch, under a policy that its holder knows, and that no other run has its approval. */
export function mustLeave(
  opened: OpenedShare,
  run: EpochRun,
  { policy, previous }: { policy: PolicyFile; previous: PolicyFile | null },
): void {
  need(checkSharePolicy(opened, policy, previous))
  need(checkOldShare(run, opened.envelope))
  need(checkLeaving(run, opened.before))
}

export function mustBeLive({ envelope, before }: OpenedShare): void {
  if (!before.live) no('HOLDER-UNPROVEN', `epoch ${envelope.share.header.epoch} is not live itself`)
}
