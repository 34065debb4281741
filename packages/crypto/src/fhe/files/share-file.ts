import { concatBytes, equalBytes, joinBytes, wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { sha256 } from '../../hash.ts'
import { u16, u32 } from '../../sharing/little-endian.ts'
import { setsWithout } from '../../sharing/quorum.ts'
import { forgetSeeds, SEED_BYTES, type SetSeeds } from '../../sharing/seeds.ts'
import { byteReader } from './byte-reader.ts'
import { encodeHeader, type FileHeader, readHeader } from './file-header.ts'

export const SHARE_MAGIC = 'lux-shr1'

/** Blocks left for one holder over the key's whole life; `at64` is 0 where mode F is refused. */
export type Budgets = { readonly at64: number; readonly at128: number }

/** A holder's share: secret. */
export type Share = {
  readonly header: FileHeader
  /** 32 zero bytes in a bare rehearsal. */
  readonly policyHash: Uint8Array
  readonly budgets: Budgets
  /** By ascending set without the holder. */
  readonly seeds: readonly SetSeeds[]
}

/** Overwrites the seeds of a parsed share. */
export function forgetShare({ seeds }: Share): void {
  forgetSeeds(seeds)
}

/** Header, policy hash, budgets, count, seeds, SHA-256 of all before. */
export function encodeShare({ header, policyHash, budgets, seeds }: Share): Uint8Array {
  const body = joinBytes([
    encodeHeader(SHARE_MAGIC, header),
    policyHash,
    u32(budgets.at64),
    u32(budgets.at128),
    u16(seeds.length),
    ...seeds.flatMap((set) => set.seeds),
  ])
  const share = concatBytes(body, sha256(body))
  wipe(body)
  return share
}

/** Throws FormatError: those of the header, FHE-TRUNCATED, FHE-TRAILING, FHE-SEED-SETS, FHE-DIGEST; no seed stays behind. */
export function parseShare(bytes: Uint8Array): Share {
  const reader = byteReader(bytes)
  const header = readHeader(reader, SHARE_MAGIC)
  if (header.holder === 0) throw new FormatError('FHE-FIELD', 'holder: 0 has no share')
  const policyHash = reader.take(32, 'policy hash')
  const budgets = { at64: reader.u32('budget at 64 bits'), at128: reader.u32('budget at 128 bits') }
  const sets = setsWithout(header, header.holder)
  if (reader.u16('set count') !== sets.length) {
    throw new FormatError(
      'FHE-SEED-SETS',
      `not the ${sets.length} sets of a holder at (${header.t},${header.n})`,
    )
  }
  const seeds: SetSeeds[] = []
  try {
    for (const set of sets) {
      const own: Uint8Array[] = []
      seeds.push({ set, seeds: own })
      while (own.length < header.d) own.push(reader.take(SEED_BYTES, 'seed'))
    }
    const end = reader.offset
    const digest = reader.take(32, 'digest')
    reader.end()
    if (!equalBytes(digest, sha256(bytes.subarray(0, end)))) {
      throw new FormatError('FHE-DIGEST', 'the share was changed or cut: its digest differs')
    }
    return { header, policyHash, budgets, seeds }
  } catch (error) {
    forgetSeeds(seeds)
    throw error
  }
}
