import { concatBytes, equalBytes } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse, type Verdict } from '../../outcome.ts'
import { membersOf, setsOf } from '../../sharing/quorum.ts'
import { commitSeed, forgetSeeds, type SetSeeds } from '../../sharing/seeds.ts'
import { checkCarried } from '../budgets/carry-budget.ts'
import {
  type Correction,
  mixedRun,
  parseCorrection,
  parseSeedFile,
  type SeedFile,
} from '../files/correction-file.ts'
import { isIntegerKey, parsePublic } from '../files/public-file.ts'
import { type Budgets, encodeShare } from '../files/share-file.ts'
import { checkBudgets } from '../keys/deal-key.ts'

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

type NextShareInput = {
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
