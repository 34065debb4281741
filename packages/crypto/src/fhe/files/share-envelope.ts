import { concatBytes, equalBytes, utf8, wipe } from '../../bytes.ts'
import { encodeCanonical, type Json, parseCanonical } from '../../canonical-json.ts'
import { FormatError } from '../../format-error.ts'
import { sha256Hex } from '../../hash.ts'
import { toHex } from '../../hex.ts'
import { u32 } from '../../sharing/little-endian.ts'
import { type Authorities, mustFit, readAuthorities } from './authorities.ts'
import { byteReader } from './byte-reader.ts'
import { commitmentsDigest } from './identifiers.ts'
import { type PublicFile, parsePublic } from './public-file.ts'
import { forgetShare, parseShare, type Share } from './share-file.ts'

const MAGIC = 'lux-env1'
const MAX_HEADER = 1 << 20
/**
 * More bytes than any share has. A share has C(n-1, t-1) sets of d seeds, where d is the quorum of the epoch before, at most 15. The largest is of
 * (8,15) from a quorum of 15: 1.65 MB.
 */
export const MAX_SHARE = 2 << 20

/** The plaintext of a share envelope: a header that says what the share is for, bound to the share's bytes. */
export type ShareEnvelope = {
  /** 16 bytes in hex. */
  readonly ceremonyId: string
  readonly name: string
  readonly authorities: Authorities
  readonly share: Share
  readonly shareBytes: Uint8Array
  /** Hex digests of the public file and its commitments, which the holder fetches in the open. */
  readonly publicDigest: string
  readonly commitmentsDigest: string
}

/** Overwrites the share inside an opened envelope. */
export function forgetEnvelope({ share, shareBytes }: ShareEnvelope): void {
  forgetShare(share)
  wipe(shareBytes)
}

/** `lux-env1`, u32 length, header (RFC 8785), share. Throws RangeError: a share of another public file, more than 64 of some people. */
export function encodeShareEnvelope(input: {
  ceremonyId: string
  name: string
  authorities: Authorities
  share: Uint8Array
  pub: Uint8Array
}): Uint8Array {
  if (!/^[0-9a-f]{32}$/.test(input.ceremonyId)) throw new RangeError('ceremonyId: expected 16 bytes in hex')
  const share = parseShare(input.share)
  // The header says nothing of the seeds.
  forgetShare(share)
  const pub = parsePublic(input.pub)
  if (!equalBytes(share.header.epochId, pub.header.epochId))
    throw new RangeError('share: of another public file')
  return encodeEnvelope({
    ceremonyId: input.ceremonyId,
    name: input.name,
    authorities: input.authorities,
    share,
    shareBytes: input.share,
    publicDigest: sha256Hex(input.pub),
    commitmentsDigest: digestOf(pub),
  })
}

/** The same of an opened envelope; `share` gives what the header says of it, which no seed is part of. */
export function encodeEnvelope(envelope: ShareEnvelope): Uint8Array {
  mustFit(envelope.authorities)
  const { shareBytes, commitmentsDigest: commitments } = envelope
  const header = encodeCanonical(headerOf({ ...envelope, shareDigest: sha256Hex(shareBytes), commitments }))
  return concatBytes(utf8(MAGIC), u32(header.length), header, shareBytes)
}

/**
 * Strict parser. The header must say exactly what the share says. Throws FormatError: FHE-TYPE, FHE-LENGTH,
 * FHE-ENVELOPE-HEADER, FHE-AUTHORITIES, the rules of canonical JSON and of `parseShare`.
 */
export function parseShareEnvelope(bytes: Uint8Array): ShareEnvelope {
  if (bytes.length > 12 + MAX_HEADER + MAX_SHARE)
    throw new FormatError('FHE-LENGTH', 'the envelope is too long')
  const reader = byteReader(bytes)
  if (reader.left < 8 || !equalBytes(reader.take(8, 'magic'), utf8(MAGIC))) {
    throw new FormatError('FHE-TYPE', 'not a share envelope')
  }
  const length = reader.u32('header length')
  if (length > MAX_HEADER) throw new FormatError('FHE-LENGTH', 'the header is too long')
  const headerBytes = reader.take(length, 'header')
  const header = parseCanonical(headerBytes, { maxBytes: MAX_HEADER })
  const shareBytes = reader.take(reader.left, 'share')
  let share: Share | null = null
  let kept = false
  try {
    share = parseShare(shareBytes)
    const envelope = ofHeader(header, headerBytes, share, shareBytes)
    kept = true
    return envelope
  } finally {
    if (!kept) wipe(shareBytes)
    if (!kept && share !== null) forgetShare(share)
  }
}

function ofHeader(
  header: Json,
  headerBytes: Uint8Array,
  share: Share,
  shareBytes: Uint8Array,
): ShareEnvelope {
  const text = (name: string, pattern: RegExp): string => {
    const value = member(header, name)
    if (typeof value !== 'string' || !pattern.test(value)) {
      throw new FormatError('FHE-ENVELOPE-HEADER', `${name}: missing or malformed`)
    }
    return value
  }
  const parsed = {
    ceremonyId: text('ceremony', /^[0-9a-f]{32}$/),
    name: text('name', /^.{0,200}$/u),
    authorities: readAuthorities(member(header, 'authorities')),
    share,
    publicDigest: text('public', /^[0-9a-f]{64}$/),
    commitmentsDigest: text('commitments', /^[0-9a-f]{64}$/),
  }
  const expected = headerOf({
    ...parsed,
    shareDigest: sha256Hex(shareBytes),
    commitments: parsed.commitmentsDigest,
  })
  if (!equalBytes(encodeCanonical(expected), headerBytes)) {
    throw new FormatError('FHE-ENVELOPE-HEADER', 'the header is not that of the share beside it')
  }
  return { ...parsed, shareBytes }
}

function headerOf(content: {
  ceremonyId: string
  name: string
  authorities: Authorities
  share: Share
  shareDigest: string
  publicDigest: string
  commitments: string
}): Json {
  const { header, policyHash, budgets } = content.share
  return {
    v: 1,
    kind: 'share-envelope',
    ceremony: content.ceremonyId,
    domain: header.domain,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    epoch: header.epoch,
    holder: header.holder,
    name: content.name,
    t: header.t,
    n: header.n,
    policy: toHex(policyHash),
    budget: { at64: budgets.at64, at128: budgets.at128 },
    authorities: { ...content.authorities },
    commitments: content.commitments,
    public: content.publicDigest,
    share: content.shareDigest,
  }
}

function digestOf(pub: PublicFile): string {
  return toHex(commitmentsDigest(pub.commitments))
}

function member(value: Json, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}
