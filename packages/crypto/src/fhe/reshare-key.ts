import { concatBytes, equalBytes, wipe } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { toHex } from '../hex.ts'
import type { Entropy } from '../random.ts'
import { accept, type Outcome } from '../sharing/outcome.ts'
import { checkQuorum, maskOf, membersOf, type Quorum, setsOf } from '../sharing/quorum.ts'
import { addCorrections, checkDealers, redeal } from '../sharing/reshare.ts'
import { commitSeed, forgetSeeds, type SetSeeds } from '../sharing/seeds.ts'
import { refuse, type Verdict } from '../verdict.ts'
import { checkCarried } from './carry-budget.ts'
import {
  type Correction,
  encodeCorrection,
  encodeSeedFile,
  mixedRun,
  parseCorrection,
  parseSeedFile,
  type RedealHeader,
  type SeedFile,
} from './correction-file.ts'
import { checkBudgets } from './deal-key.ts'
import {
  checkRoster,
  commitmentsDigest,
  type Epoch,
  epochIdOf,
  type RosterEntry,
  rosterDigest,
} from './identifiers.ts'
import { encodePublic, isIntegerKey, type PublicFile, parsePublic } from './public-file.ts'
import { type Budgets, encodeShare } from './share-file.ts'
import type { VerifiedShare } from './verify-share.ts'

export type RedealRequest = {
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

export type NextEpochInput = {
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

export type NextEpoch = {
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

/**
 * What a new holder checks in the seeds one dealer sealed to it, against that dealer's published correction. A refusal
 * is the ground of a complaint, which aborts the run: FHE-RUN-MIXED, FHE-HOLDER-OTHER, FHE-SEED-COMMITMENT, and the
 * parsers' rules.
 */
export function checkSeedFile(seedFile: Uint8Array, correction: Uint8Array, holder: number): Verdict {
  const read = readSeedFile(seedFile, correction, holder)
  if (read.ok) forgetSeeds(read.value.seeds)
  return read.ok ? { ok: true } : read
}

/** The seeds of a refused file are wiped; those of an accepted one are the caller's to forget. */
function readSeedFile(seedFile: Uint8Array, correction: Uint8Array, holder: number): Outcome<SeedFile> {
  let file: SeedFile | null = null
  let kept = false
  try {
    file = parseSeedFile(seedFile)
    const checked = checkSeeds(file, parseCorrection(correction), holder)
    kept = checked.ok
    return checked
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  } finally {
    if (file !== null && !kept) forgetSeeds(file.seeds)
  }
}

function checkSeeds(file: SeedFile, published: Correction, holder: number): Outcome<SeedFile> {
  const { dealer } = published.header
  const mixed = file.header.dealer !== dealer ? 'dealer' : mixedRun(file.header, published.header)
  if (mixed !== null)
    return refuse('FHE-RUN-MIXED', `seeds and correction of holder ${dealer} differ in ${mixed}`)
  if (file.holder !== holder)
    return refuse('FHE-HOLDER-OTHER', `seeds for holder ${file.holder}, not ${holder}`)
  const sets = setsOf(file.header)
  for (const { set, seeds } of file.seeds) {
    const [seed] = seeds
    const expected = published.commitments[sets.indexOf(set)]
    if (!seed || !expected || !equalBytes(commitSeed(file.header.keyId, set, dealer, seed), expected)) {
      return refuse(
        'FHE-SEED-COMMITMENT',
        `the seed of set ${set} by holder ${dealer} differs from its commitment`,
      )
    }
  }
  return accept(file)
}

function dealerOf(seedFile: Uint8Array): number {
  const file = parseSeedFile(seedFile)
  forgetSeeds(file.seeds)
  return file.header.dealer
}

export type NextShareInput = {
  /** The new public.bin, as the holder recomputed it with `nextPublic`. */
  readonly pub: Uint8Array
  readonly corrections: readonly Uint8Array[]
  /** The opened seed files of all dealers, in any order; the caller wipes them. */
  readonly seedFiles: readonly Uint8Array[]
  readonly holder: number
  readonly policyHash: Uint8Array
  /** What is left of the key's life, `carriedBudgets`. */
  readonly budgets: Budgets
}

/**
 * A new holder's share (`lux-shr1`, secret). Refusals: those of `checkSeedFile`, FHE-DEALERS, FHE-COMMITMENT-COUNT the
 * public file is of another run, FHE-BUDGET, and FHE-FLOOD-FLOOR and FHE-BUDGET-NONE of `checkCarried` where it is no binary key.
 */
export function nextShare(input: NextShareInput): Outcome<Uint8Array> {
  const { holder, policyHash, budgets } = input
  if (policyHash.length !== 32)
    throw new RangeError(`policyHash: expected 32 bytes, got ${policyHash.length}`)
  const files: SeedFile[] = []
  const seeds: SetSeeds[] = []
  try {
    const pub = parsePublic(input.pub)
    const dealers = membersOf(pub.header.dealerMask)
    const squash = pub.pub128.length > 0
    const budget = checkBudgets(pub.header, budgets, squash)
    if (!budget.ok) return budget
    // With a squash key either width makes the share of use; which one the key's mode wants, its plan says.
    const mode = squash && budgets.at64 === 0 ? 'S' : 'F'
    const carried = isIntegerKey(pub) ? checkCarried(pub.header, budgets, mode) : budget
    if (!carried.ok) return carried
    const published = input.corrections.map((bytes) => ({ bytes, parsed: parseCorrection(bytes) }))
    for (const dealer of dealers) {
      const own = published.find(({ parsed }) => parsed.header.dealer === dealer)
      const sealed = input.seedFiles.find((bytes) => dealerOf(bytes) === dealer)
      if (!own || !sealed) return refuse('FHE-DEALERS', `nothing of holder ${dealer}, who re-deals`)
      const read = readSeedFile(sealed, own.bytes, holder)
      if (!read.ok) return read
      files.push(read.value)
    }
    if (files.length !== input.seedFiles.length || files.length === 0) {
      return refuse('FHE-DEALERS', `${input.seedFiles.length} seed files, ${dealers.length} re-deal`)
    }
    const committed = setsOf(pub.header).flatMap((_, at) =>
      dealers.map((q) => published.find(({ parsed }) => parsed.header.dealer === q)?.parsed.commitments[at]),
    )
    const same =
      committed.length === pub.commitments.length &&
      committed.every((one, i) => one && equalBytes(one, pub.commitments[i] ?? new Uint8Array(0)))
    if (!same) return refuse('FHE-COMMITMENT-COUNT', 'the public file is not the one of these corrections')
    for (const [at, { set }] of (files[0]?.seeds ?? []).entries()) {
      const own = files.map((file) => concatBytes(file.seeds[at]?.seeds[0] ?? new Uint8Array(0)))
      seeds.push({ set, seeds: own })
    }
    return accept(encodeShare({ header: { ...pub.header, holder }, policyHash, budgets, seeds }))
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  } finally {
    for (const file of files) forgetSeeds(file.seeds)
    forgetSeeds(seeds)
  }
}
