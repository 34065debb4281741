import { enumerations, usageMasks } from '../../../../src/doors/kmip/codec/enumerations.ts'
import { tags } from '../../../../src/doors/kmip/codec/tags.ts'
import type { Item } from '../../../../src/doors/kmip/codec/ttlv.ts'
import { attributes } from '../../../../src/doors/kmip/message/attributes.ts'

/** KMIP's XML of a test case: elements with a type and a value, or with children. */
export type Element = {
  readonly name: string
  readonly type: string | null
  readonly value: string | null
  readonly children: readonly Element[]
}

/** The elements of a document that has neither text nor entities but those of attributes. */
export function readXml(text: string): readonly Element[] {
  const open: { name: string; type: string | null; value: string | null; children: Element[] }[] = [
    { name: '', type: null, value: null, children: [] },
  ]
  const tokens = text
    .replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, '')
    .matchAll(/<(\/?)([\w:]+)((?:\s+[\w:]+\s*=\s*"[^"]*")*)\s*(\/?)>/g)
  for (const [, closes, name = '', rest = '', alone] of tokens) {
    if (closes) {
      const done = open.pop()
      if (done?.name !== name) throw new Error(`${name} closes ${done?.name}`)
      continue
    }
    const given = new Map(
      [...rest.matchAll(/([\w:]+)\s*=\s*"([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
    )
    const one = { name, type: given.get('type') ?? null, value: given.get('value') ?? null, children: [] }
    open.at(-1)?.children.push(one)
    if (!alone) open.push(one)
  }
  return open[0]?.children ?? []
}

/** Thrown where a case names what the codec's tables leave out. */
export class Unknown extends Error {}

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
const storage: Readonly<Record<string, number>> = {
  OnlineStorage: 1,
  ArchivalStorage: 2,
  DestroyedStorage: 4,
}

/** `fill`: what a placeholder such as $UNIQUE_IDENTIFIER_0 stands for; `now`: $NOW, in seconds. */
export type Filling = { readonly now: number; fill(name: string): string }

export function toItem(element: Element, filling: Filling, attribute: string | null = null): Item {
  const tag = (tags as Readonly<Record<string, number>>)[element.name.replace(/^PKCS(?=\d)/, 'PKCS_')]
  if (tag === undefined) throw new Unknown(element.name)
  const { type, children } = element
  if (type === null || type === 'Structure') {
    const named = children.find(({ name }) => name === 'AttributeName')?.value ?? null
    return { tag, type: 'structure', value: children.map((one) => toItem(one, filling, named)) }
  }
  const raw = element.value ?? ''
  const filled = raw.startsWith('$') && !raw.startsWith('$NOW') ? filling.fill(raw) : raw
  // In some files a line break within a name was turned into spaces.
  const text = element.name === 'AttributeName' ? filled.replaceAll(/\s+/g, ' ') : filled
  switch (type) {
    case 'Integer':
      return { tag, type: 'integer', value: integerOf(text) }
    case 'LongInteger':
      return { tag, type: 'long-integer', value: BigInt(text) }
    case 'BigInteger':
      return { tag, type: 'big-integer', value: BigInt.asIntN(4 * text.length, BigInt(`0x${text}`)) }
    case 'Enumeration':
      return { tag, type: 'enumeration', value: enumerationOf(element.name, attribute, text) }
    case 'Boolean':
      return { tag, type: 'boolean', value: text === 'true' }
    case 'TextString':
      return { tag, type: 'text-string', value: text.replaceAll('&amp;', '&').replaceAll('&quot;', '"') }
    case 'ByteString':
      return { tag, type: 'byte-string', value: bytesOf(text) }
    case 'DateTime':
      return { tag, type: 'date-time', value: timeOf(text, filling.now) }
    case 'Interval':
      return { tag, type: 'interval', value: Number(text) }
    default:
      throw new Unknown(type)
  }
}

function integerOf(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text)
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text)
  let sum = 0
  for (const word of text.trim().split(/[\s|]+/)) {
    const bit = (usageMasks as Readonly<Record<string, number>>)[word] ?? storage[word]
    if (bit === undefined) throw new Unknown(word)
    sum |= bit
  }
  return sum
}

function timeOf(text: string, now: number): bigint {
  const [, sign, seconds] = /^\$NOW(?:([+-])(\d+))?$/.exec(text) ?? []
  if (text.startsWith('$NOW')) return BigInt(now + (seconds === undefined ? 0 : Number(`${sign}${seconds}`)))
  return BigInt(Math.floor(Date.parse(text) / 1000))
}

/** Of the enumeration that a tag, or in 1.x an attribute's name, has. */
function enumerationOf(tag: string, attribute: string | null, text: string): number {
  if (/^0x[0-9a-fA-F]+$/.test(text)) return Number(text)
  if (tag === 'AttributeReference') {
    const found = (tags as Readonly<Record<string, number>>)[text]
    if (found === undefined) throw new Unknown(text)
    return found
  }
  const known = Object.entries(attributes).find(([, one]) => one.text === attribute)?.[0]
  const own = tag === 'AttributeValue' ? (known ?? '') : tag
  const base = { MaskGeneratorHashingAlgorithm: 'HashingAlgorithm' }[own] ?? own
  const all = (enumerations as Readonly<Record<string, Readonly<Record<string, number>>>>)[base]
  const value = all?.[text] ?? all?.[text.replaceAll('-', '_')] ?? all?.[{ '3DES': 'DES3' }[text] ?? '']
  if (value === undefined) throw new Unknown(`${base} ${text}`)
  return value
}
