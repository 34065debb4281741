import { toHex } from '../../hex.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { blockBitsOf, budgetOf, lifeBits } from '../../sharing/flooding.ts'
import type { Width } from '../../sharing/galois-ring.ts'
import { hashBlocks, type LweBlock } from '../../sharing/kernel.ts'
import {
  CANARY_LEAST_BLOCKS,
  CANARY_MOST_BLOCKS,
  CANARY_PROGRAM,
  type CanaryNoise,
  canaryNoise,
  canarySource,
} from '../budgets/canary-bounds.ts'
import type { Authorities } from '../files/authorities.ts'
import type { Ciphertext } from '../files/ciphertext.ts'
import type { PartialContent } from '../files/partial-file.ts'
import type { PublicFile } from '../files/public-file.ts'
import type { Budgets } from '../files/share-file.ts'
import { checkProvenance } from '../inputs/provenance.ts'
import type { VerifiedShare } from '../shares/verify-share.ts'
import { type Carrying, checkCarrying } from './carry.ts'
import type { FheValue } from './decode.ts'
import { combinePartials, computePartial } from './threshold-decrypt.ts'

/** Who vouches for a canary's ciphertexts: nobody in a rehearsal, else somebody whom the holder's share names. */
type CanaryTrust =
  | { readonly rehearsal: true }
  | { readonly authorities: Authorities; readonly provenance: readonly Uint8Array[] }

/** A holder's answer to a canary, not signed yet, and how well it hides the share. */
type CanaryAnswer = CanaryNoise & { readonly content: PartialContent }

/**
 * A new holder's answer to the one canary of its epoch, for ciphertexts of one width that were encrypted after all
 * corrections had been published. It is outside the budget and, at 64 bits, below the floor; the caller answers once per
 * epoch and width and remembers it. Its ciphertexts need provenance like any others, and one that calls them a canary: 256
 * chosen blocks would give half of the key. In a rehearsal of mode S an evaluator may vouch for a fresh one, too, since such a
 * key names no encryptor; in production it is answered by no such key. Refusals: FHE-CANARY-EPOCH, FHE-CANARY-PROGRAM,
 * FHE-CANARY-SIZE, FHE-NOT-SQUASHED, FHE-FLOOD-FLOOR a fresh one of production where mode F does not hold, FHE-WIDTH-MIXED,
 * FHE-NO-SQUASH-KEY, FHE-NO-PARTIALS, and those of `checkProvenance` and `checkCarrying`.
 */
export function answerCanary(
  verified: VerifiedShare,
  ciphertexts: readonly Ciphertext[],
  requestDigest: Uint8Array,
  trust: CanaryTrust = { rehearsal: true },
  { carrying = 'never', allowed }: { carrying?: Carrying; allowed?: Budgets | undefined } = {},
): Outcome<CanaryAnswer> {
  const { domain, epoch } = verified.share.header
  if (epoch === 0) return refuse('FHE-CANARY-EPOCH', 'the first epoch of a key has no canary')
  const carried = checkCarrying(ciphertexts, carrying)
  if (!carried.ok) return carried
  const vouched = checkVouched(verified, ciphertexts, trust)
  if (!vouched.ok) return vouched
  const width = ciphertexts[0]?.width ?? 128
  if (width === 64 && domain === 'production' && verified.pub.pub128.length > 0) {
    return refuse('FHE-NOT-SQUASHED', 'a fresh canary of a key whose squashed ciphertexts are decrypted')
  }
  const floor = width === 64 && domain === 'production' ? budgetOf(verified.share.header, width) : carried
  if (!floor.ok) return floor
  const size = checkSize(ciphertexts, width)
  if (!size.ok) return size
  const content = computePartial(verified, ciphertexts, requestDigest)
  if (!content.ok) return content
  const source = width === 64 && vouched.value.clientKey ? 'client-key' : canarySource(width)
  return accept({
    content: content.value,
    ...canaryNoise(verified, width, { source, blocks: size.value }, allowed),
  })
}

/** Whether somebody of the share vouches for all of it as a canary; nobody has to in a rehearsal. */
function checkVouched(
  { share: { header } }: VerifiedShare,
  ciphertexts: readonly Ciphertext[],
  trust: CanaryTrust,
): Outcome<{ readonly clientKey: boolean }> {
  const { domain, keyId } = header
  if ('rehearsal' in trust) {
    return domain === 'production'
      ? refuse('FHE-PROVENANCE-MISSING', 'a share of production answers no canary that nobody vouches for')
      : accept({ clientKey: false })
  }
  const { evaluators, encryptors } = trust.authorities
  const vouched = checkProvenance(trust.provenance, {
    domain,
    keyId,
    authorities: {
      ...trust.authorities,
      encryptors: domain === 'production' ? encryptors : [...encryptors, ...evaluators],
    },
    ciphertexts,
  })
  if (!vouched.ok) return vouched
  const other = vouched.value.programs.find((program) => program !== CANARY_PROGRAM)
  if (other !== undefined) return refuse('FHE-CANARY-PROGRAM', `it is vouched for as ${other}`)
  return vouched
}

/** What a canary showed at one width. */
type CanaryAudit = {
  readonly width: Width
  readonly blocks: number
  /** Flooding bits that the canary's blocks leave, all holders' answers counted; a fresh one is of the compact public key. */
  readonly bits: number
}

/**
 * Whether every holder of a new epoch computes with the same key: all n answers, all agreeing, every value as it was
 * encrypted, at 64 bits and, where the key has a squash key, at 128 as well: each width has a correction of its own.
 * Until it passes the epoch is unproven and the old seeds stay. Ciphertexts and answers of both widths come in any order;
 * the result is by ascending width. Refusals: FHE-CANARY-SIZE too few or many blocks of a width, or none, too few masks, or one
 * of zeros · FHE-CANARY-HOLDERS not all n answered · FHE-CANARY-VALUE · FHE-INCONSISTENT and the others of `combinePartials`.
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
  const bits = lifeBits(blockBitsOf(pub.header, canarySource(width)), size.value * (n - t + 1))
  return accept({ width, blocks: size.value, bits })
}

/** How many different blocks there are, which is what a canary costs; what it shows are its different masks. */
function checkSize(ciphertexts: readonly Ciphertext[], width: Width): Outcome<number> {
  const blocks = ciphertexts.flatMap((one) => one.blocks)
  const different = distinct(width, blocks)
  const least = CANARY_LEAST_BLOCKS[width]
  if (different < least || different > CANARY_MOST_BLOCKS) {
    return refuse(
      'FHE-CANARY-SIZE',
      `${different} different blocks of ${width} bits, expected ${least} to ${CANARY_MOST_BLOCKS}`,
    )
  }
  if (blocks.some(({ mask }) => mask.every((byte) => byte === 0))) {
    return refuse(
      'FHE-CANARY-SIZE',
      `a block of ${width} bits has a mask of zeros, which shows nothing of a correction`,
    )
  }
  // A correction is multiplied by masks alone: all blocks of one mask pass it or none does.
  const body = new Uint8Array(width / 8)
  const masks = distinct(
    width,
    blocks.map(({ mask }) => ({ mask, body })),
  )
  if (masks < least) {
    return refuse('FHE-CANARY-SIZE', `${masks} different masks of ${width} bits, expected at least ${least}`)
  }
  return accept(different)
}

function distinct(width: Width, blocks: readonly LweBlock[]): number {
  return new Set(hashBlocks(width, blocks).map(toHex)).size
}
