import * as v from 'valibot'
import { expect, it } from 'vitest'
import { planSchemas, shapePlan } from '../../src/plan/schema.ts'
import { planOf, scriptNames } from '../engine/plans.ts'
import { secondFits } from '../support/second-reader.ts'

/** Valibot keeps a schema's parts under these names; a name that a schema lacks reads as undefined. */
type Walk = {
  type: string
  entries?: Record<string, Walk>
  item?: Walk
  wrapped?: Walk
  options?: readonly unknown[]
  literal?: unknown
  pipe?: readonly { type: string; requirement?: unknown }[]
}
type Place = { path: readonly (string | number)[]; schema: Walk }

const hex = (length: number) => '0a'.repeat(length)
const texts = [
  ...[
    '',
    'a',
    'A',
    'a-b',
    '-a',
    'a_b',
    'a.b',
    '7',
    'steps.a',
    'a\n',
    '\u0007',
    '\u0085',
    'a\u202eb',
    'a\u2028b',
    '~',
    'true',
  ],
  ...[64, 65, 128, 129, 200, 201, 2000, 2001].map((length) => 'x'.repeat(length)),
  ...[1, 2, 16, 32, 33, 64, 65].map(hex),
  ...[
    `${hex(32)}\n`,
    hex(32).toUpperCase(),
    hex(32).slice(1),
    `dev:${hex(20)}`,
    `dev:${hex(21)}`,
    '\u{1f600}'.repeat(100),
    '\u{1f600}'.repeat(101),
  ],
]
const numbers = [0, 1, -1, 2, 15, 16, 0xffff_ffff, 0x1_0000_0000, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 53, 1.5]
const values: readonly unknown[] = [...texts, ...numbers, null, true, false, [], {}, [1, 2, 3, 4], ['a', 'b']]

// A schema that is walked is one that valibot made.
const fits = (schema: Walk, value: unknown) => v.is(schema as unknown as v.GenericSchema, value)
const bare = (schema: Walk): Walk => (schema.wrapped === undefined ? schema : bare(schema.wrapped))
const roots = ([1, 2, 3] as const).map(
  (version) => [version, planSchemas[version] as unknown as Walk] as const,
)

/** A value that has every member that the schema knows. */
function wholeOf(given: Walk): unknown {
  const schema = bare(given)
  if (schema.entries)
    return Object.fromEntries(Object.entries(schema.entries).map(([key, one]) => [key, wholeOf(one)]))
  if (schema.item) return [wholeOf(schema.item)]
  if (schema.options) return schema.options[0]
  const found = [schema.literal, ...values].find((value) => value !== undefined && fits(schema, value))
  if (found === undefined) throw new Error(`no value fits a schema of type ${schema.type}`)
  return found
}

function placesIn(given: Walk, path: Place['path'] = []): Place[] {
  const schema = bare(given)
  const below = [...Object.entries(schema.entries ?? {}), ...(schema.item ? [[0, schema.item] as const] : [])]
  return [{ path, schema }, ...below.flatMap(([key, one]) => placesIn(one, [...path, key]))]
}

/** The plan with another value at a place. */
function replaced(value: unknown, [key, ...path]: Place['path'], by: unknown): unknown {
  if (key === undefined) return by
  if (Array.isArray(value)) return value.map((one, at) => (at === key ? replaced(one, path, by) : one))
  // The path is one of this value, so that what is no list is a map.
  const map = value as Record<string, unknown>
  return { ...map, [key]: replaced(map[key], path, by) }
}

function at(value: unknown, path: Place['path']): unknown {
  return path.reduce((now, key) => (now as Record<string | number, unknown>)[key], value)
}

/** What may stand at a place and what may not: as the schema has it, and everything near it. */
function othersAt({ schema, path }: Place, whole: unknown): unknown[] {
  const here = at(whole, path)
  const others: unknown[] = [
    ...values,
    ...(schema.options ?? []),
    ...(schema.options ?? []).map((one) => `${one}s`),
  ]
  for (const key of Object.keys(schema.entries ?? {}))
    others.push(Object.fromEntries(Object.entries(here as object).filter(([one]) => one !== key)))
  if (schema.entries) others.push({ ...(here as object), destinatoins: [] })
  for (const { type, requirement } of schema.pipe ?? [])
    if (schema.item && type === 'max_length')
      for (const length of [Number(requirement), Number(requirement) + 1])
        others.push(Array.from({ length }, () => (here as unknown[])[0]))
  return others
}

it.each(roots)(
  'PLAN-03 the second verifier takes a plan of version %s of the same members, kinds of steps, lengths and types as the first',
  (_version, root) => {
    const whole = wholeOf(root)
    expect(fits(root, whole)).toBe(true)
    const plans = placesIn(root).flatMap((place) =>
      othersAt(place, whole).map((other) => replaced(whole, place.path, other)),
    )
    plans.unshift(whole, ...scriptNames.map((name) => planOf(name, 'production').plan))
    const first = plans.map((plan) => shapePlan(plan).ok)
    expect(first.filter((one) => one).length).toBeGreaterThan(600)
    const second = secondFits(plans)
    const apart = plans.filter((_plan, index) => first[index] !== second[index])
    expect(apart).toEqual([])
  },
)
