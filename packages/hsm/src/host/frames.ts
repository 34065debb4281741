/**
 * Calls and answers as bytes: u32le length of the JSON || u32le length of the bytes || JSON || bytes. A byte array stands in
 * the JSON as {"$": [offset, length]}. Every mention of an array is copied: two calls that were given the same array do not
 * share it in the other process, where it is wiped after the first. Half the cost of the structured clone, too.
 */

const headBytes = 8
/** More than any argument or answer of a token; a host that sends more is not ours any more. */
const maxFrameBytes = 64 << 20

type Place = { readonly $: readonly [offset: number, length: number] | null }

/** One frame. Throws RangeError for what cannot cross: functions, bigints, and more than 64 MiB. */
export function encodeFrame(value: unknown): Buffer {
  const parts: Uint8Array[] = []
  let size = 0
  const plain = (one: unknown): unknown => {
    if (one === undefined) return { $: null }
    if (typeof one === 'function' || typeof one === 'bigint' || typeof one === 'symbol')
      throw new RangeError(`a ${typeof one} cannot be given to the token host`)
    if (typeof one !== 'object' || one === null) return one
    if (one instanceof Uint8Array) {
      const place: Place = { $: [size, one.length] }
      parts.push(one)
      size += one.length
      return place
    }
    if (Array.isArray(one)) return one.map(plain)
    const copy: Record<string, unknown> = {}
    for (const [name, inner] of Object.entries(one)) if (inner !== undefined) copy[name] = plain(inner)
    return copy
  }
  const json = JSON.stringify(plain(value))
  const length = Buffer.byteLength(json)
  if (length + size > maxFrameBytes)
    throw new RangeError('more than 64 MiB cannot be given to the token host')
  const frame = Buffer.allocUnsafe(headBytes + length + size)
  frame.writeUInt32LE(length, 0)
  frame.writeUInt32LE(size, 4)
  frame.write(json, headBytes, 'utf8')
  let at = headBytes + length
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}

/**
 * Frames out of a stream, whatever pieces it comes in. `lent`: arrays are places in the stream's memory, and whoever gets
 * them wipes them; `copied`: they are the receiver's own, and what came is wiped here.
 */
export class FrameReader {
  readonly #arrays: 'lent' | 'copied'
  #rest: Buffer[] = []
  #have = 0
  #wanted = headBytes

  constructor(arrays: 'lent' | 'copied') {
    this.#arrays = arrays
  }

  /** Nothing of a frame is waiting for its end. */
  get between(): boolean {
    return this.#have === 0
  }

  /** The frames that are whole now, in order. Throws RangeError for what is no frame; no more is to be read then. */
  push(piece: Buffer): unknown[] {
    this.#rest.push(piece)
    this.#have += piece.length
    if (this.#have < this.#wanted) return []
    const bytes = joinedFrames(this.#rest)
    const values: unknown[] = []
    let at = 0
    this.#wanted = headBytes
    while (bytes.length - at >= headBytes) {
      const json = bytes.readUInt32LE(at)
      const size = bytes.readUInt32LE(at + 4)
      if (json + size > maxFrameBytes) throw new RangeError('frame: more than 64 MiB')
      const start = at + headBytes + json
      if (start + size > bytes.length) {
        this.#wanted = headBytes + json + size
        break
      }
      const given = bytes.subarray(start, start + size)
      values.push(filled(parsed(bytes.toString('utf8', at + headBytes, start)), given, this.#arrays))
      at = start + size
    }
    // What is kept is a copy: whoever was lent arrays of this piece may wipe them, and this piece is wiped here.
    this.#rest = at < bytes.length ? [Buffer.from(bytes.subarray(at))] : []
    this.#have = bytes.length - at
    bytes.fill(0, this.#arrays === 'copied' ? 0 : at)
    return values
  }
}

/** One after another; what they are made of is wiped. */
export function joinedFrames(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  if (pieces.length === 1 && only) return only
  const bytes = Buffer.concat(pieces)
  for (const piece of pieces) piece.fill(0)
  return bytes
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new RangeError('frame: no JSON')
  }
}

function filled(value: unknown, bytes: Buffer, arrays: 'lent' | 'copied'): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) value[index] = filled(inner, bytes, arrays)
    return value
  }
  if ('$' in value) return taken(value, bytes, arrays)
  // An object that JSON.parse made: a record of names.
  const record = value as Record<string, unknown>
  for (const name of Object.keys(record)) {
    const inner = record[name]
    if (name === '__proto__') throw new RangeError('frame: names __proto__')
    if (typeof inner === 'object' && inner !== null) record[name] = filled(inner, bytes, arrays)
  }
  return value
}

function taken({ $ }: { $: unknown }, bytes: Buffer, arrays: 'lent' | 'copied'): Uint8Array | undefined {
  if ($ === null) return undefined
  const [offset, length] = Array.isArray($) ? $ : []
  const end = offset + length
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    end > bytes.length
  )
    throw new RangeError('frame: bytes outside of it')
  if (arrays === 'lent') return bytes.subarray(offset, end)
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(offset, end))
  return copy
}
