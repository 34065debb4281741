import { equalBytes } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import {
  BLOCK_FLOOR_BITS,
  blockBitsOf,
  lifeBits,
  type NoiseSource,
  safeFloodingBits,
} from '../../sharing/flooding.ts'
import type { SigningIdentity } from '../../sign/identity.ts'
import type { VerificationKeys } from '../../sign/verification-keys.ts'
import { spentEarlier } from '../budgets/canary-bounds.ts'
import type { Authorities } from '../files/authorities.ts'
import { blockCountOf, type KnownCiphertext } from '../files/ciphertext.ts'
import { parsePartial } from '../files/partial-file.ts'
import { parsePublic } from '../files/public-file.ts'
import { type Budgets, forgetShare } from '../files/share-file.ts'
import { checkProvenance, typeName } from '../inputs/provenance.ts'
import { barePartial, signPartial, verifyPartial } from '../shares/partial-signature.ts'
import { type ShareExpectation, type VerifiedShare, verifyShare } from '../shares/verify-share.ts'
import { type Carrying, checkCarrying } from './carry.ts'
import type { FheValue } from './decode.ts'
import { seeAll, seeAsked } from './read-ciphertexts.ts'
import { type BlocksDone, checkAnswerable, combinePartials, partialDecrypt } from './threshold-decrypt.ts'

/** What stands behind a request, besides its ciphertexts. */
export type PartialAuthority =
  /** Bare files of a rehearsal: nobody vouches for anything, and a share of production refuses it. */
  | { readonly rehearsal: true }
  | {
      /** Of the holder's own share envelope. */
      readonly authorities: Authorities
      /** Signed provenance documents, one or more. */
      readonly provenance: readonly Uint8Array[]
      /** SHA-256 of the canonical request that the caller has checked: requester, approvals, expiry, replay. */
      readonly requestDigest: Uint8Array
      /** Both of the holder's keys. */
      readonly identity: SigningIdentity
    }

export type PartialDecryptRequest = {
  /** `lux-shr1`, secret. */
  readonly share: Uint8Array
  /** `lux-pub1` of the same epoch. */
  readonly pub: Uint8Array
  /**
   * Files as tfhe (FheUint, FheInt, FheBool, SquashedNoiseFhe*) or `lux-car1`, all of one width. They are gone through twice, looked at and
   * then multiplied, and one is in memory at a time where whoever gives them reads each when it is asked for.
   */
  readonly ciphertexts: Iterable<Uint8Array>
  readonly authority: PartialAuthority
  /** Hex digests of ciphertexts that this holder answered in this epoch: they cost nothing again. */
  readonly answered: ReadonlySet<string>
  /** Blocks that this holder has answered in its whole life under this share. */
  readonly spent: Budgets
  /** As the policy says; `never` by default. */
  readonly carrying?: Carrying
  /** Bits that the policy wants left of every block and of the key's life; never below 40 and 20. */
  readonly floors?: { readonly block: number; readonly life: number }
  /** Blocks that the policy allows a share: what a carried budget lacks of more than that was never there to spend. */
  readonly allowed?: Budgets
  readonly expected?: ShareExpectation
  readonly told?: BlocksDone
}

export type PartialDecryption = {
  /** `lux-prt1`: sealed to the combiner before it leaves the device. */
  readonly partial: Uint8Array
  /** Blocks to add to what was spent, in the same transaction that precedes handing out `partial`. */
  readonly spends: number
  readonly width: 64 | 128
  /** Hex digests to add to `answered`. */
  readonly digests: readonly string[]
  readonly types: readonly string[]
  /** Where the ciphertexts' noise comes from. Without anybody's word, 64-bit blocks count as encrypted by the public key. */
  readonly source: NoiseSource
  /** Bits wanted of a block: 40, or more where the policy says so. */
  readonly floorBits: number
  /** Only in a rehearsal: `blockBits` is less, and what is decrypted so is worth nothing. */
  readonly belowFloor: boolean
  /**
   * Bits by which one block's noise drowns what it must hide, given `source`, and what is left after all blocks of the key's life: those
   * of earlier epochs are reckoned from the budget that was carried, `spentEarlier`.
   */
  readonly blockBits: number
  readonly lifeBits: number
}

