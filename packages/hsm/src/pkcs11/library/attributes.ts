import { CKK, CKO, mechanismName } from '../../constants.ts'
import type { AttributeReport } from '../../device.ts'
import { attemptPresent } from './errors.ts'
import { type Attribute, bool, ulong } from './memory.ts'
import type { Handle, Module } from './module.ts'

type Kind =
  | 'bool'
  | 'ulong'
  | 'bytes'
  | 'text'
  | 'mechanism'
  | 'mechanisms'
  | 'class'
  | 'keyType'
  | 'template'

/** Attributes that we set, compare or show, by the standard's name without CKA_. */
export const CKA = {
  CLASS: 0x000,
  TOKEN: 0x001,
  PRIVATE: 0x002,
  LABEL: 0x003,
  VALUE: 0x011,
  TRUSTED: 0x086,
  KEY_TYPE: 0x100,
  ID: 0x102,
  SENSITIVE: 0x103,
  ENCRYPT: 0x104,
  DECRYPT: 0x105,
  WRAP: 0x106,
  UNWRAP: 0x107,
  SIGN: 0x108,
  VERIFY: 0x10a,
  DERIVE: 0x10c,
  MODULUS: 0x120,
  MODULUS_BITS: 0x121,
  PUBLIC_EXPONENT: 0x122,
  VALUE_LEN: 0x161,
  EXTRACTABLE: 0x162,
  LOCAL: 0x163,
  NEVER_EXTRACTABLE: 0x164,
  ALWAYS_SENSITIVE: 0x165,
  KEY_GEN_MECHANISM: 0x166,
  MODIFIABLE: 0x170,
  COPYABLE: 0x171,
  EC_PARAMS: 0x180,
  EC_POINT: 0x181,
  ALWAYS_AUTHENTICATE: 0x202,
  WRAP_WITH_TRUSTED: 0x210,
  WRAP_TEMPLATE: 0x4000_0211,
  UNWRAP_TEMPLATE: 0x4000_0212,
  ALLOWED_MECHANISMS: 0x4000_0600,
} as const

export type AttributeName = keyof typeof CKA

const kinds: Readonly<Partial<Record<AttributeName, Kind>>> = {
  CLASS: 'class',
  KEY_TYPE: 'keyType',
  LABEL: 'text',
  VALUE: 'bytes',
  ID: 'bytes',
  MODULUS: 'bytes',
  PUBLIC_EXPONENT: 'bytes',
  EC_PARAMS: 'bytes',
  EC_POINT: 'bytes',
  MODULUS_BITS: 'ulong',
  VALUE_LEN: 'ulong',
  KEY_GEN_MECHANISM: 'mechanism',
  ALLOWED_MECHANISMS: 'mechanisms',
  WRAP_TEMPLATE: 'template',
  UNWRAP_TEMPLATE: 'template',
}

const kindOf = (name: AttributeName): Kind => kinds[name] ?? 'bool'

// Object.entries of a const object gives exactly its keys.
const names = new Map((Object.entries(CKA) as [AttributeName, number][]).map(([name, type]) => [type, name]))

export const attributeName = (type: number): string =>
  names.get(type) ?? `0x${type.toString(16).toUpperCase()}`

export const is = (name: AttributeName, value: boolean): Attribute => ({
  type: CKA[name],
  value: bool(value),
})

export const num = (name: AttributeName, value: number): Attribute => ({
  type: CKA[name],
  value: ulong(value),
})

export const raw = (name: AttributeName, value: Uint8Array): Attribute => ({ type: CKA[name], value })

export const text = (name: AttributeName, value: string): Attribute => raw(name, Buffer.from(value, 'utf8'))

export const hex = (name: AttributeName, value: string): Attribute => {
  if (!/^([0-9a-f]{2})+$/.test(value)) throw new RangeError(`${name.toLowerCase()}: expected lower-case hex`)
  return raw(name, Buffer.from(value, 'hex'))
}

/** A list of CK_ULONG, little-endian: the only form that SoftHSM compares. */
export const mechanisms = (values: readonly number[]): Attribute =>
  raw('ALLOWED_MECHANISMS', Buffer.concat(values.map(ulong)))

