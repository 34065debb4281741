import { equalBytes } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { combine } from '../../sharing/combine.ts'
import { BLOCK_FLOOR_BITS, floodExponent, phaseBound, safeFloodingBits } from '../../sharing/flooding.ts'
import type { Width } from '../../sharing/galois-ring.ts'
import { openDecryptor } from '../../sharing/partial.ts'
import {
  blockCountOf,
  type Ciphertext,
  digestOf,
  digestOfBlocks,
  type KnownCiphertext,
  type SeenCiphertext,
} from '../files/ciphertext.ts'
import { mixedField } from '../files/file-header.ts'
import { mixedPartial, type PartialContent } from '../files/partial-file.ts'
import { isIntegerKey, type PublicFile } from '../files/public-file.ts'
import type { VerifiedShare } from '../shares/verify-share.ts'
import { decodePhases, type FheValue } from './decode.ts'
import { readCiphertext } from './read-ciphertexts.ts'

/** Hears how many blocks of all are done, while a share is multiplied. */
export type BlocksDone = (done: number, of: number) => void

/** Ciphertexts that were looked at, and the same files once more: one is in memory at a time. */
type SeenFiles = { readonly seen: readonly SeenCiphertext[]; readonly files: Iterable<Uint8Array> }
type Batch = readonly Ciphertext[] | SeenFiles
const lookedAt = (batch: Batch): readonly (Ciphertext | SeenCiphertext)[] =>
  'seen' in batch ? batch.seen : batch

/**
 * A holder's answer for a batch of ciphertexts of one width: body - <mask, S_i> with flooding noise, packed. It is
 * deterministic. Provenance, approval and the spent budget are the caller's to check first. Refusals: FHE-WIDTH-MIXED,
 * FHE-NO-SQUASH-KEY, FHE-NO-PARTIALS, FHE-FLOOD-FLOOR, FHE-BUDGET when the batch alone exceeds the share's budget.
 */
export function partialDecrypt(
  { share, pub }: VerifiedShare,
  batch: Batch,
  requestDigest: Uint8Array,
  told?: BlocksDone,
): Outcome<PartialContent> {
  const ciphertexts = lookedAt(batch)
  const width = widthOf(ciphertexts)
  if (!width.ok) return width
  const answerable = checkAnswerable({ share, pub }, width.value)
  if (!answerable.ok) return answerable
  const blocks = ciphertexts.reduce((sum, c) => sum + blockCountOf(c), 0)
  const budget = width.value === 64 ? share.budgets.at64 : share.budgets.at128
  if (blocks > budget) return refuse('FHE-BUDGET', `${blocks} blocks, the share's budget is ${budget}`)
  return computePartial({ share, pub }, batch, requestDigest, told)
}

/**
 * Whether a share answers blocks of a width at all: FHE-NO-PARTIALS a binary key · FHE-NO-SQUASH-KEY ·
 * FHE-FLOOD-FLOOR under 40 bits a block.
 */
export function checkAnswerable({ share, pub }: VerifiedShare, width: Width): Outcome<null> {
  if (!isIntegerKey(pub)) return refuse('FHE-NO-PARTIALS', 'a binary key is recovered or reshared only')
  if (width === 128 && pub.pub128.length === 0) {
    return refuse('FHE-NO-SQUASH-KEY', 'the key has no squash key')
  }
  const bits = safeFloodingBits(share.header, width)
  if (bits < BLOCK_FLOOR_BITS) {
    return refuse('FHE-FLOOD-FLOOR', `${bits} flooding bits, at least ${BLOCK_FLOOR_BITS}`)
  }
  return accept(null)
}

/** As `partialDecrypt`, without floor and budget: for `answerCanary` only. */
export function computePartial(
  { share, pub }: VerifiedShare,
  batch: Batch,
  requestDigest: Uint8Array,
  told?: BlocksDone,
): Outcome<PartialContent> {
  const ciphertexts = lookedAt(batch)
  const { header, seeds } = share
  if (requestDigest.length !== 32) throw new RangeError('requestDigest: expected 32 bytes')
  const common = widthOf(ciphertexts)
  if (!common.ok) return common
  const width = common.value
  if (!isIntegerKey(pub)) return refuse('FHE-NO-PARTIALS', 'a binary key is recovered or reshared only')
  const correction = width === 64 ? pub.pub64 : pub.pub128
  if (correction.length === 0) return refuse('FHE-NO-SQUASH-KEY', 'the key has no squash key')
  const decryptor = openDecryptor(seeds, {
    keyId: header.keyId,
    epochId: header.epochId,
    quorum: { t: header.t, n: header.n },
    width,
    holder: header.holder,
    correction,
  })
  try {
    const of = ciphertexts.reduce((sum, one) => sum + blockCountOf(one), 0)
    let before = 0
    const answers: PartialContent['answers'][number][] = []
    for (const ciphertext of contentsOf(batch)) {
      const seen = ciphertexts[answers.length]
      const other = refuse('FHE-CIPHERTEXT-OTHER', `ciphertext ${answers.length + 1} changed meanwhile`)
      if (seen === undefined || ciphertext.width !== width) return other
      const { digests, elements } = decryptor.answer(ciphertext.blocks, (done) => told?.(before + done, of))
      before += ciphertext.blocks.length
      // The digest answered for is that of the bytes that are multiplied.
      const ciphertextDigest = digestOfBlocks(ciphertext, digests)
      if ('digest' in seen && !equalBytes(seen.digest, ciphertextDigest)) return other
      answers.push({ ciphertextDigest, blockCount: ciphertext.blocks.length, elements })
    }
    if (answers.length !== ciphertexts.length)
      return refuse('FHE-CIPHERTEXT-OTHER', `${answers.length} of ${ciphertexts.length} files are left`)
    return accept({ header, width, k: floodExponent(header, width), requestDigest, answers })
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  } finally {
    decryptor.wipe()
  }
}

