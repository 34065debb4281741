import { toHex } from '../hex.ts'
import { lifeBits, safeFloodingBits } from '../sharing/flooding.ts'
import type { Width } from '../sharing/galois-ring.ts'
import { hashBlocks } from '../sharing/kernel.ts'
import { accept, type Outcome } from '../sharing/outcome.ts'
import { refuse } from '../verdict.ts'
import type { Authorities } from './authorities.ts'
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
export const CANARY_LEAST_BLOCKS = 64
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
 * FHE-CANARY-SIZE, FHE-WIDTH-MIXED, FHE-NO-SQUASH-KEY, FHE-NO-PARTIALS, and those of `checkProvenance`.
 */
export function answerCanary(
  verified: VerifiedShare,
  ciphertexts: readonly Ciphertext[],
  requestDigest: Uint8Array,
  trust: CanaryTrust = { rehearsal: true },
): Outcome<PartialContent> {
  const { domain, keyId } = verified.share.header
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
  const blocks = distinctBlocks(ciphertexts)
  if (blocks < CANARY_LEAST_BLOCKS || blocks > CANARY_MOST_BLOCKS) {
    return refuse(
      'FHE-CANARY-SIZE',
      `${blocks} different blocks, expected ${CANARY_LEAST_BLOCKS} to ${CANARY_MOST_BLOCKS}`,
    )
  }
  return computePartial(verified, ciphertexts, requestDigest)
}

/** What a canary showed. */
export type CanaryAudit = {
  readonly width: Width
  readonly blocks: number
  /** Flooding bits that the canary's blocks leave, all holders' answers counted. */
  readonly bits: number
}

/**
 * Whether every holder of a new epoch computes with the same key: all n answers, all agreeing, every value as it was
 * encrypted. Until it passes the epoch is unproven and the old seeds stay. Refusals: FHE-CANARY-SIZE ·
 * FHE-CANARY-HOLDERS not all n answered · FHE-CANARY-VALUE · FHE-INCONSISTENT and the others of `combinePartials`.
 */
export function auditCanary(
  pub: PublicFile,
  ciphertexts: readonly Ciphertext[],
  values: readonly FheValue[],
  partials: readonly PartialContent[],
): Outcome<CanaryAudit> {
  if (values.length !== ciphertexts.length) throw new RangeError('values: one for each ciphertext')
  const [first] = ciphertexts
  const blocks = distinctBlocks(ciphertexts)
  if (!first || blocks < CANARY_LEAST_BLOCKS || blocks > CANARY_MOST_BLOCKS) {
    return refuse('FHE-CANARY-SIZE', `${blocks} different blocks, at least ${CANARY_LEAST_BLOCKS}`)
  }
  const { t, n } = pub.header
  const holders = new Set(partials.map(({ header }) => header.holder))
  if (holders.size !== n) return refuse('FHE-CANARY-HOLDERS', `${holders.size} of ${n} holders have answered`)
  const combined = combinePartials(pub, ciphertexts, partials)
  if (!combined.ok) return combined
  const { cheaters } = combined.value
  if (cheaters.length > 0)
    return refuse('FHE-INCONSISTENT', `holders ${cheaters.join(', ')} compute with another key`)
  const wrong = combined.value.values.findIndex((value, i) => value !== values[i])
  if (wrong >= 0)
    return refuse('FHE-CANARY-VALUE', `ciphertext ${wrong + 1} does not decrypt to what was encrypted`)
  const bits = lifeBits(safeFloodingBits(pub.header, first.width), blocks * (n - t + 1))
  return accept({ width: first.width, blocks, bits })
}

function distinctBlocks(ciphertexts: readonly Ciphertext[]): number {
  const seen = ciphertexts.flatMap(({ width, blocks }) => hashBlocks(width, blocks).map(toHex))
  return new Set(seen).size
}
