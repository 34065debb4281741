import { FormatError } from '@lux/crypto'
import { decodeItem, defaultLimits, encodeItem, type Item } from '../codec/ttlv.ts'
import { isTypeName, itemOf, malformed, type Named, namedOf } from './named.ts'

/** KMIP's XML encoding (OASIS, KMIP Profiles, "XML"): an item is an element with a type and a value, or with children. */
export function itemToXml(item: Item): string {
  const parts: string[] = []
  write(namedOf(item), parts)
  return parts.join('')
}

function write(named: Named, parts: string[]): void {
  // A tag without a name has none in XML either.
  const own = named.tag.startsWith('0x')
  const name = own ? 'TTLV' : named.tag
  const tag = own ? ` tag="${named.tag}"` : ''
  if (named.type === 'Structure') {
    parts.push(`<${name}${tag}>`)
    for (const child of named.children) write(child, parts)
    parts.push(`</${name}>`)
  } else parts.push(`<${name}${tag} type="${named.type}" value="${escaped(named.value)}"/>`)
}

const escaped = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped.
  text.replaceAll(/[\u0000-\u001f"&<>\u007f]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`)

type Open = { readonly name: string; readonly tag: string; readonly children: Named[] }

const token =
  /\s*(?:<!--(?:[^-]|-(?!-))*-->|<(\/?)([A-Za-z_][\w.-]{0,63})((?:\s+[A-Za-z_:][\w:.-]{0,63}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>)\s*/y
const attribute = /([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/** No document type, no entity but the five of XML and characters by number. Throws FormatError KMIP-MESSAGE, TTLV-LIMIT. */
export function itemFromXml(text: string): Item {
  const open: Open[] = []
  let whole: Named | null = null
  let items = 0
  let at = /^\ufeff?\s*(?:<\?xml\s[^<>?]*\?>)?/.exec(text)?.[0].length ?? 0

  function put(named: Named): void {
    const parent = open.at(-1)
    if (parent !== undefined) parent.children.push(named)
    else if (whole === null) whole = named
    else throw malformed('more than one element')
  }

  while (at < text.length) {
    token.lastIndex = at
    const found = token.exec(text)
    if (found === null) throw malformed(`no element of KMIP’s XML at character ${at}`)
    at = token.lastIndex
    const [, closes, name, rest = '', alone] = found
    if (name === undefined) continue
    if (closes === '/') {
      const done = open.pop()
      if (done === undefined || done.name !== name || rest !== '' || alone === '/')
        throw malformed('an element is closed that is not open')
      put({ tag: done.tag, type: 'Structure', children: done.children })
      continue
    }
    if (++items > defaultLimits.items)
      throw new FormatError('TTLV-LIMIT', `more than ${defaultLimits.items} items`)
    const given = attributesOf(rest)
    const type = given.get('type') ?? 'Structure'
    const tag = name === 'TTLV' ? (given.get('tag') ?? '') : name
    if (!isTypeName(type)) throw malformed('a type that KMIP has not')
    const value = given.get('value')
    if (type === 'Structure') {
      if (value !== undefined) throw malformed('a structure has children and no value')
      if (alone === '/') put({ tag, type, children: [] })
      else {
        if (open.length > defaultLimits.depth)
          throw new FormatError('TTLV-LIMIT', `nested more than ${defaultLimits.depth} deep`)
        open.push({ name, tag, children: [] })
      }
      continue
    }
    if (value === undefined || alone !== '/')
      throw malformed('an element has its value as an attribute, and no children')
    put({ tag, type, value })
  }
  if (open.length > 0 || whole === null) throw malformed('the message is cut off')
  return itemOf(whole)
}

const knownAttributes: ReadonlySet<string> = new Set(['type', 'value', 'tag', 'name'])

function attributesOf(text: string): ReadonlyMap<string, string> {
  const all = new Map<string, string>()
  for (const [, name = '', double, single] of text.matchAll(attribute)) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue
    if (!knownAttributes.has(name) || all.has(name))
      throw malformed('an attribute that is unknown, or stands twice')
    all.set(name, unescaped(double ?? single ?? ''))
  }
  return all
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replaceAll(/&([^;&]{0,10})(;?)/g, (_whole, name: string, end: string) => {
    if (end === ';' && Object.hasOwn(entities, name)) return entities[name] ?? ''
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name) ?? []
    const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16)
    if (end !== ';' || !(code <= 0x10ffff)) throw malformed('an entity that XML has not')
    return String.fromCodePoint(code)
  })
}

/** The same message in bytes. */
export const xmlToTtlv = (text: string): Uint8Array => encodeItem(itemFromXml(text))

/** Of bytes that this server wrote. */
export function ttlvToXml(bytes: Uint8Array): string {
  const item = decodeItem(bytes)
  if (!item.ok) throw malformed(item.detail)
  return itemToXml(item.value)
}
