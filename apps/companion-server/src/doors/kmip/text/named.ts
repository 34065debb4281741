import { FormatError } from '@lux/crypto'
import { enumerations, usageMasks } from '../codec/enumerations.ts'
import { describeTag, tagName, tags } from '../codec/tags.ts'
import { defaultLimits, type Item, type ItemType } from '../codec/ttlv.ts'
import { attributes } from '../message/attributes.ts'

/** A KMIP item as its JSON and XML have it: names in place of numbers, a value as text. */
export type Named = { readonly tag: string } & (
  | { readonly type: 'Structure'; readonly children: readonly Named[] }
  | { readonly type: Exclude<TypeName, 'Structure'>; readonly value: string }
)

const typeNames = {
  Structure: 'structure',
  Integer: 'integer',
  LongInteger: 'long-integer',
  BigInteger: 'big-integer',
  Enumeration: 'enumeration',
  Boolean: 'boolean',
  TextString: 'text-string',
  ByteString: 'byte-string',
  DateTime: 'date-time',
  Interval: 'interval',
  DateTimeExtended: 'date-time-extended',
} as const satisfies Readonly<Record<string, ItemType>>

export type TypeName = keyof typeof typeNames

export const isTypeName = (text: string): text is TypeName => Object.hasOwn(typeNames, text)

// Object.entries gives what the literal above has.
const nameOfType = new Map(Object.entries(typeNames).map(([name, type]) => [type, name as TypeName]))

export const malformed = (detail: string) => new FormatError('KMIP-MESSAGE', detail)

const hex32 = (value: number) => `0x${value.toString(16).padStart(8, '0')}`
const hex64 = (value: bigint) => `0x${BigInt.asUintN(64, value).toString(16).padStart(16, '0')}`
const hexTag = (tag: number) => `0x${tag.toString(16).padStart(6, '0')}`

/** Names where KMIP has them, else hexadecimal digits: whatever the item is, `itemOf` gives it back. */
export function namedOf(item: Item, attribute: string | null = null): Named {
  const tag = tagName(item.tag) ?? hexTag(item.tag)
  if (item.type === 'structure') {
    const named = attributeIn(item.value.map((one) => [one.tag, one.type === 'text-string' ? one.value : '']))
    return { tag, type: 'Structure', children: item.value.map((one) => namedOf(one, named)) }
  }
  const type = nameOfType.get(item.type)
  if (type === undefined || type === 'Structure') throw malformed(`${describeTag(item.tag)} has no type`)
  return { tag, type, value: textOf(item, attribute) }
}

/** In 1.x, the attribute that an AttributeName among its siblings names. */
const attributeIn = (siblings: readonly (readonly [tag: number, text: string])[]): string | null =>
  siblings.find(([tag]) => tag === tags.AttributeName)?.[1] ?? null

function textOf(item: Exclude<Item, { type: 'structure' }>, attribute: string | null): string {
  switch (item.type) {
    case 'enumeration':
      return (
        Object.entries(enumerationOf(item.tag, attribute)).find(([, one]) => one === item.value)?.[0] ??
        hex32(item.value)
      )
    case 'big-integer':
      return bigHex(item.value)
    case 'byte-string':
      return Buffer.from(item.value).toString('hex')
    case 'date-time': {
      const time = Number(item.value) * 1000
      // What ISO 8601 has four digits for.
      return time >= -62_135_596_800_000 && time <= 253_402_300_799_000
        ? new Date(time).toISOString().replace('.000Z', '+00:00')
        : hex64(item.value)
    }
    case 'date-time-extended':
      return hex64(item.value)
    default:
      return String(item.value)
  }
}

/** Two's complement in the fewest groups of 16 digits. */
function bigHex(value: bigint): string {
  let groups = 1
  while (BigInt.asIntN(64 * groups, value) !== value) groups++
  return BigInt.asUintN(64 * groups, value)
    .toString(16)
    .padStart(16 * groups, '0')
}

/** The values of the enumeration that a tag has, or, in 1.x, the attribute of this name. */
function enumerationOf(tag: number, attribute: string | null): Readonly<Record<string, number>> {
  if (tag === tags.AttributeReference) return tags
  const own =
    tag === tags.AttributeValue
      ? (Object.entries(attributes).find(([, { text }]) => text === attribute)?.[0] ?? '')
      : (tagName(tag) ?? '')
  const base = own === 'MaskGeneratorHashingAlgorithm' ? 'HashingAlgorithm' : own
  // Only its own keys alone come here; the compiler does not narrow by hasOwn.
  return Object.hasOwn(enumerations, base) ? enumerations[base as keyof typeof enumerations] : {}
}

