import { wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import type { Entropy } from '../../random.ts'
import { deal, recoverWords } from '../../sharing/deal.ts'
import { budgetOf } from '../../sharing/flooding.ts'
import { checkQuorum, type Quorum, setsOf, setsWithout } from '../../sharing/quorum.ts'
import { forgetSeeds, type SetSeeds } from '../../sharing/seeds.ts'
import type { Domain } from '../../sign/context.ts'
import { mixedField } from '../files/file-header.ts'
import {
  checkRoster,
  commitmentsDigest,
  type Epoch,
  epochIdOf,
  keyIdOf,
  type PublicKeyDigests,
  type RosterEntry,
  rosterDigest,
} from '../files/identifiers.ts'
import { encodePublic, isIntegerKey } from '../files/public-file.ts'
import { type Budgets, encodeShare } from '../files/share-file.ts'
import type { VerifiedShare } from '../shares/verify-share.ts'
import { encodeBinaryKey } from './binary-key.ts'
import { readSecretKey, type SecretKeyWords } from './secret-key.ts'

export type DealRequest = {
  /** tfhe's serialized client key, TFHE_INTEGER or TFHE_BINARY; the caller wipes it. */
  readonly clientKey: Uint8Array
  /** Null only in a rehearsal. */
  readonly publicKeys: PublicKeyDigests
  readonly t: number
  readonly n: number
  readonly domain: Domain
  /** Holders 1..n in order. */
  readonly roster: readonly RosterEntry[]
  /** 32 bytes; zeros in a bare rehearsal. */
  readonly policyHash: Uint8Array
  readonly budgets: Budgets
  readonly entropy: Entropy
}

export type DealtKey = {
  /** public.bin (`lux-pub1`). */
  readonly pub: Uint8Array
  /** holder-1.bin … (`lux-shr1`): secret, wipe them. */
  readonly shares: readonly Uint8Array[]
  readonly keyId: Uint8Array
  readonly epochId: Uint8Array
  readonly commitments: readonly Uint8Array[]
  /** SHA-256 of the commitments as they stand at the end of public.bin. */
  readonly commitmentsDigest: Uint8Array
}

/**
 * Deals a client key to n holders, 2 <= t <= n <= 15, epoch 0: public.bin of 16 KiB, or 80 KiB with a squash key, and 32 bytes for
 * each of C(n,t-1) sets; n shares of C(n-1,t-1) seeds of 32 bytes. Budgets in blocks. THRESHOLD-FHE section 3.
 *
 * Refusals, as values: FHE-QUORUM-SMALL, FHE-QUORUM-OVER, FHE-HOLDERS-MANY, FHE-ROSTER, FHE-HOLDER-DUPLICATE, FHE-PUBLIC-KEYS
 * (production without them), FHE-BUDGET, FHE-FLOOD-FLOOR, FHE-ENTROPY, and those of `readSecretKey`. Throws RangeError for a
 * `policyHash` that has not 32 bytes, and for what is no number of holders or blocks.
 *
 * Replicated sharing whose seeds are keys of a pseudorandom function: Cramer, Damgård and Ishai, "Share Conversion,
 * Pseudorandom Secret-Sharing and Applications to Secure Computation" (TCC 2005), section 4.
 */
export function dealFheKey(request: DealRequest): Outcome<DealtKey> {
  const { t, n, domain, publicKeys, budgets, policyHash } = request
  if (policyHash.length !== 32)
    throw new RangeError(`policyHash: expected 32 bytes, got ${policyHash.length}`)
  const quorum = checkQuorum({ t, n })
  if (!quorum.ok) return quorum
  const roster = checkRoster(request.roster, n, domain)
  if (!roster.ok) return roster
  let secrets: SecretKeyWords
  try {
    secrets = readSecretKey(request.clientKey)
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
  try {
    const needsPublicKey = secrets.type === 'TFHE_INTEGER' && publicKeys.compactPublicKey === null
    if (domain === 'production' && (needsPublicKey || publicKeys.serverKey === null)) {
      return refuse('FHE-PUBLIC-KEYS', 'a production key is identified by its public and server key')
    }
    if (secrets.type === 'TFHE_BINARY' && (budgets.at64 > 0 || budgets.at128 > 0)) {
      return refuse('FHE-BUDGET', 'a binary key is recovered or reshared: its shares answer nothing')
    }
    const budget = checkBudgets(quorum.value, budgets, secrets.squash)
    if (!budget.ok) return budget
    const keyId = keyIdOf(publicKeys)
    const dealt = deal(secrets.vectors, { quorum: quorum.value, keyId, entropy: request.entropy })
    if (!dealt.ok) return dealt
    const { seeds, corrections, commitments } = dealt.value
    const shares: Uint8Array[] = []
    let whole = false
    try {
      const [pub64 = new Uint8Array(0), pub128 = new Uint8Array(0)] = corrections
      const epoch: Epoch = { domain, keyId, epoch: 0, t, n, d: 1, dealerMask: 0 }
      const content = { pub64, pub128, commitments, rosterDigest: rosterDigest(roster.value) }
      const epochId = epochIdOf(epoch, content)
      const header = { ...epoch, epochId }
      for (const { index } of roster.value) {
        const sets = new Set(setsWithout({ t, n }, index))
        const own = seeds.filter(({ set }) => sets.has(set))
        shares.push(encodeShare({ header: { ...header, holder: index }, policyHash, budgets, seeds: own }))
      }
      const pub = encodePublic({ header: { ...header, holder: 0 }, ...content })
      const digest = commitmentsDigest(commitments)
      whole = true
      return accept({ pub, shares, keyId, epochId, commitments, commitmentsDigest: digest })
    } finally {
      forgetSeeds(seeds)
      if (!whole) for (const share of shares) wipe(share)
    }
  } finally {
    secrets.wipe()
  }
}

/**
 * The largest budgets the flooding allows, in blocks: mode S answers squashed blocks, mode F also fresh 64-bit ones.
 * FHE-FLOOD-FLOOR where a block would keep under 40 bits. THRESHOLD-FHE section 5.
 */
export function largestBudgets(
  quorum: Quorum,
  { mode, squash }: { mode: 'S' | 'F'; squash: boolean },
): Outcome<Budgets> {
  const none = accept(0)
  const at64 = mode === 'F' ? budgetOf(quorum, 64) : none
  if (!at64.ok) return at64
  const at128 = squash ? budgetOf(quorum, 128) : none
  if (!at128.ok) return at128
  return accept({ at64: at64.value, at128: at128.value })
}

/**
 * FHE-BUDGET more blocks than the noise can hide, or squashed blocks without a squash key · FHE-FLOOD-FLOOR. RangeError for
 * what is no count of blocks. THRESHOLD-FHE section 5.
 */
export function checkBudgets(quorum: Quorum, budgets: Budgets, squash: boolean): Outcome<Budgets> {
  for (const [budget, width] of [
    [budgets.at64, 64],
    [budgets.at128, 128],
  ] as const) {
    if (!Number.isInteger(budget) || budget < 0)
      throw new RangeError(`budgets: ${budget} is no count of blocks`)
    if (budget === 0) continue
    if (width === 128 && !squash)
      return refuse('FHE-BUDGET', 'the key has no squash key, so no 128-bit blocks')
    const largest = budgetOf(quorum, width)
    if (!largest.ok) return largest
    if (budget > largest.value) {
      return refuse('FHE-BUDGET', `${budget} blocks of ${width} bits, at most ${largest.value}`)
    }
  }
  return accept(budgets)
}

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