const lookUp = (table: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(table).find(([, v]) => v === value)?.[0] ?? `0x${value.toString(16).toUpperCase()}`

const toNumber = (value: Uint8Array): number | null =>
  value.length === 8 ? Number(Buffer.from(value).readBigUInt64LE()) : null

/** A value as people read it: true, false, a name, a number or hex. */
export function format(type: number, value: Uint8Array): string {
  const name = names.get(type)
  const kind: Kind = name ? kindOf(name) : 'bytes'
  const asHex = () => Buffer.from(value).toString('hex')
  if (kind === 'bool') return value.length === 1 ? (value[0] === 0 ? 'false' : 'true') : `invalid:${asHex()}`
  if (kind === 'text') return Buffer.from(value).toString('utf8')
  if (kind === 'mechanisms') {
    if (value.length % 8 !== 0) return `invalid:${asHex()}`
    const list: string[] = []
    for (let at = 0; at < value.length; at += 8)
      list.push(mechanismName(toNumber(value.subarray(at, at + 8)) ?? 0))
    return list.sort().join(',')
  }
  if (kind === 'bytes' || kind === 'template') return asHex()
  const n = toNumber(value)
  if (n === null) return value.length === 0 ? '' : `invalid:${asHex()}`
  if (kind === 'class') return lookUp(CKO, n)
  if (kind === 'keyType') return lookUp(CKK, n)
  if (kind === 'mechanism') return n > 0xffff_ffff ? '' : mechanismName(n)
  return String(n)
}

/** A template as one line, sorted by attribute so that two tokens' orders compare equal. */
function formatTemplate(template: readonly { type: number; value: Attribute['value'] }[]): string {
  return template
    .map(({ type, value }) => {
      const shown = isTemplate(value) ? `{${formatTemplate(value)}}` : format(type, value)
      return `${attributeName(type)}=${shown}`
    })
    .sort()
    .join(' ')
}

const isTemplate = (value: Attribute['value']): value is readonly Attribute[] => Array.isArray(value)

const formatAttribute = ({ type, value }: Attribute): string =>
  isTemplate(value) ? formatTemplate(value) : format(type, value)

/** Reads one attribute as text, or says that it was refused or absent. Throws when the token or session is gone. */
export function readAttribute(
  module: Module,
  session: Handle,
  object: Handle,
  type: number,
): { ok: true; value: string } | { ok: false; reason: string } {
  const result = attemptPresent(() => {
    if (type === CKA.UNWRAP_TEMPLATE || type === CKA.WRAP_TEMPLATE) {
      const value = module.getTemplate(session, object, type)
      return value === 'absent' ? null : formatTemplate(value)
    }
    const value = module.getAttribute(session, object, type)
    return value === 'absent' ? null : format(type, value)
  })
  if (!result.ok) return { ok: false, reason: result.error.ckr?.name ?? result.error.code }
  return result.value === null ? { ok: false, reason: 'absent' } : { ok: true, value: result.value }
}

/** Reads every attribute of a template back, one at a time, and compares it with what was asked for. */
export function compareAttributes(
  module: Module,
  session: Handle,
  object: Handle,
  expected: readonly Attribute[],
): AttributeReport[] {
  return expected.map((attribute) => {
    const wanted = formatAttribute(attribute)
    const read = readAttribute(module, session, object, attribute.type)
    const actual = read.ok ? read.value : `unreadable:${read.reason}`
    return {
      attribute: attributeName(attribute.type),
      expected: wanted,
      actual,
      ok: read.ok && actual === wanted,
    }
  })
}

/** Attributes shown without being compared. */
export function showAttributes(
  module: Module,
  session: Handle,
  object: Handle,
  wanted: readonly AttributeName[],
): AttributeReport[] {
  return wanted.map((attribute) => {
    const read = readAttribute(module, session, object, CKA[attribute])
    return {
      attribute,
      expected: null,
      actual: read.ok ? read.value : `unreadable:${read.reason}`,
      ok: read.ok,
    }
  })
}
