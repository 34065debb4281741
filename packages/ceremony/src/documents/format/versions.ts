import * as v from 'valibot'
import { earlierTexts, type Texts, texts } from './fields.ts'

/** The versions that a signed format has. */
export type Version = 1 | 2 | 3

/** What every format is made in. */
export const newest = 3 satisfies Version

/** A format of any version as one type: what a later version alone has is optional in it. */
export type AnyVersion<T> = Omit<T, 'v'> & { v: Version }

/** `v` as a document has it. */
export const version = v.picklist([1, 2, 3])

/** Names and lines of a version: since version 3 they keep the text rule, SPEC.md 1.1. */
export const textsOf: { readonly [V in Version]: Texts } = { 1: earlierTexts, 2: earlierTexts, 3: texts }

/** The version that a value says it has; null where there is no such version. */
export function versionOf(value: unknown): Version | null {
  const said = typeof value === 'object' && value !== null && 'v' in value ? value.v : null
  return said === 1 || said === 2 || said === 3 ? said : null
}

/** Of a format that has two: the shape that a value's own `v` asks for. */
export function eitherVersion<One, Two>(
  one: v.GenericSchema<unknown, One>,
  two: v.GenericSchema<unknown, Two>,
): v.GenericSchema<unknown, One | Two> {
  return v.lazy((value) => (versionOf(value) === 2 ? two : one))
}

const none = v.strictObject({ v: version })

/** The shape that a value's own `v` asks for: what a version has not is refused in it, and so is every other version. */
export function versions<T extends { v: Version }>(
  table: {
    readonly [V in Version]: v.GenericSchema<unknown, T>
  },
): v.GenericSchema<unknown, T> {
  return v.lazy((value) => {
    const said = versionOf(value)
    // No table has this shape, so what it lets through is nothing that any of them takes.
    return said === null ? (none as unknown as v.GenericSchema<unknown, T>) : table[said]
  })
}
