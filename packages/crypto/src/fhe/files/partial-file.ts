import { concatBytes, equalBytes, joinBytes } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { floodExponent } from '../../sharing/flooding.ts'
import type { RingElement, Width } from '../../sharing/galois-ring.ts'
import { PACKED_BLOCKS } from '../../sharing/kernel.ts'
import { bigToBytes, bytesToBig, u8, u16, u32 } from '../../sharing/little-endian.ts'
import { byteReader } from './byte-reader.ts'
import { MAX_BLOCKS } from './ciphertext.ts'
import { encodeHeader, type FileHeader, mixedField, readHeader } from './file-header.ts'

export const PARTIAL_MAGIC = 'lux-prt1'
/** What one answer, and so one request, may hold. */
export const MAX_CIPHERTEXTS = 10_000
const ED25519_BYTES = 64
const ML_DSA_BYTES = 3309

type PartialAnswer = {
  readonly ciphertextDigest: Uint8Array
  readonly blockCount: number
  readonly elements: readonly RingElement[]
}

/** One holder's answer to one request. */
export type PartialContent = {
  readonly header: FileHeader
  readonly width: Width
  /** log2 of the flooding amplitude. */
  readonly k: number
  /** SHA-256 of the canonical request; zeros in a bare rehearsal. */
  readonly requestDigest: Uint8Array
  readonly answers: readonly PartialAnswer[]
}

/** Both empty in a bare rehearsal, else Ed25519 and ML-DSA-65 of the holder. */
type PartialSignatures = { readonly ed25519: Uint8Array; readonly mlDsa65: Uint8Array }

export type PartialFile = PartialContent & {
  /** The bytes both signatures cover. */
  readonly payload: Uint8Array
  readonly signatures: PartialSignatures
}

/** What the holder signs, context `lux-fhe/v1/partial`. */
export function encodePartialPayload({
  header,
  width,
  k,
  requestDigest,
  answers,
}: PartialContent): Uint8Array {
  return joinBytes([
    encodeHeader(PARTIAL_MAGIC, header),
    u8(width),
    u8(k),
    requestDigest,
    u16(answers.length),
    // Each is joined by itself: a full batch has 1.4 million coefficients.
    ...answers.map((answer) => encodeAnswer(answer, width)),
  ])
}

function encodeAnswer({ ciphertextDigest, blockCount, elements }: PartialAnswer, width: Width): Uint8Array {
  const coefficients = elements.flatMap((element) => element.map((c) => bigToBytes(c, width / 8)))
  return joinBytes([ciphertextDigest, u32(blockCount), ...coefficients])
}

/** Payload, u16 length and Ed25519, u16 length and ML-DSA-65. */
export function encodePartial(payload: Uint8Array, signatures: PartialSignatures): Uint8Array {
  const { ed25519, mlDsa65 } = signatures
  return concatBytes(payload, u16(ed25519.length), ed25519, u16(mlDsa65.length), mlDsa65)
}

/**
 * Throws FormatError: those of the header, FHE-FIELD, FHE-TRUNCATED, FHE-TRAILING, FHE-FLOOD-EXPONENT when k is not
 * the one for (K,t,n), FHE-UNSIGNED a production answer without signatures. Signatures are not verified here.
 */
export function parsePartial(bytes: Uint8Array): PartialFile {
  const reader = byteReader(bytes)
  const header = readHeader(reader, PARTIAL_MAGIC)
  if (header.holder === 0) throw new FormatError('FHE-FIELD', 'holder: 0 answers nothing')
  const widthCode = reader.u8('width')
  if (widthCode !== 64 && widthCode !== 128) throw new FormatError('FHE-FIELD', `width: ${widthCode}`)
  const width: Width = widthCode
  const k = reader.u8('flood exponent')
  if (k !== floodExponent(header, width)) {
    throw new FormatError(
      'FHE-FLOOD-EXPONENT',
      `${k} is not the one for (${header.t},${header.n}) at ${width} bits`,
    )
  }
  const requestDigest = reader.take(32, 'request digest')
  const count = reader.u16('ciphertext count')
  if (count === 0 || count > MAX_CIPHERTEXTS) throw new FormatError('FHE-FIELD', `ciphertext count: ${count}`)
  const answers = Array.from({ length: count }, () => {
    const ciphertextDigest = reader.take(32, 'ciphertext digest')
    const blockCount = reader.u32('block count')
    if (blockCount === 0 || blockCount > MAX_BLOCKS)
      throw new FormatError('FHE-FIELD', `block count: ${blockCount}`)
    const elements = Array.from({ length: Math.ceil(blockCount / PACKED_BLOCKS) }, (): RingElement => {
      const c = () => bytesToBig(reader.take(width / 8, 'coefficient'))
      return [c(), c(), c(), c()]
    })
    return { ciphertextDigest, blockCount, elements }
  })
  const payload = Uint8Array.prototype.slice.call(bytes, 0, reader.offset)
  const ed25519 = reader.take(signatureLength(reader.u16('signature length'), ED25519_BYTES), 'signature')
  const mlDsa65 = reader.take(signatureLength(reader.u16('signature length'), ML_DSA_BYTES), 'signature')
  reader.end()
  if (header.domain === 'production' && (ed25519.length === 0 || mlDsa65.length === 0)) {
    throw new FormatError('FHE-UNSIGNED', 'a production answer is signed by both keys of its holder')
  }
  return { header, width, k, requestDigest, answers, payload, signatures: { ed25519, mlDsa65 } }
}

function signatureLength(seen: number, expected: number): number {
  if (seen !== 0 && seen !== expected) throw new FormatError('FHE-FIELD', `signature length: ${seen}`)
  return seen
}

/**
 * In what two answers differ that belong to one request over the same blocks, or null: every field but holder and
 * elements.
 */
export function mixedPartial(a: PartialContent, b: PartialContent): string | null {
  const field = mixedField(a.header, b.header)
  if (field !== null) return field
  for (const own of ['width', 'k'] as const) if (a[own] !== b[own]) return own
  if (!equalBytes(a.requestDigest, b.requestDigest)) return 'request'
  const same =
    a.answers.length === b.answers.length &&
    a.answers.every(({ ciphertextDigest, blockCount }, i) => {
      const other = b.answers[i]
      return other?.blockCount === blockCount && equalBytes(other.ciphertextDigest, ciphertextDigest)
    })
  return same ? null : 'ciphertexts'
}
