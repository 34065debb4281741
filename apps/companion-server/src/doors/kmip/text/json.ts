import { decodeItem, encodeItem, type Item } from '../codec/ttlv.ts'
import { isTypeName, itemOf, malformed, type Named, namedOf } from './named.ts'

/** KMIP's JSON encoding (OASIS, KMIP Profiles, "JSON"): an item is `{tag, type, value}`, a structure's value a list. */
export function itemToJson(item: Item): string {
  return JSON.stringify(plain(namedOf(item)))
}

function plain(named: Named): object {
  const { tag, type } = named
  if (type === 'Structure') return { tag, value: named.children.map(plain) }
  const { value } = named
  if (type === 'Integer' || type === 'Interval') return { tag, type, value: Number(value) }
  if (type === 'Boolean') return { tag, type, value: value === 'true' }
  if (type === 'BigInteger') return { tag, type, value: `0x${value}` }
  if (type === 'LongInteger')
    return { tag, type, value: Number.isSafeInteger(Number(value)) ? Number(value) : longHex(value) }
  return { tag, type, value }
}

const longHex = (value: string) => `0x${BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0')}`

/** Throws FormatError KMIP-MESSAGE, TTLV-LIMIT. */
export function itemFromJson(text: string): Item {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed('the message is no JSON')
  }
  return itemOf(named(value, 0))
}

const deepest = 64

function named(value: unknown, depth: number): Named {
  if (depth > deepest) throw malformed(`nested more than ${deepest} deep`)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('an item is no object')
  // An object and no list: whatever it holds is looked at below.
  const { tag, type = 'Structure', value: held, ...others } = value as Readonly<Record<string, unknown>>
  if (
    typeof tag !== 'string' ||
    typeof type !== 'string' ||
    !isTypeName(type) ||
    Object.keys(others).length > 0
  )
    throw malformed('an item has tag, type and value, and nothing else')
  if (type === 'Structure') {
    if (!Array.isArray(held)) throw malformed('the value of a structure is a list')
    return { tag, type, children: held.map((one) => named(one, depth + 1)) }
  }
  if (typeof held === 'number' && !Number.isSafeInteger(held))
    throw malformed('a number that JSON does not keep')
  if (typeof held !== 'string' && typeof held !== 'number' && typeof held !== 'boolean')
    throw malformed('a value is text, a number, true or false')
  // A number is no text, and true no number.
  const fits =
    typeof held === 'string' || (typeof held === 'boolean' ? type === 'Boolean' : numeric.has(type))
  if (!fits) throw malformed(`a value is no ${type}`)
  return { tag, type, value: String(held) }
}

const numeric: ReadonlySet<string> = new Set(['Integer', 'LongInteger', 'Interval', 'Enumeration'])

/** The same message in bytes. */
export const jsonToTtlv = (text: string): Uint8Array => encodeItem(itemFromJson(text))

/** Of bytes that this server wrote. */
export function ttlvToJson(bytes: Uint8Array): string {
  const item = decodeItem(bytes)
  if (!item.ok) throw malformed(item.detail)
  return itemToJson(item.value)
}
