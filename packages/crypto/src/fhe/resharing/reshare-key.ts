import { wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { toHex } from '../../hex.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import type { Entropy } from '../../random.ts'
import { checkQuorum, maskOf, type Quorum, setsOf } from '../../sharing/quorum.ts'
import { addCorrections, checkDealers, redeal } from '../../sharing/reshare.ts'
import { forgetSeeds } from '../../sharing/seeds.ts'
import {
  type Correction,
  encodeCorrection,
  encodeSeedFile,
  mixedRun,
  parseCorrection,
  type RedealHeader,
} from '../files/correction-file.ts'
import {
  checkRoster,
  commitmentsDigest,
  type Epoch,
  epochIdOf,
  type RosterEntry,
  rosterDigest,
} from '../files/identifiers.ts'
import { encodePublic, type PublicFile, parsePublic } from '../files/public-file.ts'
import type { VerifiedShare } from '../shares/verify-share.ts'

type RedealRequest = {
  /** The dealer's own share, as `verifyShare` accepted it. */
  readonly verified: VerifiedShare
  /** The t old holders that re-deal, ascending, as the signed plan names them. */
  readonly dealers: readonly number[]
  readonly to: Quorum
  /** SHA-256 of the signed plan, 32 bytes; zeros in a bare rehearsal. */
  readonly planHash: Uint8Array
  readonly entropy: Entropy
}

export type Redealing = {
  /** `lux-cor1`, to publish; the dealer signs its digest and the plan's. */
  readonly correction: Uint8Array
  /** For new holder i at index i-1, to seal to it; secret: wipe once sealed, and never keep. */
  readonly seedFiles: readonly Uint8Array[]
}

/**
 * One old holder's part of a reshare, refresh or removal, without rebuilding the key. Refusals: FHE-DEALERS,
 * FHE-ENTROPY, those of `checkQuorum`. THRESHOLD-FHE section 7.
 */
export function redealShare(request: RedealRequest): Outcome<Redealing> {
  const { verified, dealers, to, planHash, entropy } = request
  const { share, pub } = verified
  if (planHash.length !== 32) throw new RangeError(`planHash: expected 32 bytes, got ${planHash.length}`)
  const { header: old } = share
  const vectors = [
    { width: 64 as const, words: pub.pub64.length / 8 },
    ...(pub.pub128.length > 0 ? [{ width: 128 as const, words: pub.pub128.length / 16 }] : []),
  ]
  const dealer = old.holder
  const { keyId } = old
  const dealt = redeal({ seeds: share.seeds, dealer, dealers, from: old, to, keyId, vectors, entropy })
  if (!dealt.ok) return dealt
  const { seeds, corrections, commitments } = dealt.value
  const seedFiles: Uint8Array[] = []
  let whole = false
  try {
    const [corr64 = new Uint8Array(0), corr128 = new Uint8Array(0)] = corrections
    const { domain, epochId } = old
    const header: RedealHeader = { domain, keyId, epochId, planHash, dealer, t: to.t, n: to.n }
    for (let i = 0; i < to.n; i++) {
      const own = seeds.filter(({ set }) => ((set >> i) & 1) === 0)
      seedFiles.push(encodeSeedFile({ header, holder: i + 1, seeds: own }))
    }
    const correction = encodeCorrection({ header, corr64, corr128, commitments })
    whole = true
    return accept({ correction, seedFiles })
  } finally {
    forgetSeeds(seeds)
    if (!whole) for (const file of seedFiles) wipe(file)
  }
}

type NextEpochInput = {
  /** public.bin of the epoch that is left behind. */
  readonly pub: Uint8Array
  /** One `lux-cor1` of each dealer, in any order. */
  readonly corrections: readonly Uint8Array[]
  readonly dealers: readonly number[]
  readonly to: Quorum
  readonly planHash: Uint8Array
  /** New holders 1..n' in order. */
  readonly roster: readonly RosterEntry[]
}

type NextEpoch = {
  /** The new public.bin. */
  readonly pub: Uint8Array
  readonly epochId: Uint8Array
  readonly commitmentsDigest: Uint8Array
}

/**
 * The public file of the next epoch out of the old one and every dealer's correction; anybody can recompute it.
 * Refusals: FHE-DEALERS a correction is missing, doubled or of another dealer · FHE-RUN-MIXED another key, epoch, plan
 * or quorum · FHE-CORRECTION-LENGTH · FHE-COMMITMENT-DUPLICATE · those of the parsers, `checkRoster`, `checkQuorum`.
 */
export function nextPublic(input: NextEpochInput): Outcome<NextEpoch> {
  const { dealers, to, planHash } = input
  let old: PublicFile
  let parsed: Correction[]
  try {
    old = parsePublic(input.pub)
    parsed = input.corrections.map(parseCorrection)
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
  const { domain, keyId, epochId: oldEpoch, epoch } = old.header
  const checked = [
    checkQuorum(to),
    checkDealers(old.header, dealers),
    checkRoster(input.roster, to.n, domain),
  ]
  for (const outcome of checked) if (!outcome.ok) return outcome
  const sorted = [...parsed].sort((a, b) => a.header.dealer - b.header.dealer)
  const present = sorted.map(({ header }) => header.dealer)
  if (present.length !== dealers.length || present.some((q, i) => q !== dealers[i])) {
    return refuse(
      'FHE-DEALERS',
      `corrections of ${present.join(', ') || 'nobody'}, the plan names ${dealers.join(', ')}`,
    )
  }
  const expected: RedealHeader = { domain, keyId, epochId: oldEpoch, planHash, dealer: 0, ...to }
  for (const { header, corr64, corr128 } of sorted) {
    const mixed = mixedRun(header, expected)
    if (mixed !== null)
      return refuse('FHE-RUN-MIXED', `the correction of holder ${header.dealer} has another ${mixed}`)
    if (corr64.length !== old.pub64.length || corr128.length !== old.pub128.length) {
      return refuse(
        'FHE-CORRECTION-LENGTH',
        `the correction of holder ${header.dealer} is of another key's length`,
      )
    }
  }
  const commitments = setsOf(to).flatMap((_, at) =>
    sorted.map((one) => one.commitments[at] ?? new Uint8Array(0)),
  )
  if (new Set(commitments.map(toHex)).size !== commitments.length) {
    return refuse('FHE-COMMITMENT-DUPLICATE', 'two sets have the same commitment')
  }
  const next: Epoch = {
    domain,
    keyId,
    epoch: epoch + 1,
    ...to,
    d: dealers.length,
    dealerMask: maskOf(dealers),
  }
  const content = {
    pub64: addCorrections(
      64,
      old.pub64,
      sorted.map(({ corr64 }) => corr64),
    ),
    pub128: addCorrections(
      128,
      old.pub128,
      sorted.map(({ corr128 }) => corr128),
    ),
    commitments,
    rosterDigest: rosterDigest(input.roster),
  }
  const epochId = epochIdOf(next, content)
  return accept({
    pub: encodePublic({ header: { ...next, epochId, holder: 0 }, ...content }),
    epochId,
    commitmentsDigest: commitmentsDigest(commitments),
  })
}