function* contentsOf(batch: Batch): Iterable<Ciphertext> {
  if ('seen' in batch) for (const file of batch.files) yield readCiphertext(file)
  else yield* batch
}

function widthOf(ciphertexts: readonly (Ciphertext | SeenCiphertext)[]): Outcome<Width> {
  const [first] = ciphertexts
  if (!first) throw new RangeError('ciphertexts: none')
  if (ciphertexts.some(({ width }) => width !== first.width)) {
    return refuse('FHE-WIDTH-MIXED', 'ciphertexts of 64 and of 128 bits in one request')
  }
  return accept(first.width)
}

type ThresholdResult = {
  readonly values: readonly FheValue[]
  /**
   * Malicious holders the result is verified against: 0 with a bare quorum; ask for 2t-1 answers. It says nothing of the
   * ciphertext: whether it is of this key is for its provenance to say.
   */
  readonly verified: number
  /** Holders whose answers are wrong; holds only if at most t-1 cheat. */
  readonly cheaters: readonly number[]
  /** What may be said of the result, in these words and no stronger ones. */
  readonly claim: string
}

/**
 * Puts the answers together. Every digest and count is recomputed from our own ciphertexts. Refusals: those of
 * `combine` and `decodePhases`, FHE-EPOCH-MIXED, FHE-PARTIALS-MIXED, FHE-CIPHERTEXT-OTHER.
 */
export function combinePartials(
  pub: PublicFile,
  ciphertexts: readonly (Ciphertext | KnownCiphertext)[],
  partials: readonly PartialContent[],
): Outcome<ThresholdResult> {
  const [first] = partials
  if (!first) return refuse('FHE-PARTIALS-FEW', `no partial, ${pub.header.t} are needed`)
  const mixed = mixedField(first.header, pub.header)
  const { holder } = first.header
  if (mixed !== null) {
    return refuse('FHE-EPOCH-MIXED', `the partial of holder ${holder} and the public file differ in ${mixed}`)
  }
  // All pairs with the first: where it alone differs from the rest, they show it.
  const pairs = partials.flatMap((partial) => {
    const field = mixedPartial(partial, first)
    return field === null ? [] : [`${holder} and ${partial.header.holder} differ in ${field}`]
  })
  if (pairs.length > 0) {
    return refuse('FHE-PARTIALS-MIXED', `the partials of holders ${pairs.join(', ')}`)
  }
  if (first.answers.length !== ciphertexts.length) {
    return refuse(
      'FHE-CIPHERTEXT-OTHER',
      `${first.answers.length} answers for ${ciphertexts.length} ciphertexts`,
    )
  }
  for (const [i, ciphertext] of ciphertexts.entries()) {
    const answer = first.answers[i]
    if (
      !answer ||
      ciphertext.width !== first.width ||
      answer.blockCount !== blockCountOf(ciphertext) ||
      !equalBytes(answer.ciphertextDigest, digestOf(ciphertext))
    ) {
      return refuse('FHE-CIPHERTEXT-OTHER', `answer ${i + 1} is for another ciphertext`)
    }
  }
  const combined = combine({
    width: first.width,
    quorum: { t: pub.header.t, n: pub.header.n },
    blockCounts: ciphertexts.map(blockCountOf),
    partials: partials.map(({ header, answers }) => ({
      holder: header.holder,
      elements: answers.flatMap(({ elements }) => elements),
    })),
  })
  if (!combined.ok) return combined
  const { phases, verified, cheaters, claim } = combined.value
  const bound = phaseBound(pub.header, first.width)
  const values: FheValue[] = []
  for (const [i, ciphertext] of ciphertexts.entries()) {
    const value = decodePhases(ciphertext, phases[i] ?? [], bound)
    // Agreed on by all, it is the ciphertext's fault; after a correction the correction itself is in doubt.
    if (!value.ok && cheaters.length > 0) {
      return refuse(
        'FHE-INCONSISTENT',
        `inconsistent, no value: ${value.detail}; suspects, unproven: ${cheaters.join(', ')}`,
      )
    }
    if (!value.ok) return value
    values.push(value.value)
  }
  return accept({ values, verified, cheaters, claim })
}
