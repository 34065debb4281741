import { concatBytes, equalBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { binomial } from '../sharing/quorum.ts'
import { KEY_WORDS } from '../sharing/seeds.ts'
import { byteReader } from './byte-reader.ts'
import { encodeHeader, type FileHeader, readHeader } from './file-header.ts'
import { type EpochContent, epochIdOf } from './identifiers.ts'

export const PUBLIC_MAGIC = 'lux-pub1'
const PUB64_BYTES = KEY_WORDS[64] * 8
const PUB128_BYTES = KEY_WORDS[128] * 16

/** The public half of a sharing: corrections, commitments and the roster's digest. */
export type PublicFile = EpochContent & { readonly header: FileHeader }

/** Header (holder 0), roster digest, pub64, pub128 (empty without a squash key), commitments. */
export function encodePublic({ header, rosterDigest, pub64, pub128, commitments }: PublicFile): Uint8Array {
  return concatBytes(encodeHeader(PUBLIC_MAGIC, header), rosterDigest, pub64, pub128, ...commitments)
}

/** Throws FormatError: those of the header, FHE-LENGTH, FHE-EPOCH when the content is not that of its epochId. */
export function parsePublic(bytes: Uint8Array): PublicFile {
  const reader = byteReader(bytes)
  const header = readHeader(reader, PUBLIC_MAGIC)
  if (header.holder !== 0) throw new FormatError('FHE-FIELD', 'holder: not 0 in a public file')
  const rosterDigest = reader.take(32, 'roster digest')
  const count = binomial(header.n, header.t - 1) * header.d
  const corrections = reader.left - 32 * count
  if (corrections !== PUB64_BYTES && corrections !== PUB64_BYTES + PUB128_BYTES) {
    throw new FormatError(
      'FHE-LENGTH',
      `${bytes.length} bytes, not those of a public file with ${count} commitments`,
    )
  }
  const pub64 = reader.take(PUB64_BYTES, 'correction')
  const pub128 = reader.take(corrections - PUB64_BYTES, 'correction')
  const commitments = Array.from({ length: count }, () => reader.take(32, 'commitment'))
  reader.end()
  const content = { rosterDigest, pub64, pub128, commitments }
  if (!equalBytes(epochIdOf(header, content), header.epochId)) {
    throw new FormatError('FHE-EPOCH', 'the content is not that of the epoch it names')
  }
  return { header, ...content }
}