/** Throws FormatError KMIP-MESSAGE, which names tags and no values, TTLV-LIMIT for too many or too deep. */
export function itemOf(named: Named): Item {
  let items = 0

  function read(one: Named, attribute: string | null, depth: number): Item {
    if (++items > defaultLimits.items)
      throw new FormatError('TTLV-LIMIT', `more than ${defaultLimits.items} items`)
    if (depth > defaultLimits.depth)
      throw new FormatError('TTLV-LIMIT', `nested more than ${defaultLimits.depth} deep`)
    const tag = tagOf(one.tag)
    if (one.type !== 'Structure') return leafOf(tag, one, attribute)
    const named = attributeIn(
      one.children.map((child) => [tagOf(child.tag), child.type === 'TextString' ? child.value : '']),
    )
    return { tag, type: 'structure', value: one.children.map((child) => read(child, named, depth + 1)) }
  }

  return read(named, null, 1)
}

function tagOf(text: string): number {
  // As above: one of its own keys.
  if (Object.hasOwn(tags, text)) return tags[text as keyof typeof tags]
  const tag = /^0x[0-9a-f]{6}$/i.test(text) ? Number(text) : 0
  if (tag >> 16 !== 0x42 && tag >> 16 !== 0x54) throw malformed('a tag that KMIP has not')
  return tag
}

function leafOf(
  tag: number,
  { type, value }: Exclude<Named, { type: 'Structure' }>,
  attribute: string | null,
): Item {
  const unfit = () => malformed(`${describeTag(tag)}: the value is no ${type}`)
  const hex = /^0x[0-9a-f]{1,16}$/i.test(value) ? BigInt(value) : null
  const number = (least: number, most: number): number => {
    const found = hex === null ? (/^-?\d{1,11}$/.test(value) ? Number(value) : Number.NaN) : Number(hex)
    const signed = hex !== null && least < 0 && value.length <= 10 ? Number(BigInt.asIntN(32, hex)) : found
    if (!Number.isInteger(signed) || signed < least || signed > most) throw unfit()
    return signed
  }
  const long = (): bigint => {
    if (hex !== null) return BigInt.asIntN(64, hex)
    const found = /^-?\d{1,19}$/.test(value) ? BigInt(value) : null
    if (found === null || BigInt.asIntN(64, found) !== found) throw unfit()
    return found
  }
  switch (type) {
    case 'Integer':
      return { tag, type: 'integer', value: maskOf(value) ?? number(-(2 ** 31), 2 ** 31 - 1) }
    case 'LongInteger':
      return { tag, type: 'long-integer', value: long() }
    case 'DateTimeExtended':
      return { tag, type: 'date-time-extended', value: long() }
    case 'BigInteger': {
      const digits = value.replace(/^0x/i, '')
      if (!/^[0-9a-f]+$/i.test(digits) || digits.length % 16 !== 0) throw unfit()
      if (digits.length > 2 * defaultLimits.bigIntegerBytes)
        throw new FormatError('TTLV-LIMIT', `${describeTag(tag)}: a big integer that is too long`)
      return { tag, type: 'big-integer', value: BigInt.asIntN(4 * digits.length, BigInt(`0x${digits}`)) }
    }
    case 'Enumeration': {
      const all = enumerationOf(tag, attribute)
      const found = Object.hasOwn(all, value) ? all[value] : undefined
      return { tag, type: 'enumeration', value: found ?? number(0, 2 ** 32 - 1) }
    }
    case 'Boolean':
      if (value !== 'true' && value !== 'false' && hex !== 0n && hex !== 1n) throw unfit()
      return { tag, type: 'boolean', value: value === 'true' || hex === 1n }
    case 'TextString':
      if (!value.isWellFormed()) throw unfit()
      return { tag, type: 'text-string', value }
    case 'ByteString':
      if (!/^(?:[0-9a-f]{2})*$/i.test(value)) throw unfit()
      return { tag, type: 'byte-string', value: new Uint8Array(Buffer.from(value, 'hex')) }
    case 'DateTime': {
      if (hex !== null) return { tag, type: 'date-time', value: BigInt.asIntN(64, hex) }
      const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/.test(value)
        ? Date.parse(value)
        : Number.NaN
      if (Number.isNaN(time)) throw unfit()
      return { tag, type: 'date-time', value: BigInt(Math.floor(time / 1000)) }
    }
    case 'Interval':
      return { tag, type: 'interval', value: number(0, 2 ** 32 - 1) }
  }
}

/** Bits by their names; null where it is a number. */
function maskOf(text: string): number | null {
  const words = text.trim().split(/[\s|]+/)
  if (!words.every((word) => Object.hasOwn(usageMasks, word))) return null
  return words.reduce((sum, word) => sum | usageMasks[word as keyof typeof usageMasks], 0)
}
