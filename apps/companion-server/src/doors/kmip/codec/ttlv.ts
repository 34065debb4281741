import { accept, type Outcome, type Refusal, refuse, utf8 } from '@lux/crypto'
import { describeTag } from './tags.ts'

/** What an item holds, by its type. */
export type Values = {
  readonly structure: readonly Item[]
  readonly integer: number
  readonly 'long-integer': bigint
  readonly 'big-integer': bigint
  readonly enumeration: number
  readonly boolean: boolean
  readonly 'text-string': string
  /** A view of what was decoded, and no copy. */
  readonly 'byte-string': Uint8Array
  /** Seconds of Unix time. */
  readonly 'date-time': bigint
  /** Seconds. */
  readonly interval: number
  /** Microseconds of Unix time. */
  readonly 'date-time-extended': bigint
}

/** One item of a message (OASIS KMIP, "TTLV encoding"). */
export type Item = {
  readonly [Type in keyof Values]: { readonly tag: number; readonly type: Type; readonly value: Values[Type] }
}[keyof Values]

export type ItemType = Item['type']

/** What a message may be at most: nothing is allocated for what is beyond. */
export type Limits = {
  readonly bytes: number
  readonly depth: number
  readonly items: number
  readonly bigIntegerBytes: number
}

/** Room for 1 MiB of data beside its ciphertext, for batches of hundreds, and for integers of 16,384 bits. */
export const defaultLimits: Limits = {
  bytes: 4 << 20,
  depth: 24,
  items: 16_384,
  bigIntegerBytes: 2048 + 8,
}

const types = [
  'structure',
  'integer',
  'long-integer',
  'big-integer',
  'enumeration',
  'boolean',
  'text-string',
  'byte-string',
  'date-time',
  'interval',
  'date-time-extended',
] as const satisfies readonly ItemType[]

/** Bytes of the value where its type alone says how many. */
const fixedLengths: Partial<Record<ItemType, number>> = {
  integer: 4,
  'long-integer': 8,
  enumeration: 4,
  boolean: 8,
  'date-time': 8,
  interval: 4,
  'date-time-extended': 8,
}

export const headLength = 8
const padded = (length: number): number => Math.ceil(length / 8) * 8
/** KMIP's own tags, and those that vendors give. */
const knownTag = (tag: number): boolean => tag >> 16 === 0x42 || tag >> 16 === 0x54

/**
 * The length in bytes of a whole item, from its first 8: what a reader of a stream has to wait for. Refuses TTLV-MALFORMED and
 * TTLV-LIMIT before anything is allocated.
 */
export function itemLength(head: Uint8Array, limits: Limits = defaultLimits): Outcome<number> {
  if (head.length < headLength) return malformed(0, 0, `${head.length} bytes are no head of an item`)
  const view = viewOf(head)
  const tag = view.getUint32(0) >>> 8
  if (!knownTag(tag)) return malformed(0, tag, 'no tag of KMIP')
  const length = headLength + padded(view.getUint32(4))
  return length > limits.bytes ? tooMuch(0, tag, `${length} bytes, at most ${limits.bytes}`) : accept(length)
}

/**
 * One item that fills `bytes`. Only the one canonical form is taken: exact lengths, padding of zeros, shortest big integers,
 * so that `encodeItem` gives the same bytes. Refuses TTLV-MALFORMED and TTLV-LIMIT; the detail names offset and tag, never a value.
 */
export function decodeItem(bytes: Uint8Array, limits: Limits = defaultLimits): Outcome<Item> {
  if (bytes.length > limits.bytes)
    return tooMuch(0, 0, `the message has ${bytes.length} bytes, at most ${limits.bytes}`)
  const state: Decoding = { bytes, view: viewOf(bytes), limits, items: 0 }
  const read = readItem(state, 0, bytes.length, 1)
  if (!read.ok) return read
  const { item, end } = read.value
  return end === bytes.length ? accept(item) : malformed(end, item.tag, 'bytes after the item')
}

type Decoding = {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly limits: Limits
  items: number
}

