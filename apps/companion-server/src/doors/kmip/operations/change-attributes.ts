import { accept, type Outcome, refuse } from '@lux/crypto'
import type { ObjectChange } from '../../../keys/operations/objects.ts'
import type { StoredKey } from '../../../keys/repository.ts'
import type { KeptAttribute } from '../../../platform/database/tables.ts'
import { type Fields, misfit, openFields, textString } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'
import {
  type Attribute,
  type AttributeName,
  nameFromText,
  readAttribute,
  readName,
  sameName,
  textOfName,
  writeAttribute,
} from '../message/attributes.ts'
import { isKept, isSeveral, keep, kept, keptName, nameText } from './given-attributes.ts'
import { type Asked, keyOf, type Operation, readIdentifier } from './operation.ts'

/** What is there of one name, in order: 1.x counts its instances. */
const ofName = (all: readonly KeptAttribute[], name: AttributeName) =>
  all.filter((one) => one.name === keptName(name))

const readOnly = (name: AttributeName) =>
  refuse('KMIP-READ-ONLY', `${textOfName(name)} is not for a client to change`)

function add(key: StoredKey, one: Attribute): Outcome<ObjectChange> {
  const { name, value } = one
  if (name === 'Name')
    return key.label === null
      ? accept({ label: nameText(value) })
      : refuse('KMIP-FEATURE', 'an object has one Name')
  if (!isKept(name)) return readOnly(name)
  const there = ofName(key.attributes, name)
  if (there.length > 0 && !isSeveral(name))
    return refuse('KMIP-ATTRIBUTE-SINGLE', `the object has a ${textOfName(name)} already`)
  return accept({ attributes: [...key.attributes, keep(one)] })
}

/** `place`: which of several, by its number in 1.x and by its value since 2.0. */
function modify(key: StoredKey, one: Attribute, place: Place): Outcome<ObjectChange> {
  const { name, value } = one
  if (name === 'Name') return key.label === null ? absentOf(name) : accept({ label: nameText(value) })
  if (name === 'ActivationDate' && key.lifecycle.activated !== undefined)
    return refuse('KEY-STATE', 'it is active already, and its Activation Date is over')
  if (!isKept(name)) return readOnly(name)
  const at = positionOf(key.attributes, name, place)
  if (at === null) return absentOf(name)
  return accept({ attributes: key.attributes.map((other, index) => (index === at ? keep(one) : other)) })
}

function remove(key: StoredKey, name: AttributeName, place: Place): Outcome<ObjectChange> {
  if (name === 'Name') return key.label === null ? absentOf(name) : accept({ label: null })
  if (!isKept(name)) return readOnly(name)
  if (place === 'all') {
    if (ofName(key.attributes, name).length === 0) return absentOf(name)
    return accept({ attributes: key.attributes.filter((other) => other.name !== keptName(name)) })
  }
  const at = positionOf(key.attributes, name, place)
  return at === null
    ? absentOf(name)
    : accept({ attributes: key.attributes.filter((_, index) => index !== at) })
}

function set(key: StoredKey, one: Attribute): Outcome<ObjectChange> {
  if (one.name === 'Name') return accept({ label: nameText(one.value) })
  if (!isKept(one.name)) return readOnly(one.name)
  const others = key.attributes.filter((other) => other.name !== keptName(one.name))
  return accept({ attributes: [...others, keep(one)] })
}

type Place = number | KeptAttribute | 'all'

function positionOf(all: readonly KeptAttribute[], name: AttributeName, place: Place): number | null {
  const text = keptName(name)
  let number = 0
  for (const [index, one] of all.entries()) {
    if (one.name !== text) continue
    if (typeof place === 'number' ? number === place : place !== 'all' && place.value === one.value)
      return index
    number++
  }
  return null
}

const absentOf = (name: AttributeName) =>
  refuse('KMIP-ATTRIBUTE-ABSENT', `the object has no such ${textOfName(name)}`)

type Read = (
  asked: Asked,
  fields: Fields,
) => {
  change(key: StoredKey): Outcome<ObjectChange>
  /** Since 2.0 the answer names the object alone. */
  shown(key: StoredKey): Attribute | null
}

const operation = (since: '1.0' | '2.0', read: Read): Operation => ({
  since,
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    const { change, shown } = read(asked, fields)
    fields.end()
    const { keys, version } = asked
    let before: StoredKey | null = null
    const made = await keys.describe(asked.call(), {
      id: keyOf(id).key,
      change(key) {
        before = key
        return change(key)
      },
    })
    if (!made.ok) return made
    const one = shown(before ?? made.value)
    const item = version < '2.0' && one !== null ? writeAttribute(version, one) : null
    return accept({
      payload: [textString('UniqueIdentifier', id), ...(item === null ? [] : [item])],
      placeholder: id,
    })
  },
})

/** The one attribute of a payload: as 1.x writes it, or within NewAttribute or CurrentAttribute. */
function readOne(
  { version }: Asked,
  fields: Fields,
  since2: 'NewAttribute' | 'CurrentAttribute',
): Attribute | null {
  if (version < '2.0') {
    const item = fields.optionalItem('Attribute')
    return item === null ? null : readAttribute(version, item)
  }
  const inner = fields.optional(since2, 'structure')
  const [item, more] = inner ?? []
  if (inner !== null && (item === undefined || more !== undefined))
    throw misfit(since2, 'one attribute is expected')
  return item === undefined ? null : readAttribute(version, item)
}

function requireOne(one: Attribute | null): Attribute {
  if (one === null) throw misfit('RequestPayload', 'an attribute is missing')
  return one
}

export const addAttribute = operation('1.0', (asked, fields) => {
  const one = requireOne(readOne(asked, fields, 'NewAttribute'))
  if (one.index !== null && one.index !== 0 && asked.version < '2.0')
    throw misfit('Attribute', 'an AttributeIndex is for the server to give')
  return { change: (key) => add(key, one), shown: () => one }
})

export const modifyAttribute = operation('1.0', (asked, fields) => {
  // Since 2.0 the one that is there comes first, where there are several.
  const current = asked.version < '2.0' ? null : readOne(asked, fields, 'CurrentAttribute')
  const one = requireOne(readOne(asked, fields, 'NewAttribute'))
  const place = current === null ? (one.index ?? 0) : keep(current)
  return { change: (key) => modify(key, one, place), shown: () => one }
})

export const setAttribute = operation('2.0', (asked, fields) => {
  const one = requireOne(readOne(asked, fields, 'NewAttribute'))
  return { change: (key) => set(key, one), shown: () => null }
})

export const deleteAttribute = operation('1.0', (asked, fields) => {
  const { version } = asked
  if (version < '2.0') {
    const name = nameFromText(version, fields.required('AttributeName', 'text-string'))
    const index = fields.optional('AttributeIndex', 'integer') ?? 0
    return { change: (key) => remove(key, name, index), shown: (key) => shownOf(key, name, index) }
  }
  const current = readOne(asked, fields, 'CurrentAttribute')
  if (current !== null) {
    const { name } = current
    return {
      change: (key) => remove(key, name, isSeveral(name) ? keep(current) : 0),
      shown: () => null,
    }
  }
  const reference: Item | null = fields.optionalItem('AttributeReference')
  if (reference === null) throw misfit('RequestPayload', 'an attribute is missing')
  const name = readName(version, reference)
  return { change: (key) => remove(key, name, 'all'), shown: () => null }
})

/** What is deleted, as 1.x answers it. */
function shownOf(key: StoredKey, name: AttributeName, index: number): Attribute | null {
  return kept(key.attributes).filter((one) => sameName(one.name, name))[index] ?? null
}
