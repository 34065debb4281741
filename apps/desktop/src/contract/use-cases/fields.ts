/**
 * What a call takes, as data: the page reads its types, main and core check what arrives by it. Neither the page nor main
 * may load the schema library of core, so `readField` is the one reader of all three.
 */
export type Field<T> = Form & { readonly value?: T }

type Form =
  | { readonly kind: 'text'; readonly least: number; readonly most: number; readonly form?: RegExp }
  | { readonly kind: 'count'; readonly least: number; readonly most: number }
  | { readonly kind: 'yes-no' }
  | { readonly kind: 'one-of'; readonly values: readonly unknown[] }
  | { readonly kind: 'list'; readonly of: Field<unknown>; readonly most: number }
  | { readonly kind: 'named'; readonly name: Field<string>; readonly of: Field<unknown> }
  | { readonly kind: 'group'; readonly fields: Readonly<Record<string, Field<unknown>>> }
  | { readonly kind: 'one-group-of'; readonly groups: readonly Field<unknown>[] }
  | { readonly kind: 'or-null'; readonly of: Field<unknown> }
  | { readonly kind: 'optional'; readonly of: Field<unknown> }
  /** Whoever takes it has a reader of its own for it. */
  | { readonly kind: 'read-elsewhere' }

type Optional<T> = Field<T> & { readonly optional: true }
type Fields = Readonly<Record<string, Field<unknown>>>
export type ValueOf<F> = F extends Field<infer T> ? T : never
type Flat<T> = { [K in keyof T]: T[K] }
export type GroupOf<F extends Fields> = keyof F extends never
  ? Record<string, never>
  : Flat<
      { [K in keyof F as F[K] extends Optional<unknown> ? never : K]: ValueOf<F[K]> } & {
        [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: ValueOf<F[K]>
      }
    >

/** Lengths are UTF-16 units. */
export const textOf = (most: number, least = 0, form?: RegExp): Field<string> =>
  form === undefined ? { kind: 'text', least, most } : { kind: 'text', least, most, form }
export const countOf = (most: number, least = 0): Field<number> => ({ kind: 'count', least, most })
export const yesNo: Field<boolean> = { kind: 'yes-no' }
export const oneOf = <const T extends string | number | boolean>(values: readonly T[]): Field<T> => ({
  kind: 'one-of',
  values,
})
export const listOf = <T>(of: Field<T>, most: number): Field<T[]> => ({ kind: 'list', of, most })
export const named = <T>(name: Field<string>, of: Field<T>): Field<Record<string, T>> => ({
  kind: 'named',
  name,
  of,
})
export const group = <const F extends Fields>(fields: F): Field<GroupOf<F>> => ({ kind: 'group', fields })
/** The first of these groups that fits. */
export const oneGroupOf = <const G extends readonly Field<unknown>[]>(
  ...groups: G
): Field<ValueOf<G[number]>> => ({ kind: 'one-group-of', groups })
export const orNull = <T>(of: Field<T>): Field<T | null> => ({ kind: 'or-null', of })
export const optional = <T>(of: Field<T>): Optional<T> => ({ kind: 'optional', of, optional: true })
export const readElsewhere = <T>(): Field<T> => ({ kind: 'read-elsewhere' })

/** Null where `value` is as the field says, else the path of the first that is not; it never quotes a value. */
export function fieldFault(field: Field<unknown>, value: unknown, path = ''): string | null {
  switch (field.kind) {
    case 'text':
      return typeof value === 'string' &&
        value.length >= field.least &&
        value.length <= field.most &&
        field.form?.test(value) !== false
        ? null
        : path
    case 'count':
      return typeof value === 'number' &&
        Number.isSafeInteger(value) &&
        value >= field.least &&
        value <= field.most
        ? null
        : path
    case 'yes-no':
      return typeof value === 'boolean' ? null : path
    case 'one-of':
      return field.values.includes(value) ? null : path
    case 'or-null':
      return value === null ? null : fieldFault(field.of, value, path)
    case 'optional':
      return fieldFault(field.of, value, path)
    case 'list':
      return !Array.isArray(value) || value.length > field.most
        ? path
        : first(value, (one, at) => fieldFault(field.of, one, below(path, String(at))))
    case 'named':
      return !isGroup(value)
        ? path
        : first(Object.entries(value), ([name, one]) =>
            reserved.has(name)
              ? below(path, name)
              : (fieldFault(field.name, name, below(path, name)) ??
                fieldFault(field.of, one, below(path, name))),
          )
    case 'group':
      return isGroup(value) ? groupFault(field.fields, value, path) : path
    case 'one-group-of':
      return field.groups.some((one) => fieldFault(one, value) === null) ? null : path
    case 'read-elsewhere':
      return null
  }
}

/** Names that JavaScript gives a meaning: no person calls anything so. */
const reserved: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function groupFault(fields: Fields, value: Readonly<Record<string, unknown>>, path: string): string | null {
  const known = first(Object.entries(fields), ([name, field]) =>
    Object.hasOwn(value, name)
      ? fieldFault(field, value[name], below(path, name))
      : field.kind === 'optional'
        ? null
        : below(path, name),
  )
  return (
    known ?? first(Object.keys(value), (name) => (Object.hasOwn(fields, name) ? null : below(path, name)))
  )
}

function first<T>(all: readonly T[], fault: (one: T, at: number) => string | null): string | null {
  for (const [at, one] of all.entries()) {
    const found = fault(one, at)
    if (found !== null) return found
  }
  return null
}

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
