import { wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { recoverWords } from '../../sharing/deal.ts'
import { setsOf } from '../../sharing/quorum.ts'
import type { SetSeeds } from '../../sharing/seeds.ts'
import { mixedField } from '../files/file-header.ts'
import { isIntegerKey } from '../files/public-file.ts'
import type { VerifiedShare } from '../shares/verify-share.ts'
import { encodeBinaryKey } from './binary-key.ts'

/**
 * The whole TFHE_BINARY client key, as tfhe serializes it, out of any t shares: the one use of its shares besides
 * resharing. Secret: wipe it. Refusals: FHE-PARTIALS-FEW, FHE-EPOCH-MIXED, FHE-HOLDER-DUPLICATE, FHE-TYPE an integer
 * key is used in parts and not rebuilt, FHE-PARAMETERS, FHE-FIELD.
 */
export function recoverFheKey(shares: readonly VerifiedShare[]): Outcome<Uint8Array> {
  const [first] = shares
  if (!first) return refuse('FHE-PARTIALS-FEW', 'no share')
  const { pub } = first
  if (isIntegerKey(pub)) return refuse('FHE-TYPE', 'an integer key is used in parts and not rebuilt')
  const { t } = pub.header
  for (const { share } of shares) {
    const mixed = mixedField(share.header, pub.header)
    if (mixed !== null) return refuse('FHE-EPOCH-MIXED', `the shares differ in ${mixed}`)
  }
  const holders = new Set(shares.map(({ share }) => share.header.holder))
  if (holders.size !== shares.length) return refuse('FHE-HOLDER-DUPLICATE', 'two shares of one holder')
  if (shares.length < t) return refuse('FHE-PARTIALS-FEW', `${shares.length} shares, ${t} are needed`)
  const known = new Map<number, SetSeeds>()
  for (const { share } of shares) for (const own of share.seeds) known.set(own.set, own)
  const seeds = setsOf(pub.header).flatMap((set) => known.get(set) ?? [])
  const words = recoverWords(seeds, { keyId: pub.header.keyId, width: 64, correction: pub.pub64 })
  try {
    return accept(encodeBinaryKey(words))
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  } finally {
    wipe(words)
  }
}
