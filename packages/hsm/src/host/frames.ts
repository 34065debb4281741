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
  const frame = Buffer.allocUnsafeSlow(headBytes + length + size)
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

/** Every frame of a bundle, in order. Throws RangeError when it is not whole frames. The bundle may be wiped after it. */
export function decodeFrames(bundle: Uint8Array): unknown[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.length)
  const values: unknown[] = []
  let at = 0
  while (at < bytes.length) {
    if (bytes.length - at < headBytes) throw new RangeError('bundle: a frame is cut off')
    const json = bytes.readUInt32LE(at)
    const size = bytes.readUInt32LE(at + 4)
    const start = at + headBytes + json
    if (start + size > bytes.length) throw new RangeError('bundle: a frame is cut off')
    values.push(
      filled(parsed(bytes.toString('utf8', at + headBytes, start)), bytes.subarray(start, start + size)),
    )
    at = start + size
  }
  return values
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new RangeError('bundle: a frame is no JSON')
  }
}

function filled(value: unknown, bytes: Buffer): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) value[index] = filled(inner, bytes)
    return value
  }
  if ('$' in value) return taken(value, bytes)
  // An object that JSON.parse made: a record of names.
  const record = value as Record<string, unknown>
  for (const name of Object.keys(record)) {
    const inner = record[name]
    if (name === '__proto__') throw new RangeError('bundle: a frame names __proto__')
    if (typeof inner === 'object' && inner !== null) record[name] = filled(inner, bytes)
  }
  return value
}

function taken({ $ }: { $: unknown }, bytes: Buffer): Uint8Array | undefined {
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
    throw new RangeError('bundle: bytes outside of their frame')
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(offset, end))
  return copy
}