/**
 * One holder's partial decryption of a batch of 1 to 10,000 ciphertexts of one width, each of 1 to 1024 blocks: body -
 * <mask, S_i> plus PRF-derived flooding noise, a function of block and share alone. Gives 119 bytes and for each ciphertext 36
 * and ceil(blocks/3) ring elements of 32 (K = 64) or 64 bytes (K = 128), then two signatures or their two empty lengths; `spends`
 * in blocks, noise in bits. THRESHOLD-FHE sections 4 to 6.
 *
 * Of a 64-bit ciphertext nothing but its provenance says whether it is fresh; a key of mode S answers none at all.
 *
 * Refusals, as values: those of `verifyShare`, `readCiphertext`, `checkProvenance` and `partialDecrypt`;
 * FHE-CIPHERTEXT-MISSING none; FHE-CIPHERTEXTS-MANY; FHE-CIPHERTEXT-DUPLICATE; FHE-CIPHERTEXT-OTHER a file that changed meanwhile; FHE-PROVENANCE-MISSING a share of production without provenance;
 * FHE-CARRY-UNROUNDED, FHE-CARRY-ROUNDED; FHE-NOT-SQUASHED 64 bits on a share for squashed ones; FHE-BUDGET; FHE-POLICY-FLOOR; FHE-FLOOD-FLOOR in production for fresh ciphertexts
 * of the compact public key, which leave 32 bits at (2,3). Throws RangeError for a `requestDigest` that has not 32 bytes, an
 * identity without both keys, `spent` that is no count of blocks, or `floors` that are no finite numbers.
 *
 * Noise flooding: Asharov, Jain and Wichs, "Multiparty Computation with Low Communication, Computation and Interaction via
 * Threshold FHE" (ePrint 2011/613), Lemma 2.1; of squashed TFHE ciphertexts, without interaction: Dahl et al., "Noah's Ark:
 * Efficient Threshold-FHE Using Noise Flooding" (ePrint 2023/815), section 4.1. Here it is bound to the block, not to a counter, so
 * that no two answers differ.
 */
export function fhePartialDecrypt(request: PartialDecryptRequest): Outcome<PartialDecryption> {
  for (const blocks of [request.spent.at64, request.spent.at128]) {
    // What is no number would compare as less than every budget.
    if (!Number.isSafeInteger(blocks) || blocks < 0)
      throw new RangeError(`spent: ${blocks} is no count of blocks`)
  }
  const { floors } = request
  // No number of bits compares as less than one that is none.
  for (const bits of floors ? [floors.block, floors.life] : []) {
    if (!Number.isFinite(bits)) throw new RangeError(`floors: ${bits} is no number of bits`)
  }
  const verified = verifyShare(request.share, request.pub, request.expected)
  if (!verified.ok) return verified
  try {
    return answerWith(verified.value, request)
  } finally {
    forgetShare(verified.value.share)
  }
}

function answerWith(verified: VerifiedShare, request: PartialDecryptRequest): Outcome<PartialDecryption> {
  const { authority, answered, spent, carrying = 'never', floors } = request
  const { header, budgets } = verified.share
  const read = seeAsked(request.ciphertexts)
  if (!read.ok) return read
  const { ciphertexts, digests } = read.value
  const carried = checkCarrying(ciphertexts, carrying)
  if (!carried.ok) return carried
  let clientKey = false
  if ('rehearsal' in authority) {
    if (header.domain === 'production') {
      return refuse('FHE-PROVENANCE-MISSING', 'a share of production answers no bare request')
    }
  } else {
    const { domain, keyId } = header
    const vouched = checkProvenance(authority.provenance, {
      domain,
      keyId,
      authorities: authority.authorities,
      ciphertexts,
    })
    if (!vouched.ok) return vouched
    clientKey = vouched.value.clientKey
  }
  const fresh = ciphertexts.filter((_, i) => !answered.has(digests[i] ?? ''))
  const spends = fresh.reduce((sum, one) => sum + blockCountOf(one), 0)
  const width = ciphertexts[0]?.width ?? 128
  const [before, budget] = width === 64 ? [spent.at64, budgets.at64] : [spent.at128, budgets.at128]
  if (width === 64 && budget === 0 && verified.pub.pub128.length > 0) {
    return refuse(
      'FHE-NOT-SQUASHED',
      'a 64-bit ciphertext, and this share answers squashed ones only: squash its noise first',
    )
  }
  const answerable = checkAnswerable(verified, width)
  if (!answerable.ok) return answerable
  if (spends > 0 && before + spends > budget) {
    return refuse('FHE-BUDGET', `${spends} blocks, ${Math.max(0, budget - before)} of ${budget} are left`)
  }
  const nominal = safeFloodingBits(header, width)
  const source = width === 128 ? 'squashing' : clientKey ? 'client-key' : 'public-key'
  const blockBits = blockBitsOf(header, source)
  const floorBits = Math.max(BLOCK_FLOOR_BITS, floors?.block ?? 0)
  if (blockBits < BLOCK_FLOOR_BITS && header.domain === 'production') {
    return refuse(
      'FHE-FLOOD-FLOOR',
      `encrypted with the compact public key: ${blockBits} flooding bits, at least ${BLOCK_FLOOR_BITS}`,
    )
  }
  const earlier = header.epoch === 0 ? 0 : spentEarlier(verified, width, request.allowed)
  // A block that hides less costs as much as several of those that budgets count.
  const counted = earlier + (before + spends) * 2 ** (nominal - blockBits)
  const left = lifeBits(nominal, counted * (header.n - header.t + 1))
  // Fresh ones under the public key are below every floor: refused above in production, answered and told in a rehearsal.
  const judged = source === 'public-key' ? nominal : blockBits
  if (floors && (judged < floors.block || left < floors.life)) {
    return refuse(
      'FHE-POLICY-FLOOR',
      `${judged} bits a block and ${left.toFixed(1)} for life, the policy wants ${floors.block} and ${floors.life}`,
    )
  }
  const requestDigest = 'rehearsal' in authority ? new Uint8Array(32) : authority.requestDigest
  const content = partialDecrypt(
    verified,
    { seen: ciphertexts, files: request.ciphertexts },
    requestDigest,
    request.told,
  )
  if (!content.ok) return content
  return accept({
    partial:
      'rehearsal' in authority ? barePartial(content.value) : signPartial(authority.identity, content.value),
    spends,
    width,
    digests,
    types: ciphertexts.map(typeName),
    source,
    blockBits,
    floorBits,
    belowFloor: blockBits < floorBits,
    lifeBits: left,
  })
}

