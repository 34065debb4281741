import { toHex } from '../hex.ts'
import { lifeBits, safeFloodingBits } from '../sharing/flooding.ts'
import type { Width } from '../sharing/galois-ring.ts'
import { hashBlocks } from '../sharing/kernel.ts'
import { accept, type Outcome } from '../sharing/outcome.ts'
import { refuse } from '../verdict.ts'
import type { Authorities } from './authorities.ts'
import { type Carrying, checkCarrying } from './carry.ts'
import type { Ciphertext } from './ciphertext.ts'
import type { FheValue } from './decode.ts'
import type { PartialContent } from './partial-file.ts'
import { checkProvenance } from './provenance.ts'
import type { PublicFile } from './public-file.ts'
import { combinePartials, computePartial } from './threshold-decrypt.ts'
import type { VerifiedShare } from './verify-share.ts'

/**
 * Distinct blocks of each width that a canary needs: a correction wrong by 2^(K-1) in one word shows in half the
 * blocks, so 64 miss it once in 2^64.
 */
export const CANARY_LEAST_BLOCKS: Readonly<Record<Width, number>> = { 64: 128, 128: 64 }
/** And at most these: far fewer than the 2048 equations that a key has unknowns, so no flooding floor is needed. */
export const CANARY_MOST_BLOCKS = 256

/** Who vouches for a canary's ciphertexts: nobody in a rehearsal, else somebody whom the holder's share names. */
export type CanaryTrust =
  | { readonly rehearsal: true }
  | { readonly authorities: Authorities; readonly provenance: readonly Uint8Array[] }

/**
 * A new holder's answer to the one canary of its epoch, for ciphertexts of one width that were encrypted after all
 * corrections had been published. It is outside the budget and, at 64 bits, below the floor; the caller answers once per
 * epoch and width and remembers it. Its ciphertexts need provenance like any others: 256 chosen blocks would give half of
 * the key. A fresh one may be vouched for by an evaluator, too, since a key of mode S names no encryptor. Refusals:
 * FHE-CANARY-SIZE, FHE-WIDTH-MIXED, FHE-NO-SQUASH-KEY, FHE-NO-PARTIALS, and those of `checkProvenance` and
 * `checkCarrying`.
 */
export function answerCanary(
  verified: VerifiedShare,
  ciphertexts: readonly Ciphertext[],
  requestDigest: Uint8Array,
  trust: CanaryTrust = { rehearsal: true },
  carrying: Carrying = 'never',
): Outcome<PartialContent> {
  const { domain, keyId } = verified.share.header
  const carried = checkCarrying(ciphertexts, carrying)
  if (!carried.ok) return carried
  if (!('rehearsal' in trust)) {
    const vouched = checkProvenance(trust.provenance, {
      domain,
      keyId,
      authorities: {
        ...trust.authorities,
        encryptors: [...trust.authorities.encryptors, ...trust.authorities.evaluators],
      },
      ciphertexts,
    })
    if (!vouched.ok) return vouched
  } else if (domain === 'production') {
    return refuse('FHE-PROVENANCE-MISSING', 'a share of production answers no canary that nobody vouches for')
  }
  const width = ciphertexts[0]?.width ?? 128
  const size = checkSize(ciphertexts, width)
  if (!size.ok) return size
  return computePartial(verified, ciphertexts, requestDigest)
}

/** What a canary showed at one width. */
export type CanaryAudit = {
  readonly width: Width
  readonly blocks: number
  /** Flooding bits that the canary's blocks leave, all holders' answers counted. */
  readonly bits: number
}

/**
 * Whether every holder of a new epoch computes with the same key: all n answers, all agreeing, every value as it was
 * encrypted, at 64 bits and, where the key has a squash key, at 128 as well: each width has a correction of its own.
 * Until it passes the epoch is unproven and the old seeds stay. Ciphertexts and answers of both widths come in any order;
 * the result is by ascending width. Refusals: FHE-CANARY-SIZE too few or many blocks of a width, or none ·
 * FHE-CANARY-HOLDERS not all n answered · FHE-CANARY-VALUE · FHE-INCONSISTENT and the others of `combinePartials`.
 */
export function auditCanary(
  pub: PublicFile,
  ciphertexts: readonly Ciphertext[],
  values: readonly FheValue[],
  partials: readonly PartialContent[],
): Outcome<readonly CanaryAudit[]> {
  if (values.length !== ciphertexts.length) throw new RangeError('values: one for each ciphertext')
  const audits: CanaryAudit[] = []
  for (const width of [64, 128] as const) {
    const at = ciphertexts.flatMap((one, i) => (one.width === width ? [i] : []))
    if (width === 128 && pub.pub128.length === 0 && at.length === 0) continue
    const audited = auditWidth(
      pub,
      width,
      ciphertexts.filter((one) => one.width === width),
      values.filter((_, i) => at.includes(i)),
      partials.filter((one) => one.width === width),
    )
    if (!audited.ok) return audited
    audits.push(audited.value)
  }
  return accept(audits)
}

function auditWidth(
  pub: PublicFile,
  width: Width,
  ciphertexts: readonly Ciphertext[],
  values: readonly FheValue[],
  partials: readonly PartialContent[],
): Outcome<CanaryAudit> {
  const size = checkSize(ciphertexts, width)
  if (!size.ok) return size
  const { t, n } = pub.header
  const holders = new Set(partials.map(({ header }) => header.holder))
  if (holders.size !== n)
    return refuse('FHE-CANARY-HOLDERS', `${holders.size} of ${n} holders have answered at ${width} bits`)
  const combined = combinePartials(pub, ciphertexts, partials)
  if (!combined.ok) return combined
  const { cheaters } = combined.value
  if (cheaters.length > 0)
    return refuse('FHE-INCONSISTENT', `holders ${cheaters.join(', ')} compute with another key`)
  const wrong = combined.value.values.findIndex((value, i) => value !== values[i])
  if (wrong >= 0)
    return refuse(
      'FHE-CANARY-VALUE',
      `ciphertext ${wrong + 1} of ${width} bits does not decrypt to what was encrypted`,
    )
  const bits = lifeBits(safeFloodingBits(pub.header, width), size.value * (n - t + 1))
  return accept({ width, blocks: size.value, bits })
}

function checkSize(ciphertexts: readonly Ciphertext[], width: Width): Outcome<number> {
  const blocks = distinctBlocks(ciphertexts)
  const least = CANARY_LEAST_BLOCKS[width]
  if (blocks < least || blocks > CANARY_MOST_BLOCKS) {
    return refuse(
      'FHE-CANARY-SIZE',
      `${blocks} different blocks of ${width} bits, expected ${least} to ${CANARY_MOST_BLOCKS}`,
    )
  }
  return accept(blocks)
}

function distinctBlocks(ciphertexts: readonly Ciphertext[]): number {
  const seen = ciphertexts.flatMap(({ width, blocks }) => hashBlocks(width, blocks).map(toHex))
  return new Set(seen).size
}
