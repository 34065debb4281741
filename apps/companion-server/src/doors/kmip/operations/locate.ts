import { accept, equalBytes, type Outcome } from '@lux/crypto'
import { maxPage } from '../../../access/page.ts'
import { maxSearch } from '../../../keys/named.ts'
import { type Fields, integer, misfit, openFields, textString } from '../codec/fields.ts'
import { encodeItem, type Item } from '../codec/ttlv.ts'
import { type Attribute, readAttribute, sameName } from '../message/attributes.ts'
import type { Version } from '../message/versions.ts'
import { attributesOf, kindOf, ofVersion } from './key-attributes.ts'
import { type Asked, type Operation, publicIdentifier } from './operation.ts'

/** Bits of a Storage Status Mask: every key here is on-line, and none archived or destroyed. */
const onLine = 1

type Filter = {
  readonly maximum: number | null
  readonly offset: number
  /** What no key here can be, whatever its attributes: archived, or a member of a group. */
  readonly none: boolean
  readonly attributes: readonly Attribute[]
}

function readFilter(version: Version, fields: Fields): Filter {
  const maximum = fields.optional('MaximumItems', 'integer')
  const offset = version >= '1.3' ? fields.optional('OffsetItems', 'integer') : null
  const status = fields.optional('StorageStatusMask', 'integer')
  const member = version >= '1.1' ? fields.optional('ObjectGroupMember', 'enumeration') : null
  if ((maximum ?? 0) < 0 || (offset ?? 0) < 0)
    throw misfit('RequestPayload', 'MaximumItems or OffsetItems is below 0')
  const items = version < '2.0' ? fields.rest() : (fields.optional('Attributes', 'structure') ?? [])
  fields.end()
  const attributes = items.map((item) => readAttribute(version, item))
  for (const { name } of attributes)
    if (attributes.filter((other) => isDate(other) && sameName(other.name, name)).length > 2)
      throw misfit('RequestPayload', 'a date is given more than twice')
  return {
    maximum,
    offset: offset ?? 0,
    none: (status !== null && (status & onLine) === 0) || member !== null,
    attributes,
  }
}

const isDate = ({ value }: Attribute): boolean => value.type === 'date-time'

/**
 * One filter among all: equal to some instance, or to that of its index; of a structure what the filter gives; a mask within the
 * object's; a date given twice is a span, ends included.
 */
function matches(wanted: Attribute, filters: readonly Attribute[], all: readonly Attribute[]): boolean {
  const { value, index: at } = wanted
  const mine = all.filter(
    ({ name, index }) => sameName(name, wanted.name) && (at === null || at === (index ?? 0)),
  )
  if (value.type === 'date-time') {
    const times = filters.flatMap(({ name, value: other }) =>
      other.type === 'date-time' && sameName(name, wanted.name) ? [other.value] : [],
    )
    const [one = value.value, other = one] = times
    const [from, to] = one < other ? [one, other] : [other, one]
    return mine.some(({ value: own }) => own.type === 'date-time' && own.value >= from && own.value <= to)
  }
  if (wanted.name === 'CryptographicUsageMask' && value.type === 'integer')
    return mine.some(({ value: own }) => own.type === 'integer' && (own.value & value.value) === value.value)
  return mine.some(({ value: own }) =>
    value.type === 'structure' && own.type === 'structure'
      ? value.value.every((field) => own.value.some((one) => sameItem(one, field)))
      : sameItem(own, value),
  )
}

const sameItem = (one: Item, other: Item): boolean => equalBytes(encodeItem(one), encodeItem(other))

/** The keys of the client's project that every filter fits, the newest first. */
export const locate: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const filter = readFilter(asked.version, openFields('RequestPayload', payload))
    const all = await matching(asked, filter)
    if (!all.ok) return all
    const found = filter.none ? [] : all.value
    const end = filter.maximum === null ? found.length : filter.offset + filter.maximum
    const shown = found.slice(filter.offset, end)
    return accept({
      payload: [
        ...(asked.version >= '1.3' ? [integer('LocatedItems', found.length)] : []),
        ...shown.map((id) => textString('UniqueIdentifier', id)),
      ],
      placeholder: shown.length === 1 ? (shown[0] ?? null) : null,
    })
  },
}

async function matching(
  asked: Asked,
  { attributes, maximum, offset: before }: Filter,
): Promise<Outcome<readonly string[]>> {
  const withStates = attributes.some(({ name }) => ofVersion.some((one) => one === name))
  // Before 1.3 nobody hears how many there are.
  const enough = asked.version >= '1.3' || maximum === null ? Number.POSITIVE_INFINITY : before + maximum
  // One that was read may move to the next page while another is made.
  const found = new Set<string>()
  for (let offset = 0; ; offset += maxPage) {
    const room = offset === 0 ? accept(null) : asked.room()
    if (!room.ok) return room
    const list = await asked.keys.list(asked.call(), {
      project: asked.project,
      page: {
        ...{ offset, limit: maxPage, search: searchOf(attributes), withStates },
        ...{ orderBy: 'created_at', orderDirection: 'desc' },
      },
    })
    if (!list.ok) return list
    for (const key of list.value.keys) {
      const halves =
        kindOf(key)?.object === 'PrivateKey' ? (['whole', 'public'] as const) : (['whole'] as const)
      for (const half of halves) {
        const own = attributesOf(key, list.value.states.get(key.id) ?? null, half)
        if (!attributes.every((wanted) => matches(wanted, attributes, own))) continue
        found.add(half === 'public' ? publicIdentifier(key.id) : key.id)
      }
    }
    if (found.size >= enough || offset + maxPage >= list.value.total) return accept([...found])
  }
}

/** A name that is looked for narrows what is read; whether it is the whole name, `matches` says. */
function searchOf(attributes: readonly Attribute[]): string | null {
  const value = attributes.find(({ name }) => name === 'Name')?.value
  if (value?.type !== 'structure') return null
  const [text] = value.value
  if (text?.type !== 'text-string' || text.value === '' || text.value.includes('\0')) return null
  // Its beginning is enough, cut between characters and not within one.
  return Array.from(text.value.slice(0, 2 * maxSearch))
    .slice(0, maxSearch)
    .join('')
}
