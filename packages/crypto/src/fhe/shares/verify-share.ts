import { equalBytes } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { budgetOf } from '../../sharing/flooding.ts'
import { verifySeeds } from '../../sharing/verify-seeds.ts'
import { mixedField } from '../files/file-header.ts'
import { type RosterEntry, rosterDigest } from '../files/identifiers.ts'
import { type PublicFile, parsePublic } from '../files/public-file.ts'
import { type Budgets, forgetShare, parseShare, type Share } from '../files/share-file.ts'

export type ShareExpectation = {
  readonly holder?: number
  readonly policyHash?: Uint8Array
  readonly roster?: readonly RosterEntry[]
  /** Blocks that the share may answer, as the plan or the carried count says. */
  readonly budgets?: Budgets
}

export type VerifiedShare = { readonly share: Share; readonly pub: PublicFile }

/**
 * What a holder checks before keeping or using a share: both files parse, are of the same sharing, the seeds are those
 * committed to, the corrections those of the epoch, the budgets within the flooding. Refusals: the parsers' rules,
 * FHE-EPOCH-MIXED, FHE-SEED-SETS, FHE-SEED-COMMITMENT, FHE-BUDGET, FHE-FLOOD-FLOOR a budget where a block would keep under 40 bits,
 * FHE-HOLDER-OTHER, FHE-POLICY-OTHER, FHE-ROSTER-OTHER, FHE-BUDGET-OTHER. The seeds of a refused share are wiped; an accepted one is the caller's to forget.
 */
export function verifyShare(
  shareBytes: Uint8Array,
  pubBytes: Uint8Array,
  expected: ShareExpectation = {},
): Outcome<VerifiedShare> {
  let share: Share | null = null
  let kept = false
  try {
    share = parseShare(shareBytes)
    const verified = verifyParsed(share, parsePublic(pubBytes), expected)
    kept = verified.ok
    return verified
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  } finally {
    if (share !== null && !kept) forgetShare(share)
  }
}

function verifyParsed(share: Share, pub: PublicFile, expected: ShareExpectation): Outcome<VerifiedShare> {
  const { header, seeds, budgets } = share
  const mixed = mixedField(header, pub.header)
  if (mixed !== null) return refuse('FHE-EPOCH-MIXED', `share and public file differ in ${mixed}`)
  const verdict = verifySeeds(seeds, pub.commitments, {
    quorum: header,
    holder: header.holder,
    keyId: header.keyId,
    dealerMask: header.dealerMask,
  })
  if (!verdict.ok) return verdict
  for (const [budget, width] of [
    [budgets.at64, 64],
    [budgets.at128, 128],
  ] as const) {
    const largest = budget === 0 ? accept(0) : budgetOf(header, width)
    if (!largest.ok) return largest
    if (budget > largest.value || (width === 128 && budget > 0 && pub.pub128.length === 0)) {
      return refuse('FHE-BUDGET', `${budget} blocks of ${width} bits are more than the noise can hide`)
    }
  }
  if (expected.holder !== undefined && expected.holder !== header.holder) {
    return refuse('FHE-HOLDER-OTHER', `the share of holder ${header.holder}, expected ${expected.holder}`)
  }
  if (expected.policyHash && !equalBytes(expected.policyHash, share.policyHash)) {
    return refuse('FHE-POLICY-OTHER', 'the share names another policy')
  }
  const { budgets: agreed } = expected
  if (agreed && (agreed.at64 !== budgets.at64 || agreed.at128 !== budgets.at128)) {
    return refuse(
      'FHE-BUDGET-OTHER',
      `a budget of ${budgets.at64} and ${budgets.at128} blocks, expected ${agreed.at64} and ${agreed.at128}`,
    )
  }
  if (expected.roster && !equalBytes(rosterDigest(expected.roster), pub.rosterDigest)) {
    return refuse('FHE-ROSTER-OTHER', 'the public file names other holders')
  }
  return accept({ share, pub })
}