function readItem(
  state: Decoding,
  offset: number,
  end: number,
  depth: number,
): Outcome<{ item: Item; end: number }> {
  const { bytes, view, limits } = state
  if (end - offset < headLength) return malformed(offset, 0, 'the head of an item is cut off')
  const tag = view.getUint32(offset) >>> 8
  if (!knownTag(tag)) return malformed(offset, tag, 'no tag of KMIP')
  const code = bytes[offset + 3] ?? 0
  const type = types[code - 1]
  if (type === undefined) return malformed(offset, tag, `no type ${code}`)
  if (depth > limits.depth) return tooMuch(offset, tag, `nested more than ${limits.depth} deep`)
  if (++state.items > limits.items) return tooMuch(offset, tag, `more than ${limits.items} items`)
  const length = view.getUint32(offset + 4)
  const start = offset + headLength
  const next = start + padded(length)
  if (next > end) return malformed(offset, tag, `a length of ${length} where ${end - start} bytes are left`)
  if (length !== (fixedLengths[type] ?? length))
    return malformed(offset, tag, `a length of ${length} for type ${type}`)
  for (let at = start + length; at < next; at++)
    if (bytes[at] !== 0) return malformed(at, tag, 'padding other than zero')
  const done = (item: Item) => accept({ item, end: next })
  switch (type) {
    case 'structure': {
      if (length % 8 !== 0) return malformed(offset, tag, `a structure of ${length} bytes`)
      const value: Item[] = []
      for (let at = start; at < next; ) {
        const child = readItem(state, at, next, depth + 1)
        if (!child.ok) return child
        value.push(child.value.item)
        at = child.value.end
      }
      return done({ tag, type, value })
    }
    case 'integer':
      return done({ tag, type, value: view.getInt32(start) })
    case 'enumeration':
    case 'interval':
      return done({ tag, type, value: view.getUint32(start) })
    case 'long-integer':
    case 'date-time':
    case 'date-time-extended':
      return done({ tag, type, value: view.getBigInt64(start) })
    case 'big-integer': {
      if (length > limits.bigIntegerBytes)
        return tooMuch(offset, tag, `a big integer of ${length} bytes, at most ${limits.bigIntegerBytes}`)
      if (length === 0 || length % 8 !== 0) return malformed(offset, tag, `a big integer of ${length} bytes`)
      const value = bigIntegerOf(bytes.subarray(start, next))
      if (bigIntegerLength(value) !== length) return malformed(offset, tag, 'a big integer that is too long')
      return done({ tag, type, value })
    }
    case 'boolean': {
      const value = view.getBigUint64(start)
      return value > 1n
        ? malformed(offset, tag, 'a boolean other than 0 and 1')
        : done({ tag, type, value: value === 1n })
    }
    case 'text-string': {
      const value = textOf(bytes.subarray(start, start + length))
      return value === null ? malformed(offset, tag, 'text that is no UTF-8') : done({ tag, type, value })
    }
    case 'byte-string':
      return done({ tag, type, value: bytes.subarray(start, start + length) })
  }
}

/** The bytes of an item. Throws RangeError where a value does not fit its type, which is a fault of the caller. */
export function encodeItem(item: Item): Uint8Array {
  const bytes = new Uint8Array(encodedLength(item))
  writeItem(bytes, viewOf(bytes), 0, item)
  return bytes
}

/** Bytes of the item with its head and padding. */
export const encodedLength = (item: Item): number => headLength + padded(valueLength(item))

function valueLength(item: Item): number {
  switch (item.type) {
    case 'structure':
      return item.value.reduce((length, child) => length + encodedLength(child), 0)
    case 'big-integer':
      return bigIntegerLength(item.value)
    case 'text-string':
      return utf8(item.value).length
    case 'byte-string':
      return item.value.length
    case 'integer':
    case 'enumeration':
    case 'interval':
      return 4
    default:
      return 8
  }
}

function writeItem(bytes: Uint8Array, view: DataView, offset: number, item: Item): number {
  const { tag } = item
  if (!knownTag(tag)) throw new RangeError(`tag: ${tag.toString(16)} is none of KMIP`)
  const length = valueLength(item)
  const start = offset + headLength
  view.setUint32(offset, tag * 256 + types.indexOf(item.type) + 1)
  view.setUint32(offset + 4, length)
  switch (item.type) {
    case 'structure': {
      let at = start
      for (const child of item.value) at = writeItem(bytes, view, at, child)
      break
    }
    case 'integer':
      view.setInt32(start, within(item.value, -(2 ** 31), 2 ** 31 - 1, tag))
      break
    case 'enumeration':
    case 'interval':
      view.setUint32(start, within(item.value, 0, 2 ** 32 - 1, tag))
      break
    case 'long-integer':
    case 'date-time':
    case 'date-time-extended':
      if (BigInt.asIntN(64, item.value) !== item.value) throw unfit(tag)
      view.setBigInt64(start, item.value)
      break
    case 'big-integer':
      for (let at = start + length, left = item.value; at > start; at -= 8, left >>= 64n)
        view.setBigUint64(at - 8, BigInt.asUintN(64, left))
      break
    case 'boolean':
      view.setBigUint64(start, item.value ? 1n : 0n)
      break
    case 'text-string':
      bytes.set(utf8(item.value), start)
      break
    case 'byte-string':
      bytes.set(item.value, start)
      break
  }
  return start + padded(length)
}

/** Two's complement, big-endian. */
function bigIntegerOf(bytes: Uint8Array): bigint {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`))
}

/** The shortest multiple of 8 bytes that holds a value and its sign. */
function bigIntegerLength(value: bigint): number {
  const magnitude = value < 0n ? -value - 1n : value
  const bits = magnitude === 0n ? 1 : magnitude.toString(16).length * 4 + 1
  const length = padded(Math.ceil(bits / 8))
  // Counted in hexadecimal digits, up to three bits too many: shorter where the value fits.
  return length > 8 && BigInt.asIntN((length - 8) * 8, value) === value ? length - 8 : length
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function within(value: number, least: number, most: number, tag: number): number {
  if (!Number.isInteger(value) || value < least || value > most) throw unfit(tag)
  return value
}

const unfit = (tag: number) => new RangeError(`${describeTag(tag)}: the value does not fit its type`)

const malformed = (offset: number, tag: number, detail: string): Refusal =>
  refuse('TTLV-MALFORMED', at(offset, tag, detail))
const tooMuch = (offset: number, tag: number, detail: string): Refusal =>
  refuse('TTLV-LIMIT', at(offset, tag, detail))

const at = (offset: number, tag: number, detail: string): string =>
  tag === 0 ? `at byte ${offset}: ${detail}` : `at byte ${offset}, ${describeTag(tag)}: ${detail}`
