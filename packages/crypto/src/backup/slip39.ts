import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, u16be, utf8, wipe } from '../bytes.ts'
import { accept, type Outcome, refuse } from '../outcome.ts'
import type { Entropy } from '../random.ts'
import { Secret } from '../secret.ts'
import type { Point } from './galois-field.ts'
import type { Slip39Share } from './share-words.ts'
import { recoverSecret, splitSecret } from './shared-secret.ts'

// 160,000 iterations; the exponent of a share that was typed in must not keep the program for hours.
const mostExponent = 4
const mostShares = 256

/** The whole of SLIP-0039. A backup of this product is one group; `custodian-shares.ts` says so. */
type Slip39Sharing = {
  readonly identifier: number
  readonly extendable: boolean
  readonly exponent: number
  readonly groupThreshold: number
  /** In the order of their indices; a threshold of 1 has one member. */
  readonly groups: readonly { readonly threshold: number; readonly count: number }[]
}

/** The shares of each group. Throws RangeError on a sharing that SLIP-0039 has not, and on a secret that is not 16 to 64 bytes, even. */
export function shareSecret(
  secret: Secret,
  sharing: Slip39Sharing,
  { entropy, passphrase = '' }: { readonly entropy: Entropy; readonly passphrase?: string },
): Slip39Share[][] {
  const { identifier, extendable, exponent, groupThreshold, groups } = sharing
  checkSharing(sharing)
  if (secret.length < 16 || secret.length > 64 || secret.length % 2 !== 0) {
    throw new RangeError(`secret: expected 16 to 64 bytes, an even number, got ${secret.length}`)
  }
  const cipher = { passphrase: passphraseBytes(passphrase), exponent, identifier, extendable }
  const encrypted = secret.use((bytes) => encryptMaster(bytes, cipher))
  const ofGroups = splitSecret({ threshold: groupThreshold, count: groups.length }, encrypted, entropy)
  const shares = groups.map((group, groupIndex) =>
    splitSecret(group, ofGroups[groupIndex] ?? new Uint8Array(0), entropy).map((value, memberIndex) => ({
      identifier,
      extendable,
      exponent,
      groupIndex,
      groupThreshold,
      groupCount: groups.length,
      memberIndex,
      memberThreshold: group.threshold,
      value: Secret.take(value),
    })),
  )
  for (const bytes of [encrypted, ...ofGroups]) wipe(bytes)
  return shares
}

/**
 * The secret of shares: every group that is there with its threshold of members, and the threshold of groups. More than that is
 * compared as well. BACKUP-SHARES-FEW, BACKUP-SET-OTHER, BACKUP-SHARE-TWICE, BACKUP-SHARES-DISAGREE, BACKUP-DIGEST,
 * BACKUP-EXPONENT. Another passphrase gives another secret and no refusal.
 */
export function combineShares(shares: readonly Slip39Share[], passphrase = ''): Outcome<Secret> {
  const [first] = shares
  if (first === undefined) return refuse('BACKUP-SHARES-FEW', 'no share')
  if (shares.length > mostShares) return refuse('BACKUP-SHARE-TWICE', `more than ${mostShares} shares`)
  if (first.exponent > mostExponent) {
    return refuse('BACKUP-EXPONENT', `an iteration exponent of ${first.exponent}, at most ${mostExponent}`)
  }
  const groups = groupsOf(shares, first)
  if (!groups.ok) return groups
  const open: Uint8Array[] = []
  try {
    const ofGroups: Point[] = []
    for (const [groupIndex, members] of groups.value) {
      const points = members.map(({ memberIndex, value }) => ({
        x: memberIndex,
        y: value.use((y) => y.slice()),
      }))
      open.push(...points.map(({ y }) => y))
      const secret = recoverSecret(members[0]?.memberThreshold ?? 1, points)
      if (!secret.ok) return secret
      open.push(secret.value)
      ofGroups.push({ x: groupIndex, y: secret.value })
    }
    const encrypted = recoverSecret(first.groupThreshold, ofGroups)
    if (!encrypted.ok) return encrypted
    open.push(encrypted.value)
    const cipher = { ...first, passphrase: passphraseBytes(passphrase) }
    return accept(Secret.take(decryptMaster(encrypted.value, cipher)))
  } finally {
    for (const bytes of open) wipe(bytes)
  }
}

type Groups = ReadonlyMap<number, readonly Slip39Share[]>

