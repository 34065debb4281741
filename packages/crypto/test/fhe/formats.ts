import {
  encodeBinaryKey,
  encodeCarried,
  encodeCorrection,
  encodeEnvelope,
  encodePartial,
  encodePublic,
  encodeSeedFile,
  encodeShare,
  inspect,
  parseBinaryKey,
  parseCarried,
  parseCiphertext,
  parseClientKey,
  parseCompactPublicKey,
  parseCorrection,
  parsePartial,
  parseProvenance,
  parseProvenList,
  parsePublic,
  parseSeedFile,
  parseShare,
  parseShareEnvelope,
  readCiphertext,
} from '../../src/fhe/index.ts'
import { FormatError } from '../../src/format-error.ts'
import { encodeDocument, parseDocument } from '../../src/sign/document.ts'

type Format = (bytes: Uint8Array) => Uint8Array | null

/** Parsers of formats that have an encoder: what parses encodes to the very same bytes. */
export const encoded: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'binary-key': (bytes) => encodeBinaryKey(parseBinaryKey(bytes).words),
  carried: (bytes) => encodeCarried(parseCarried(bytes)),
  share: (bytes) => encodeShare(parseShare(bytes)),
  public: (bytes) => encodePublic(parsePublic(bytes)),
  partial: (bytes) => {
    const { payload, signatures } = parsePartial(bytes)
    return encodePartial(payload, signatures)
  },
  correction: (bytes) => encodeCorrection(parseCorrection(bytes)),
  seeds: (bytes) => encodeSeedFile(parseSeedFile(bytes)),
  envelope: (bytes) => encodeEnvelope(parseShareEnvelope(bytes)),
  provenance: (bytes) => {
    // Its members in their plain form, as JSON has them.
    const payload = JSON.parse(JSON.stringify(parseProvenance(bytes)))
    return encodeDocument({ ...parseDocument(bytes, { maxBytes: 1 << 20 }), payload })
  },
}

/** Parsers of tfhe's own files, which we never write whole, and `inspect`: they accept or refuse, and no more is claimed. */
export const accepted: Readonly<Record<string, (bytes: Uint8Array) => null>> = {
  'client-key': (bytes) => nothing(parseClientKey(bytes)),
  'compact-public-key': (bytes) => nothing(parseCompactPublicKey(bytes)),
  ciphertext: (bytes) => nothing(parseCiphertext(bytes)),
  'any-ciphertext': (bytes) => nothing(readCiphertext(bytes)),
  'proven-list': (bytes) => nothing(parseProvenList(bytes)),
  inspect: (bytes) => nothing(inspect(bytes)),
}

/** Every parser of bytes from outside. */
export const formats: Readonly<Record<string, Format>> = { ...encoded, ...accepted }

function nothing(_: unknown): null {
  return null
}

/** The rule that refuses the bytes, or 'taken'; anything but a FormatError, or another encoding, throws. */
export function verdictOf(format: string, bytes: Uint8Array): string {
  const parse = formats[format]
  if (!parse) throw new Error(`no format ${format}`)
  let again: Uint8Array | null
  try {
    again = parse(bytes)
  } catch (error) {
    if (error instanceof FormatError) return error.rule
    throw error
  }
  if (again && !Buffer.from(again).equals(bytes)) throw new Error(`${format}: taken, and encoded otherwise`)
  return 'taken'
}
