import { concatBytes, equalBytes, joinBytes, utf8 } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { u8 } from '../../sharing/little-endian.ts'
import { binomial, checkQuorum, MAX_HOLDERS, setsWithout } from '../../sharing/quorum.ts'
import { forgetSeeds, SEED_BYTES, type SetSeeds } from '../../sharing/seeds.ts'
import type { Domain } from '../../sign/context.ts'
import { type ByteReader, byteReader } from './byte-reader.ts'
import { DOMAIN_CODE } from './identifiers.ts'
import { splitCorrections } from './public-file.ts'

export const CORRECTION_MAGIC = 'lux-cor1'

/** What both files of a re-dealing say first: 108 bytes. */
export type RedealHeader = {
  readonly domain: Domain
  readonly keyId: Uint8Array
  /** The epoch that is left behind. */
  readonly epochId: Uint8Array
  /** SHA-256 of the signed plan, which names the dealers and the new holders. */
  readonly planHash: Uint8Array
  /** The old holder that deals. */
  readonly dealer: number
  /** The new quorum. */
  readonly t: number
  readonly n: number
}

/** Public: what one dealer adds to the corrections, and its commitments by ascending new set. */
export type Correction = {
  readonly header: RedealHeader
  readonly corr64: Uint8Array
  /** Empty for a key without a squash key. */
  readonly corr128: Uint8Array
  readonly commitments: readonly Uint8Array[]
}

/** Secret: one dealer's fresh seeds for one new holder. */
export type SeedFile = {
  readonly header: RedealHeader
  readonly holder: number
  readonly seeds: readonly SetSeeds[]
}

function encodeRedealHeader({ domain, keyId, epochId, planHash, dealer, t, n }: RedealHeader): Uint8Array {
  return concatBytes(
    utf8(CORRECTION_MAGIC),
    u8(DOMAIN_CODE[domain]),
    keyId,
    epochId,
    planHash,
    u8(dealer),
    u8(t),
    u8(n),
  )
}

function readRedealHeader(reader: ByteReader): RedealHeader {
  if (reader.left < 8 || !equalBytes(reader.take(8, 'magic'), utf8(CORRECTION_MAGIC))) {
    throw new FormatError('FHE-TYPE', `not a ${CORRECTION_MAGIC} file`)
  }
  const code = reader.u8('domain')
  if (code > 1) throw new FormatError('FHE-FIELD', `domain: ${code}`)
  const keyId = reader.take(32, 'key id')
  const epochId = reader.take(32, 'epoch id')
  const planHash = reader.take(32, 'plan hash')
  const dealer = reader.u8('dealer')
  if (dealer < 1 || dealer > MAX_HOLDERS) throw new FormatError('FHE-FIELD', `dealer: ${dealer}`)
  const quorum = checkQuorum({ t: reader.u8('t'), n: reader.u8('n') })
  if (!quorum.ok) throw new FormatError(quorum.rule, quorum.detail)
  const { t, n } = quorum.value
  return { domain: code === 0 ? 'rehearsal' : 'production', keyId, epochId, planHash, dealer, t, n }
}

/** Header, corr64, corr128, commitments. */
export function encodeCorrection({ header, corr64, corr128, commitments }: Correction): Uint8Array {
  return joinBytes([encodeRedealHeader(header), corr64, corr128, ...commitments])
}

/** Throws FormatError: FHE-TYPE, FHE-FIELD, FHE-TRUNCATED, FHE-LENGTH and those of `checkQuorum`. */
export function parseCorrection(bytes: Uint8Array): Correction {
  const reader = byteReader(bytes)
  const header = readRedealHeader(reader)
  const count = binomial(header.n, header.t - 1)
  const { at64, at128 } = splitCorrections(reader.left - 32 * count, count)
  const corr64 = reader.take(at64, 'correction')
  const corr128 = reader.take(at128, 'correction')
  const commitments = Array.from({ length: count }, () => reader.take(32, 'commitment'))
  reader.end()
  return { header, corr64, corr128, commitments }
}

/** Header, u8 holder, the seeds of the new sets without that holder, ascending. */
export function encodeSeedFile({ header, holder, seeds }: SeedFile): Uint8Array {
  return joinBytes([encodeRedealHeader(header), u8(holder), ...seeds.flatMap((own) => own.seeds)])
}

/** Throws FormatError: FHE-TYPE, FHE-FIELD, FHE-TRUNCATED, FHE-TRAILING and those of `checkQuorum`; no seed stays behind. */
export function parseSeedFile(bytes: Uint8Array): SeedFile {
  const reader = byteReader(bytes)
  const header = readRedealHeader(reader)
  const holder = reader.u8('holder')
  if (holder < 1 || holder > header.n) throw new FormatError('FHE-FIELD', `holder: ${holder}`)
  const seeds: SetSeeds[] = []
  try {
    for (const set of setsWithout(header, holder))
      seeds.push({ set, seeds: [reader.take(SEED_BYTES, 'seed')] })
    reader.end()
    return { header, holder, seeds }
  } catch (error) {
    forgetSeeds(seeds)
    throw error
  }
}

/**
 * Whether a file of `size` bytes that begins with these, and with the magic of both, has a seed file's length: the two
 * never coincide.
 */
export function isSeedFile(bytes: Uint8Array, size: number = bytes.length): boolean {
  const header = readRedealHeader(byteReader(bytes))
  return size === 108 + 1 + SEED_BYTES * binomial(header.n - 1, header.t - 1)
}

/** The first field in which two re-dealings of one run differ, or null: all but the dealer must agree. */
export function mixedRun(a: RedealHeader, b: RedealHeader): string | null {
  if (a.domain !== b.domain) return 'domain'
  if (!equalBytes(a.keyId, b.keyId)) return 'key'
  if (!equalBytes(a.epochId, b.epochId)) return 'epoch'
  if (!equalBytes(a.planHash, b.planHash)) return 'plan'
  return a.t === b.t && a.n === b.n ? null : 'quorum'
}
