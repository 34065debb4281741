import { joinBytes, utf8 } from '../../bytes.ts'
import { encodeCanonical } from '../../canonical-json.ts'
import { sha256 } from '../../hash.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { u8, u16, u32 } from '../../sharing/little-endian.ts'
import type { Domain } from '../../sign/context.ts'

/**
 * SHA-256 of compact-public-key.bin and of the compressed server-key.bin as first written, 32 bytes each; null where a
 * rehearsal made none.
 */
export type PublicKeyDigests = {
  readonly compactPublicKey: Uint8Array | null
  readonly serverKey: Uint8Array | null
}

/** keyId = SHA-256("lux-fhe/v1/key" || SHA-256(compact pk) || SHA-256(server key)); a missing one counts as empty. */
export function keyIdOf({ compactPublicKey, serverKey }: PublicKeyDigests): Uint8Array {
  const empty = sha256(new Uint8Array(0))
  return sha256(utf8('lux-fhe/v1/key'), compactPublicKey ?? empty, serverKey ?? empty)
}

/** Digest of ciphertexts, or of inputs, in their order: SHA-256("lux-fhe/v1/batch" || u32 count || digests of 32 bytes). */
export function batchDigest(digests: readonly Uint8Array[]): Uint8Array {
  return sha256(utf8('lux-fhe/v1/batch'), u32(digests.length), ...digests)
}

/** A holder in the roster: `card` is the hex digest of the card, empty as `name` is in a bare rehearsal. */
export type RosterEntry = { readonly index: number; readonly name: string; readonly card: string }

/** SHA-256 of the roster in RFC 8785 form. */
export function rosterDigest(roster: readonly RosterEntry[]): Uint8Array {
  return sha256(encodeCanonical(roster.map(({ index, name, card }) => ({ index, name, card }))))
}

/**
 * FHE-ROSTER not exactly the indices 1..n in order, or in production a holder without name or card · FHE-HOLDER-DUPLICATE
 * a name or a card twice.
 */
export function checkRoster(
  roster: readonly RosterEntry[],
  n: number,
  domain: Domain,
): Outcome<readonly RosterEntry[]> {
  if (roster.length !== n || roster.some(({ index }, i) => index !== i + 1)) {
    return refuse('FHE-ROSTER', `the roster does not list holders 1 to ${n} in order`)
  }
  const bare = roster.find(({ name, card }) => name === '' || card === '')
  if (domain === 'production' && bare !== undefined) {
    return refuse('FHE-ROSTER', `holder ${bare.index} has no name or card`)
  }
  for (const field of ['name', 'card'] as const) {
    const named = roster.map((entry) => entry[field]).filter((value) => value !== '')
    if (new Set(named).size !== named.length)
      return refuse('FHE-HOLDER-DUPLICATE', `a ${field} is listed twice`)
  }
  return accept(roster)
}

/** What identifies one sharing of one key; it heads every file. */
export type Epoch = {
  readonly domain: Domain
  readonly keyId: Uint8Array
  readonly epoch: number
  readonly t: number
  readonly n: number
  /** Number of dealers: 1 at first, the old t after a reshare. */
  readonly d: number
  /** 0 at first, else bits q-1 of the holders that re-dealt. */
  readonly dealerMask: number
}

export type EpochContent = {
  readonly pub64: Uint8Array
  readonly pub128: Uint8Array
  readonly commitments: readonly Uint8Array[]
  readonly rosterDigest: Uint8Array
}

export const DOMAIN_CODE: Readonly<Record<Domain, number>> = { rehearsal: 0, production: 1 }

/** epochId over the epoch, both corrections, the commitments and the roster, 32 bytes. */
export function epochIdOf(epoch: Epoch, content: EpochContent): Uint8Array {
  return sha256(
    utf8('lux-fhe/v1/epoch'),
    u8(DOMAIN_CODE[epoch.domain]),
    epoch.keyId,
    u32(epoch.epoch),
    u8(epoch.t),
    u8(epoch.n),
    u8(epoch.d),
    u16(epoch.dealerMask),
    sha256(content.pub64),
    sha256(content.pub128),
    commitmentsDigest(content.commitments),
    content.rosterDigest,
  )
}

/** SHA-256 of all commitments one after another. */
export function commitmentsDigest(commitments: readonly Uint8Array[]): Uint8Array {
  return sha256(joinBytes(commitments))
}