/** Shares by group, when they are of one set, each once, and enough. */
function groupsOf(shares: readonly Slip39Share[], first: Slip39Share): Outcome<Groups> {
  const groups = new Map<number, Slip39Share[]>()
  for (const [i, share] of shares.entries()) {
    const group = groups.get(share.groupIndex) ?? []
    const same =
      share.identifier === first.identifier &&
      share.extendable === first.extendable &&
      share.exponent === first.exponent &&
      share.groupThreshold === first.groupThreshold &&
      share.groupCount === first.groupCount &&
      share.value.length === first.value.length &&
      (group[0] === undefined || share.memberThreshold === group[0].memberThreshold)
    if (!same) return refuse('BACKUP-SET-OTHER', `the ${ordinal(i)} given is of another set than the 1st`)
    if (group.some(({ memberIndex }) => memberIndex === share.memberIndex)) {
      return refuse('BACKUP-SHARE-TWICE', `share ${share.memberIndex + 1} is given twice`)
    }
    groups.set(share.groupIndex, [...group, share])
  }
  for (const members of groups.values()) {
    const needed = members[0]?.memberThreshold ?? 1
    if (members.length < needed) {
      return refuse('BACKUP-SHARES-FEW', `${members.length} of the ${needed} shares that are needed`)
    }
  }
  if (groups.size < first.groupThreshold) {
    return refuse('BACKUP-SHARES-FEW', `${groups.size} of the ${first.groupThreshold} groups that are needed`)
  }
  return accept(groups)
}

function checkSharing({ identifier, exponent, groupThreshold, groups }: Slip39Sharing): void {
  const within = (name: string, value: number, least: number, most: number): void => {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name}: expected ${least} to ${most}, got ${value}`)
    }
  }
  within('identifier', identifier, 0, 0x7fff)
  within('exponent', exponent, 0, mostExponent)
  within('groups', groups.length, 1, 16)
  within('groupThreshold', groupThreshold, 1, groups.length)
  for (const { threshold, count } of groups) {
    within('count', count, 1, threshold === 1 ? 1 : 16)
    within('threshold', threshold, 1, count)
  }
}

function passphraseBytes(passphrase: string): Uint8Array {
  if (!/^[\x20-\x7e]{0,256}$/.test(passphrase)) {
    throw new RangeError('passphrase: expected at most 256 visible ASCII characters and spaces')
  }
  return utf8(passphrase)
}

function ordinal(i: number): string {
  return i === 1 ? '2nd' : i === 2 ? '3rd' : `${i + 1}th`
}

// SLIP-0039 "Encryption of the master secret": four rounds of a Feistel network over PBKDF2-HMAC-SHA-256.

const iterationsOfRound = 2500

/** Input of both directions. Exponent e means 10000 * 2^e iterations in all. */
type MasterCipher = {
  readonly passphrase: Uint8Array
  readonly exponent: number
  readonly identifier: number
  readonly extendable: boolean
}

/** The encrypted master secret, of the same even length. */
function encryptMaster(secret: Uint8Array, cipher: MasterCipher): Uint8Array {
  return feistel(secret, cipher, [0, 1, 2, 3])
}

/** Undoes `encryptMaster`. Another passphrase gives another secret, and nothing here can tell. */
function decryptMaster(encrypted: Uint8Array, cipher: MasterCipher): Uint8Array {
  return feistel(encrypted, cipher, [3, 2, 1, 0])
}

function feistel(block: Uint8Array, cipher: MasterCipher, order: readonly number[]): Uint8Array {
  const { passphrase, exponent, identifier, extendable } = cipher
  const salt = extendable ? new Uint8Array(0) : concatBytes(utf8('shamir'), u16be(identifier))
  const half = block.length / 2
  let left = block.slice(0, half)
  let right = block.slice(half)
  for (const round of order) {
    const password = concatBytes(Uint8Array.of(round), passphrase)
    const salted = concatBytes(salt, right)
    const c = iterationsOfRound * 2 ** exponent
    const stream = pbkdf2(sha256, password, salted, { c, dkLen: half })
    for (let i = 0; i < half; i++) left[i] = (left[i] ?? 0) ^ (stream[i] ?? 0)
    for (const bytes of [password, salted, stream]) wipe(bytes)
    ;[left, right] = [right, left]
  }
  const out = concatBytes(right, left)
  wipe(left)
  wipe(right)
  return out
}
