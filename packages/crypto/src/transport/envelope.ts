import { fromBase64Url, toBase64Url } from '../base64.ts'
import { concatBytes, equalBytes, u32be, utf8 } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { sha256 } from '../hash.ts'
import { accept, type Outcome, type Refusal, refuse } from '../outcome.ts'
import { type PayloadType, payloadTypeOf, payloadTypes } from './payload-types.ts'

const MAGIC = utf8('lux-env1')
const TEXT_PREFIX = 'lux-env1:'
const TYPE_AT = MAGIC.length
const LENGTH_AT = TYPE_AT + 1
const PAYLOAD_AT = LENGTH_AT + 4
const DIGEST_BYTES = 32

/** What an envelope adds to its payload. */
export const ENVELOPE_OVERHEAD = PAYLOAD_AT + DIGEST_BYTES
/** A payload that may go as pasted text. */
export const MAX_TEXT_PAYLOAD = 16 * 1024
/** White space included, which mail programs put in. */
const MAX_TEXT = 32 * 1024

/** A payload with its type. `payload` is a view into the bytes that were opened. */
export type Carried = { readonly type: PayloadType; readonly payload: Uint8Array }

/** "lux-env1" || type || u32be(length) || payload || SHA-256 of all of it, SPEC.md 11.1. The same bytes go as a file, as text and by QR. */
export function makeEnvelope({ type, payload }: Carried): Uint8Array {
  const content = concatBytes(MAGIC, new Uint8Array([payloadTypes[type]]), u32be(payload.length), payload)
  return concatBytes(content, sha256(content))
}

/** The digest that an envelope ends with. */
export function digestOf(envelope: Uint8Array): Uint8Array {
  return envelope.subarray(envelope.length - DIGEST_BYTES)
}

/**
 * What an envelope carries. Refuses TRANSFER-FOREIGN (no envelope), TRANSFER-VERSION, TRANSFER-LENGTH, TRANSFER-DAMAGED (its digest does
 * not fit) and TRANSFER-TYPE: an unknown type, or none of `expected`, which the detail names.
 */
export function openEnvelope(bytes: Uint8Array, expected: readonly PayloadType[]): Outcome<Carried> {
  const family = MAGIC.length - 1
  if (!equalBytes(bytes.subarray(0, family), MAGIC.subarray(0, family)))
    return refuse('TRANSFER-FOREIGN', 'it does not begin as an envelope does')
  if (bytes[family] !== MAGIC[family])
    return refuse('TRANSFER-VERSION', 'an envelope of a version other than 1')
  const length = bytes.length - ENVELOPE_OVERHEAD
  if (length < 0 || !equalBytes(bytes.subarray(LENGTH_AT, PAYLOAD_AT), u32be(length)))
    return refuse('TRANSFER-LENGTH', `${bytes.length} bytes are not what the envelope states`)
  const content = bytes.subarray(0, bytes.length - DIGEST_BYTES)
  if (!equalBytes(sha256(content), digestOf(bytes)))
    return refuse('TRANSFER-DAMAGED', 'the bytes do not have the digest that the envelope states')
  const type = admitType(bytes[TYPE_AT] ?? 0, expected)
  return type.ok ? accept({ type: type.value, payload: content.subarray(PAYLOAD_AT) }) : type
}

/** The type of a number, if it is one that is expected. */
export function admitType(code: number, expected: readonly PayloadType[]): Outcome<PayloadType> {
  const type = payloadTypeOf(code)
  if (type === null) return refuse('TRANSFER-TYPE', `type ${code}`)
  return expected.includes(type) ? accept(type) : refuse('TRANSFER-TYPE', type)
}

/** An envelope as text to paste: "lux-env1:" and URL-safe base64 of what follows the magic. Refuses TRANSFER-TOO-LARGE. */
export function envelopeText(carried: Carried): Outcome<string> {
  const { length } = carried.payload
  if (length > MAX_TEXT_PAYLOAD) return tooLarge(length, MAX_TEXT_PAYLOAD)
  return accept(TEXT_PREFIX + toBase64Url(makeEnvelope(carried).subarray(MAGIC.length)))
}

/** What a pasted text carries; white space anywhere in it is passed over. Refuses what `openEnvelope` does. */
export function openEnvelopeText(text: string, expected: readonly PayloadType[]): Outcome<Carried> {
  if (text.length > MAX_TEXT)
    return refuse('TRANSFER-LENGTH', `${text.length} characters, more than ${MAX_TEXT}`)
  const whole = text.replaceAll(/[ \t\r\n]/g, '')
  const family = TEXT_PREFIX.slice(0, -2)
  if (!whole.startsWith(family)) return refuse('TRANSFER-FOREIGN', 'it does not begin as an envelope does')
  if (!whole.startsWith(TEXT_PREFIX))
    return refuse('TRANSFER-VERSION', 'an envelope of a version other than 1')
  const bytes = base64Url(whole.slice(TEXT_PREFIX.length))
  if (bytes === null) return refuse('TRANSFER-DAMAGED', 'the text is cut short or changed')
  if (bytes.length > MAX_TEXT_PAYLOAD + ENVELOPE_OVERHEAD - MAGIC.length)
    return refuse('TRANSFER-LENGTH', `${bytes.length} bytes as text`)
  return openEnvelope(concatBytes(MAGIC, bytes), expected)
}

export function tooLarge(length: number, most: number): Refusal {
  return refuse('TRANSFER-TOO-LARGE', `${length} bytes, more than ${most}`)
}

function base64Url(text: string): Uint8Array | null {
  try {
    return fromBase64Url(text)
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}
