import { equalBytes, joinBytes } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { binomial } from '../../sharing/quorum.ts'
import { KEY_WORDS } from '../../sharing/seeds.ts'
import { byteReader } from './byte-reader.ts'
import { encodeHeader, type FileHeader, readHeader } from './file-header.ts'
import { type EpochContent, epochIdOf } from './identifiers.ts'

export const PUBLIC_MAGIC = 'lux-pub1'
const PUB64_BYTES = KEY_WORDS[64] * 8
const PUB128_BYTES = KEY_WORDS[128] * 16
/** Most words of a binary key, 8 bytes each; its own key and the ring key in one vector. */
const MAX_BINARY_BYTES = 65_536

/** The public half of a sharing: corrections, commitments and the roster's digest. */
export type PublicFile = EpochContent & { readonly header: FileHeader }

/** Header (holder 0), roster digest, pub64, pub128 (empty without a squash key), commitments. */
export function encodePublic({ header, rosterDigest, pub64, pub128, commitments }: PublicFile): Uint8Array {
  return joinBytes([encodeHeader(PUBLIC_MAGIC, header), rosterDigest, pub64, pub128, ...commitments])
}

/** Throws FormatError: those of the header, FHE-LENGTH, FHE-EPOCH when the content is not that of its epochId. */
export function parsePublic(bytes: Uint8Array): PublicFile {
  const reader = byteReader(bytes)
  const header = readHeader(reader, PUBLIC_MAGIC)
  if (header.holder !== 0) throw new FormatError('FHE-FIELD', 'holder: not 0 in a public file')
  const rosterDigest = reader.take(32, 'roster digest')
  const count = binomial(header.n, header.t - 1) * header.d
  const { at64, at128 } = splitCorrections(reader.left - 32 * count, count)
  const pub64 = reader.take(at64, 'correction')
  const pub128 = reader.take(at128, 'correction')
  const commitments = Array.from({ length: count }, () => reader.take(32, 'commitment'))
  reader.end()
  const content = { rosterDigest, pub64, pub128, commitments }
  if (!equalBytes(epochIdOf(header, content), header.epochId)) {
    throw new FormatError('FHE-EPOCH', 'the content is not that of the epoch it names')
  }
  return { header, ...content }
}

/**
 * Bytes of both corrections from their sum: an integer key's with or without a squash key, else the words of a binary
 * key. Throws FormatError FHE-LENGTH.
 */
export function splitCorrections(total: number, commitments: number): { at64: number; at128: number } {
  if (total === PUB64_BYTES + PUB128_BYTES) return { at64: PUB64_BYTES, at128: PUB128_BYTES }
  if (total < 8 || total > MAX_BINARY_BYTES || total % 8 !== 0) {
    throw new FormatError('FHE-LENGTH', `${total} bytes of corrections beside ${commitments} commitments`)
  }
  return { at64: total, at128: 0 }
}

/** Whether a sharing is of tfhe's integer key: its ciphertexts can be decrypted in part. */
export function isIntegerKey({ pub64 }: Pick<PublicFile, 'pub64'>): boolean {
  return pub64.length === PUB64_BYTES
}
