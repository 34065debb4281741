import { wipe } from '../../bytes.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import type { Entropy } from '../../random.ts'
import type { Quorum } from '../../sharing/quorum.ts'
import { checkDealers } from '../../sharing/reshare.ts'
import { checkCarried } from '../budgets/carry-budget.ts'
import type { RosterEntry } from '../files/identifiers.ts'
import { isIntegerKey } from '../files/public-file.ts'
import { type Budgets, forgetShare } from '../files/share-file.ts'
import { type VerifiedShare, verifyShare } from '../shares/verify-share.ts'
import { nextShare } from './next-share.ts'
import { nextPublic, redealShare } from './reshare-key.ts'

type RotateRequest = {
  /** `lux-pub1` of the epoch that is left behind. */
  readonly pub: Uint8Array
  /** Shares of exactly the t old holders that re-deal. */
  readonly shares: readonly Uint8Array[]
  readonly to: Quorum
  /** New holders 1..n' in order. */
  readonly roster: readonly RosterEntry[]
  /** SHA-256 of the signed plan, 32 bytes; zeros in a bare rehearsal. */
  readonly planHash: Uint8Array
  /** 32 bytes; zeros in a bare rehearsal. */
  readonly policyHash: Uint8Array
  /** Blocks that each new holder may answer, `carriedBudgets`. */
  readonly budgets: Budgets
  readonly entropy: Entropy
}

type RotatedKey = {
  readonly pub: Uint8Array
  /** New holders' shares in order: secret, wipe them. */
  readonly shares: readonly Uint8Array[]
  readonly epochId: Uint8Array
  readonly corrections: readonly Uint8Array[]
}

/**
 * Moves a key to new shares, people or (t,n) without revealing it: all dealers' parts in one process, for rehearsals
 * and tests. In earnest every dealer runs `redealShare` on its own device and everybody else `nextPublic` and
 * `nextShare`; no process then sees more than one share. Gives the files of epoch + 1: public.bin, n' shares of C(n'-1,t'-1) sets
 * with t seeds of 32 bytes each, and t corrections of 16 KiB, or 80 KiB with a squash key; budgets in blocks. THRESHOLD-FHE
 * section 7.
 *
 * Refusals, as values: those of `verifyShare`; FHE-DEALERS too few shares, too many, or one twice, before what is left of the
 * key's life is looked at; those of `checkCarried`, `redealShare`, `nextPublic` and `nextShare`. Throws RangeError for a `planHash`
 * or `policyHash` that has not 32 bytes.
 *
 * Desmedt and Jajodia, "Redistributing Secret Shares to New Access Structures and Its Applications" (ISSE-TR-97-01, 1997), for
 * the replicated parts of Cramer, Damgård and Ishai (TCC 2005), section 4.
 */
export function rotateFheKey(request: RotateRequest): Outcome<RotatedKey> {
  const verified: VerifiedShare[] = []
  const seedFiles: (readonly Uint8Array[])[] = []
  const shares: Uint8Array[] = []
  let rotated: Outcome<RotatedKey> | null = null
  try {
    rotated = rotateWith(request, { verified, seedFiles, shares })
    return rotated
  } finally {
    for (const { share } of verified) forgetShare(share)
    for (const files of seedFiles) for (const file of files) wipe(file)
    if (!rotated?.ok) for (const share of shares) wipe(share)
  }
}

/** Fills the lists: the first two have to be wiped whatever the outcome, the new shares where there is none. */
function rotateWith(
  { pub, to, roster, planHash, policyHash, budgets, entropy, shares: old }: RotateRequest,
  {
    verified,
    seedFiles,
    shares,
  }: { verified: VerifiedShare[]; seedFiles: (readonly Uint8Array[])[]; shares: Uint8Array[] },
): Outcome<RotatedKey> {
  for (const share of old) {
    const one = verifyShare(share, pub)
    if (!one.ok) return one
    verified.push(one.value)
  }
  const dealers = verified.map(({ share }) => share.header.holder).sort((a, b) => a - b)
  const begun = checkMove(verified, dealers, { to, budgets })
  if (!begun.ok) return begun
  const corrections: Uint8Array[] = []
  for (const one of verified) {
    const redealt = redealShare({ verified: one, dealers, to, planHash, entropy })
    if (!redealt.ok) return redealt
    corrections.push(redealt.value.correction)
    seedFiles.push(redealt.value.seedFiles)
  }
  const next = nextPublic({ pub, corrections, dealers, to, planHash, roster })
  if (!next.ok) return next
  for (let holder = 1; holder <= to.n; holder++) {
    const own = seedFiles.map((files) => files[holder - 1] ?? new Uint8Array(0))
    const share = nextShare({ pub: next.value.pub, corrections, seedFiles: own, holder, policyHash, budgets })
    if (!share.ok) return share
    shares.push(share.value)
  }
  return accept({ pub: next.value.pub, shares, epochId: next.value.epochId, corrections })
}

/** Checks that t different holders deal again and, for an integer key, that the new shares can answer something. */
function checkMove(
  verified: readonly VerifiedShare[],
  dealers: readonly number[],
  { to, budgets }: Pick<RotateRequest, 'to' | 'budgets'>,
): Outcome<null> {
  const [first] = verified
  if (first === undefined) return refuse('FHE-DEALERS', 'nobody re-deals')
  const { pub } = first
  const chosen = checkDealers(pub.header, dealers)
  if (!chosen.ok) return chosen
  if (!isIntegerKey(pub)) return accept(null)
  const fresh = verified.some(({ share }) => share.budgets.at64 > 0) || pub.pub128.length === 0
  return checkCarried(to, budgets, fresh ? 'F' : 'S')
}
