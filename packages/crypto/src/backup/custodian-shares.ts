import { concatBytes, equalBytes, utf8, wipe } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { accept, accepted, type Outcome, refuse, type Verdict } from '../outcome.ts'
import type { Entropy } from '../random.ts'
import { Secret } from '../secret.ts'
import { readShare, type Slip39Share, type WordsRefusal, writeShare } from './share-words.ts'
import { combineShares, shareSecret } from './slip39.ts'

const secretLength = 32
const mostDraws = 128

/** How many custodians hold a share, and how many of them restore: 2 <= t <= n <= 16. */
export type Custodians = { readonly t: number; readonly n: number }

/** A custodian's share of a backup: one group, extendable, iteration exponent 0, no passphrase, 33 words. */
export type CustodianShare = {
  /** What every share of one backup begins with, 0 to 32767. */
  readonly identifier: number
  /** 1 to n. */
  readonly index: number
  readonly t: number
  readonly value: Secret
}

/** A fresh secret and its shares, share i at i - 1. */
export type DealtBackup = {
  readonly secret: Secret
  readonly identifier: number
  readonly shares: readonly CustodianShare[]
}

/**
 * Deals a fresh 256-bit secret, under an identifier that is not among the `used` ones. BACKUP-ENTROPY when the source repeats
 * itself. Throws RangeError unless 2 <= t <= n <= 16.
 */
export function dealBackup(
  { t, n }: Custodians,
  { entropy, used }: { readonly entropy: Entropy; readonly used: ReadonlySet<number> },
): Outcome<DealtBackup> {
  if (!Number.isInteger(t) || !Number.isInteger(n) || t < 2 || n < t || n > 16) {
    throw new RangeError(`custodians: expected 2 <= t <= n <= 16, got ${t} of ${n}`)
  }
  const identifier = freshIdentifier(entropy, used)
  if (identifier === null) return repeating
  const watched = watching(entropy)
  const bytes = watched.bytes(secretLength)
  if (bytes.length !== secretLength) throw new RangeError(`entropy: gave ${bytes.length} bytes, expected 32`)
  const secret = Secret.take(bytes)
  const sharing = {
    identifier,
    extendable: true,
    exponent: 0,
    groupThreshold: 1,
    groups: [{ threshold: t, count: n }],
  }
  const shares = shareSecret(secret, sharing, { entropy: watched })
    .flat()
    .map(({ memberIndex, value }) => ({ identifier, index: memberIndex + 1, t, value }))
  if (!watched.repeats()) return accept({ secret, identifier, shares })
  secret.wipe()
  for (const { value } of shares) value.wipe()
  return repeating
}

/** The 33 words of a share, for its sheet, its envelope and its QR code. They are a string, which nothing can overwrite. */
export function custodianWords(share: CustodianShare): string {
  return writeShare(toSlip39(share)).join(' ')
}

/**
 * Reads a share from words, scanned or typed. Refuses what `readShare` refuses, BACKUP-WORDS-COUNT unless there are 33, and
 * BACKUP-SHARE-KIND for a share that no backup of this product has, such as a wallet's.
 */
export function readCustodianShare(
  text: string,
): { readonly ok: true; readonly value: CustodianShare } | WordsRefusal {
  const read = readShare(text)
  if (!read.ok) return read
  const { identifier, memberIndex, memberThreshold, value } = read.value
  const kind = kindRefusal(read.value)
  if (kind === null) return accept({ identifier, index: memberIndex + 1, t: memberThreshold, value })
  value.wipe()
  return kind
}

/**
 * What a share is checked by alone: SHA-256(`lux-custody/backup-share/v1` || set || index || words). `set` is the 16 random
 * bytes that name the backup.
 */
export function commitShare(set: Uint8Array, share: CustodianShare): Uint8Array {
  if (set.length !== 16) throw new RangeError(`set: expected 16 bytes, got ${set.length}`)
  const words = utf8(custodianWords(share))
  const message = concatBytes(utf8('lux-custody/backup-share/v1'), set, Uint8Array.of(share.index), words)
  const commitment = sha256(message)
  wipe(words)
  wipe(message)
  return commitment
}

/** What a bundle says of one share. */
type ExpectedShare = {
  readonly set: Uint8Array
  readonly identifier: number
  readonly index: number
  readonly t: number
  readonly commitment: Uint8Array
}

/** Whether a share is the expected one. BACKUP-SET-OTHER, BACKUP-SHARE-OTHER for another custodian's, BACKUP-COMMITMENT. */
export function checkShare(share: CustodianShare, expected: ExpectedShare): Verdict {
  if (share.identifier !== expected.identifier || share.t !== expected.t) {
    return refuse('BACKUP-SET-OTHER', 'the share is of another backup')
  }
  if (share.index !== expected.index) {
    return refuse('BACKUP-SHARE-OTHER', `this is share ${share.index}, expected share ${expected.index}`)
  }
  if (equalBytes(commitShare(expected.set, share), expected.commitment)) return accepted
  return refuse('BACKUP-COMMITMENT', `share ${share.index} is not the one that was dealt`)
}

/**
 * The secret of t or more shares of one backup; those beyond t must agree with it, so that all n show one polynomial.
 * BACKUP-SHARES-FEW, BACKUP-SET-OTHER, BACKUP-SHARE-TWICE, BACKUP-SHARES-DISAGREE, BACKUP-DIGEST.
 */
export function combineBackup(shares: readonly CustodianShare[]): Outcome<Secret> {
  return combineShares(shares.map(toSlip39))
}

function toSlip39({ identifier, index, t, value }: CustodianShare): Slip39Share {
  return {
    identifier,
    extendable: true,
    exponent: 0,
    groupIndex: 0,
    groupThreshold: 1,
    groupCount: 1,
    memberIndex: index - 1,
    memberThreshold: t,
    value,
  }
}

function kindRefusal(share: Slip39Share): WordsRefusal | null {
  if (share.value.length !== secretLength)
    return refuse('BACKUP-WORDS-COUNT', 'a share of a backup has 33 words')
  const of = (what: string): WordsRefusal => refuse('BACKUP-SHARE-KIND', `a share ${what} is of no backup`)
  if (share.groupCount !== 1 || share.groupIndex !== 0) return of('of a group among others')
  if (!share.extendable || share.exponent !== 0) return of('of another encryption')
  return share.memberThreshold < 2 ? of('that is the whole secret') : null
}

const repeating = refuse('BACKUP-ENTROPY', 'the source of randomness repeats itself')

/** 15 random bits that no earlier backup has, or null where so many draws found none. */
function freshIdentifier(entropy: Entropy, used: ReadonlySet<number>): number | null {
  for (let draw = 0; draw < mostDraws; draw++) {
    const [high = 0, low = 0] = entropy.bytes(2)
    const identifier = ((high & 0x7f) << 8) | low
    if (!used.has(identifier)) return identifier
  }
  return null
}

/** The same source, which records whether two draws began with the same bytes. */
function watching(entropy: Entropy): Entropy & { repeats(): boolean } {
  // Digests: the draws themselves are secrets.
  const seen: Uint8Array[] = []
  return {
    bytes(length) {
      const drawn = entropy.bytes(length)
      seen.push(sha256(drawn.subarray(0, 28)))
      return drawn
    },
    repeats: () => seen.some((a, i) => seen.slice(0, i).some((b) => equalBytes(a, b))),
  }
}
