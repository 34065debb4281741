import { concatBytes, equalBytes, utf8 } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { u8, u16, u32 } from '../../sharing/little-endian.ts'
import { checkQuorum, dealersOf, MAX_HOLDERS } from '../../sharing/quorum.ts'
import type { ByteReader } from './byte-reader.ts'
import { DOMAIN_CODE, type Epoch } from './identifiers.ts'

export type FileHeader = Epoch & {
  readonly epochId: Uint8Array
  /** 1 to n, 0 in a public file. */
  readonly holder: number
}

/** Magic, domain, keyId, epochId, epoch, t, n, holder, d, dealer mask: 83 bytes. */
export function encodeHeader(magic: string, header: FileHeader): Uint8Array {
  return concatBytes(
    utf8(magic),
    u8(DOMAIN_CODE[header.domain]),
    header.keyId,
    header.epochId,
    u32(header.epoch),
    u8(header.t),
    u8(header.n),
    u8(header.holder),
    u8(header.d),
    u16(header.dealerMask),
  )
}

/** Throws FormatError FHE-TYPE, FHE-FIELD, FHE-TRUNCATED or the rules of `checkQuorum`. */
export function readHeader(reader: ByteReader, magic: string): FileHeader {
  if (reader.left < 8 || !equalBytes(reader.take(8, 'magic'), utf8(magic))) {
    throw new FormatError('FHE-TYPE', `not a ${magic} file`)
  }
  const domainCode = reader.u8('domain')
  if (domainCode > 1) throw new FormatError('FHE-FIELD', `domain: ${domainCode}`)
  const keyId = reader.take(32, 'key id')
  const epochId = reader.take(32, 'epoch id')
  const epoch = reader.u32('epoch')
  const t = reader.u8('t')
  const n = reader.u8('n')
  const holder = reader.u8('holder')
  const d = reader.u8('d')
  const dealerMask = reader.u16('dealer mask')
  const quorum = checkQuorum({ t, n })
  if (!quorum.ok) throw new FormatError(quorum.rule, quorum.detail)
  if (holder > n) throw new FormatError('FHE-FIELD', `holder: ${holder} of ${n}`)
  if (dealersOf(dealerMask).length !== d)
    throw new FormatError('FHE-FIELD', `dealers: ${d}, the mask has others`)
  if ((dealerMask & 0x8000) !== 0) throw new FormatError('FHE-FIELD', 'dealers: 16 is no holder')
  if (d === 1 && dealerMask !== 0) throw new FormatError('FHE-FIELD', 'dealers: one dealer has the mask 0')
  if (d > MAX_HOLDERS) throw new FormatError('FHE-FIELD', `dealers: ${d}`)
  const domain = domainCode === DOMAIN_CODE.production ? 'production' : 'rehearsal'
  return { domain, keyId, epochId, epoch, t, n, holder, d, dealerMask }
}

/** The name of the first field in which two files are not of the same sharing, or null. */
export function mixedField(a: FileHeader, b: FileHeader): string | null {
  for (const field of ['domain', 'epoch', 't', 'n', 'd', 'dealerMask'] as const)
    if (a[field] !== b[field]) return field
  if (!equalBytes(a.keyId, b.keyId)) return 'keyId'
  return equalBytes(a.epochId, b.epochId) ? null : 'epochId'
}
