import { concatBytes, equalBytes, u16be, u32be } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { sha256 } from '../hash.ts'
import { accept, type Outcome, type Refusal, refuse } from '../outcome.ts'
import { fromBase45, toBase45 } from './base45.ts'

// "LX"; version; type; session; length; symbol size; check: SPEC.md 11.2.
const MAGIC = [0x4c, 0x58] as const
const VERSION = 1
const CHECK_AT = 14
export const FRAME_HEADER = 16
/** RFC 6330 FEC payload ID: u8 source block, u24be encoding symbol. */
export const ID_BYTES = 4
/** RFC 6330 Al. Each symbol size is a multiple, and its least value keeps every object in one source block. */
export const SYMBOL_ALIGNMENT = 8
export const MIN_SYMBOL = 64
/** Version 25 at level L. */
const MAX_SYMBOL = 1208
/** An envelope of frames: checked before anything is made of its size. The largest payload with its envelope. */
export const MAX_OBJECT = 512 * 1024 + 45
/**
 * The most source symbols of a transfer, as the smallest profile makes of the largest object. Each frame costs a decoder memory and time, and
 * the frame that completes the count starts the decoding, even a forged one.
 */
export const MAX_SYMBOLS = 1093
/** Far more than a sender makes: repair symbols of the largest object are as many as its source symbols. */
const MAX_SYMBOL_ID = 0xffff
/** Characters of the largest QR code in alphanumeric mode (version 40 at level L), so that a newer frame is still named. */
const MAX_TEXT = 4296

/** What is the same in all frames of one transfer. */
export type FrameHeader = {
  /** Number of a payload type. */
  readonly type: number
  /** First 4 bytes of the envelope's digest. */
  readonly session: Uint8Array
  /** Bytes of the envelope. */
  readonly length: number
  readonly symbolSize: number
}

export type Frame = {
  readonly header: FrameHeader
  /** RFC 6330 encoding symbol ID. */
  readonly symbolId: number
  /** FEC payload ID and symbol, as the erasure code takes them; a view into the frame. */
  readonly packet: Uint8Array
}

/** Source symbols of an object. */
export function symbolsOf({ length, symbolSize }: Pick<FrameHeader, 'length' | 'symbolSize'>): number {
  return Math.ceil(length / symbolSize)
}

/** A frame as the text of a QR code. */
export function frameText({ type, session, length, symbolSize }: FrameHeader, packet: Uint8Array): string {
  const start = concatBytes(
    new Uint8Array([...MAGIC, VERSION, type]),
    session,
    u32be(length),
    u16be(symbolSize),
  )
  return toBase45(concatBytes(start, checkOf(start, packet), packet))
}

/**
 * The frame of a scanned text. Refuses TRANSFER-FOREIGN (none of ours), TRANSFER-VERSION, TRANSFER-TORN (cut short or changed) and
 * TRANSFER-LENGTH (an object too large, or of too many symbols). Costs no more than the largest QR code, whatever the text.
 */
export function parseFrame(text: string): Outcome<Frame> {
  const bytes = text.length > MAX_TEXT ? null : base45(text)
  if (bytes === null || bytes[0] !== MAGIC[0] || bytes[1] !== MAGIC[1])
    return refuse('TRANSFER-FOREIGN', 'a code that is no frame')
  if (bytes[2] !== VERSION) return refuse('TRANSFER-VERSION', `a frame of version ${bytes[2] ?? 'none'}`)
  if (bytes.length < FRAME_HEADER + ID_BYTES) return refuse('TRANSFER-TORN', 'a frame that is cut short')
  const packet = bytes.subarray(FRAME_HEADER)
  if (!equalBytes(bytes.subarray(CHECK_AT, FRAME_HEADER), checkOf(bytes.subarray(0, CHECK_AT), packet)))
    return refuse('TRANSFER-TORN', 'a frame whose check does not fit')
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const header = {
    type: view.getUint8(3),
    session: bytes.slice(4, 8),
    length: view.getUint32(8),
    symbolSize: view.getUint16(12),
  }
  if (packet.length !== ID_BYTES + header.symbolSize)
    return refuse('TRANSFER-TORN', 'a frame with a symbol of another size')
  // The first byte is the source block: no object of ours has a second, and a number of one ends the decoder (its WebAssembly traps).
  const symbolId = view.getUint32(FRAME_HEADER)
  if (symbolId > MAX_SYMBOL_ID) return refuse('TRANSFER-TORN', `a frame with symbol number ${symbolId}`)
  return bounded(header) ?? accept({ header, symbolId, packet })
}

function bounded(header: FrameHeader): Refusal | null {
  const { length, symbolSize } = header
  if (symbolSize % SYMBOL_ALIGNMENT !== 0 || symbolSize < MIN_SYMBOL || symbolSize > MAX_SYMBOL)
    return refuse('TRANSFER-LENGTH', `symbols of ${symbolSize} bytes`)
  if (length === 0 || length > MAX_OBJECT) return refuse('TRANSFER-LENGTH', `${length} bytes`)
  const symbols = symbolsOf(header)
  return symbols > MAX_SYMBOLS ? refuse('TRANSFER-LENGTH', `${symbols} symbols`) : null
}

function checkOf(start: Uint8Array, packet: Uint8Array): Uint8Array {
  return sha256(start, packet).subarray(0, 2)
}

function base45(text: string): Uint8Array | null {
  try {
    return fromBase45(text, MAX_TEXT)
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}
