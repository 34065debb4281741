import type { PolicyFile } from '@lux/ceremony/policy'
import { type Redeal, redealCodec } from '@lux/ceremony/wire'
import { type Entropy, fromHex, sealTo, sha256Hex, toHex, wipe } from '@lux/crypto'
import {
  commitmentsDigest,
  forgetShare,
  parseCorrection,
  type Redealing,
  redealShare,
  verifyShare,
} from '@lux/crypto/fhe'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'
import type { Told } from '../told.ts'
import { mustBeLive, mustLeave } from './approve-epoch.ts'
import { checkApprovals, type EpochRun, epochLines } from './epoch-run.ts'
import { correctionName, seedsName } from './file-names.ts'
import type { OpenedShare } from './share-file.ts'

/** A contribution to the next epoch that may be dealt, and waits for its holder's yes. */
type PreparedRedeal = {
  /** Raw text: whoever shows it makes it safe. */
  readonly lines: readonly Told[]
  /** Names of the files that `deal` will make, so that the caller can look for room first. */
  readonly names: readonly string[]
  /** After the yes: deals with fresh seeds, which leave only sealed. Refuses FHE-…, SEAL-…. */
  deal(entropy: Entropy): Promise<Outcome<Redealt>>
}

export type Redealt = {
  /** The signed document. */
  readonly redeal: Uint8Array
  readonly said: Redeal
  /** The public correction, and the seeds sealed to each new holder. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

/**
 * Deals this dealer's part of the key again, for an approved epoch. `approvals`: of the old holders. Refuses what `approveEpoch` refuses,
 * EPOCH-APPROVALS, EPOCH-OTHER, EPOCH-SIGNATURE, HOLDER-DEALER.
 */
export function redeal(
  opened: OpenedShare,
  run: EpochRun,
  given: { policy: PolicyFile; previous: PolicyFile | null; approvals: readonly Uint8Array[] },
): Outcome<PreparedRedeal> {
  return checked(() => {
    mustLeave(opened, run, given)
    need(checkApprovals(run, given.approvals))
    mustBeLive(opened)
    const { holder } = opened.envelope.share.header
    if (!run.terms.dealers.includes(holder))
      no('HOLDER-DEALER', `the plan has ${run.plan.reshare?.dealers.join(', ')} deal`)
    return {
      lines: epochLines(run),
      names: [correctionName(holder), ...run.terms.roster.map(({ index }) => seedsName(holder, index))],
      deal: (entropy) => checkedLater(() => dealt(run, opened, entropy)),
    }
  })
}

async function dealt(
  run: EpochRun,
  { key, held, envelope }: OpenedShare,
  entropy: Entropy,
): Promise<Redealt> {
  const { terms } = run
  const { holder } = envelope.share.header
  const { correction, sealed } = await sealedParts(run, held.pub, envelope.shareBytes, entropy)
  const { commitments } = parseCorrection(correction)
  const { domain, ceremonyId, planHash, keyId, oldEpochId, t, n } = terms
  const said: Redeal = {
    v: 1,
    kind: 'redeal',
    domain,
    ceremonyId,
    planHash,
    keyId,
    oldEpochId,
    t,
    n,
    dealer: holder,
    name: envelope.name,
    correction: sha256Hex(correction),
    commitments: toHex(commitmentsDigest(commitments)),
    envelopes: sealed.map((bytes) => sha256Hex(bytes)),
  }
  const signatures = [redealCodec.sign(key.identity, said, domain)]
  return {
    redeal: redealCodec.file.encode({ payload: said, signatures }),
    said,
    files: [
      { name: correctionName(holder), bytes: correction },
      ...sealed.map((bytes, at) => ({ name: seedsName(holder, at + 1), bytes })),
    ],
  }
}

/** The fresh seeds leave this function only sealed. */
async function sealedParts(
  { terms, plan, nextCard }: EpochRun,
  pub: Uint8Array,
  share: Uint8Array,
  entropy: Entropy,
): Promise<{ correction: Uint8Array; sealed: Uint8Array[] }> {
  const verified = need(verifyShare(share, pub), 'share')
  let dealt: Redealing | null = null
  try {
    const { t, n, dealers, planHash } = terms
    const recipients = (plan.reshare?.holders ?? []).map((name) => nextCard(name).recipient ?? '')
    dealt = need(redealShare({ verified, dealers, to: { t, n }, planHash: fromHex(planHash, 32), entropy }))
    const sealed = await Promise.all(dealt.seedFiles.map((file, at) => sealTo([recipients[at] ?? ''], file)))
    return { correction: dealt.correction, sealed }
  } finally {
    forgetShare(verified.share)
    for (const file of dealt?.seedFiles ?? []) wipe(file)
  }
}