type ThresholdDecryptRequest = {
  readonly pub: Uint8Array
  /** As files, of which one is in memory at a time, or as `seeCiphertext` or `seenOfType` gave them. */
  readonly ciphertexts: Iterable<Uint8Array | KnownCiphertext>
  /** Opened `lux-prt1` files, at least t; 2t-1 verify against any t-1, 3t-2 correct them. */
  readonly partials: readonly Uint8Array[]
  /** SHA-256 of the request; zeros, the default, for bare rehearsal answers. */
  readonly requestDigest?: Uint8Array
  /** Keys of holder i at index i-1; without them only bare rehearsal answers are taken. */
  readonly holders?: readonly VerificationKeys[]
}

export type ThresholdDecryption = {
  readonly types: readonly string[]
  /** bigint, or boolean for FheBool. */
  readonly values: readonly FheValue[]
  /** Malicious holders that the values are verified against: 0 with a bare quorum. */
  readonly verified: number
  readonly cheaters: readonly number[]
  /** What may be said of the values, in these words and no stronger ones. */
  readonly claim: string
}

/**
 * The plaintexts, out of t to n holders' answers: for each ciphertext, in order, a bigint within its type's range or a boolean.
 * Every digest and count is recomputed from the ciphertexts given here. THRESHOLD-FHE section 4.
 *
 * Refusals, as values: those of the parsers and of `combinePartials`; FHE-CIPHERTEXT-MISSING; FHE-CIPHERTEXTS-MANY; FHE-PARTIAL-SIGNATURE;
 * FHE-REQUEST-OTHER an answer to another request. A refused combination gives no value at all.
 *
 * Opening noisy shares: Dahl et al., "Noah's Ark" (ePrint 2023/815), section 4.1. Interpolation over a Galois ring: Abspoel et
 * al., "Efficient Information-Theoretic Secure Multiparty Computation over Z/p^kZ via Galois Rings" (ePrint 2019/872).
 */
export function fheThresholdDecrypt(request: ThresholdDecryptRequest): Outcome<ThresholdDecryption> {
  const { holders, requestDigest = new Uint8Array(32) } = request
  const read = seeAll<KnownCiphertext>(request.ciphertexts)
  if (!read.ok) return read
  try {
    const pub = parsePublic(request.pub)
    const partials = request.partials.map(parsePartial)
    for (const partial of partials) {
      const { holder, domain } = partial.header
      if (!equalBytes(partial.requestDigest, requestDigest)) {
        return refuse('FHE-REQUEST-OTHER', `holder ${holder} answers another request`)
      }
      if (!holders && domain === 'rehearsal') continue
      const keys = holders?.[holder - 1]
      if (!keys)
        return refuse('FHE-PARTIAL-SIGNATURE', `no keys of holder ${holder} to check its answer with`)
      const signed = verifyPartial(partial, keys)
      if (!signed.ok) return signed
    }
    const combined = combinePartials(pub, read.value, partials)
    if (!combined.ok) return combined
    return accept({ types: read.value.map(typeName), ...combined.value })
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}
