import { FormatError } from '@lux/crypto'
import { type TagName, tagName, tags } from './tags.ts'
import type { Item, ItemType, Values } from './ttlv.ts'

/**
 * The fields of a structure, read in the order in which the specification lists them. What is missing, of another type, unknown or
 * out of order throws FormatError KMIP-MESSAGE, which names fields and no values.
 */
export type Fields = {
  /** The value of the next item if it has this tag, else null. */
  optional<Type extends ItemType>(name: TagName, type: Type): Values[Type] | null
  required<Type extends ItemType>(name: TagName, type: Type): Values[Type]
  many<Type extends ItemType>(name: TagName, type: Type): readonly Values[Type][]
  /** The next item whole if it has this tag, of whatever type. */
  optionalItem(name: TagName): Item | null
  /** Every item that is left. */
  rest(): readonly Item[]
  end(): void
}

export function openFields(owner: TagName, items: readonly Item[]): Fields {
  let at = 0

  function optionalItem(name: TagName): Item | null {
    const item = items[at]
    if (item?.tag !== tags[name]) return null
    at++
    return item
  }

  function optional<Type extends ItemType>(name: TagName, type: Type): Values[Type] | null {
    const item = optionalItem(name)
    if (item === null) return null
    if (item.type !== type) throw misfit(owner, `${name} is of type ${item.type}, expected ${type}`)
    // Its type has just been compared.
    return item.value as Values[Type]
  }

  return {
    optional,
    optionalItem,
    required(name, type) {
      const value = optional(name, type)
      if (value === null) throw misfit(owner, `${name} is missing or out of order`)
      return value
    },
    many(name, type) {
      const values: Values[typeof type][] = []
      for (let value = optional(name, type); value !== null; value = optional(name, type)) values.push(value)
      return values
    },
    rest() {
      const left = items.slice(at)
      at = items.length
      return left
    },
    end() {
      const item = items[at]
      if (item !== undefined)
        throw misfit(owner, `${tagName(item.tag) ?? 'an unknown field'} does not belong there`)
    },
  }
}

export const misfit = (owner: TagName, detail: string) =>
  new FormatError('KMIP-MESSAGE', `${owner}: ${detail}`)

export const structure = (name: TagName, value: readonly (Item | null)[]): Item => ({
  tag: tags[name],
  type: 'structure',
  value: value.filter((item) => item !== null),
})
export const integer = (name: TagName, value: number): Item => ({ tag: tags[name], type: 'integer', value })
export const enumeration = (name: TagName, value: number): Item => ({
  tag: tags[name],
  type: 'enumeration',
  value,
})
export const boolean = (name: TagName, value: boolean): Item => ({ tag: tags[name], type: 'boolean', value })
export const textString = (name: TagName, value: string): Item => ({
  tag: tags[name],
  type: 'text-string',
  value,
})
export const byteString = (name: TagName, value: Uint8Array): Item => ({
  tag: tags[name],
  type: 'byte-string',
  value,
})
/** To the second, as KMIP has it. */
export const dateTime = (name: TagName, value: Date): Item => ({
  tag: tags[name],
  type: 'date-time',
  value: BigInt(Math.floor(value.getTime() / 1000)),
})

/** An item, or none where there is no value. */
export function given<Value>(
  value: Value | null,
  make: (name: TagName, value: Value) => Item,
  name: TagName,
): Item | null {
  return value === null ? null : make(name, value)
}
