import {
  encodeBinaryKey,
  encodeCarried,
  encodeCorrection,
  encodePartial,
  encodePublic,
  encodeSeedFile,
  encodeShare,
  inspect,
  parseBinaryKey,
  parseCarried,
  parseCiphertext,
  parseClientKey,
  parseCorrection,
  parsePartial,
  parseProvenance,
  parsePublic,
  parseSeedFile,
  parseShare,
  parseShareEnvelope,
  readCiphertext,
} from '../../src/fhe/index.ts'
import { FormatError } from '../../src/format-error.ts'

/** Every parser of bytes from outside; where there is an encoder, what parses encodes to the very same bytes. */
export const formats: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | null>> = {
  'client-key': (bytes) => nothing(parseClientKey(bytes)),
  'binary-key': (bytes) => encodeBinaryKey(parseBinaryKey(bytes).words),
  ciphertext: (bytes) => nothing(parseCiphertext(bytes)),
  'any-ciphertext': (bytes) => nothing(readCiphertext(bytes)),
  carried: (bytes) => encodeCarried(parseCarried(bytes)),
  share: (bytes) => encodeShare(parseShare(bytes)),
  public: (bytes) => encodePublic(parsePublic(bytes)),
  partial: (bytes) => {
    const { payload, signatures } = parsePartial(bytes)
    return encodePartial(payload, signatures)
  },
  correction: (bytes) => encodeCorrection(parseCorrection(bytes)),
  seeds: (bytes) => encodeSeedFile(parseSeedFile(bytes)),
  envelope: (bytes) => nothing(parseShareEnvelope(bytes)),
  provenance: (bytes) => nothing(parseProvenance(bytes)),
  inspect: (bytes) => nothing(inspect(bytes)),
}

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
