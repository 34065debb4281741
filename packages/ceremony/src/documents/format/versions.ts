import * as v from 'valibot'

/** The versions that a signed format has. */
export type Version = 1 | 2

/** A format of either version as one type: what version 2 alone has is optional in it. */
export type EitherVersion<T> = Omit<T, 'v'> & { v: Version }

/** `v` of version 1. What says something else is neither, for `versions` takes version 2 apart. */
export const version1 = v.literal(1, 'expected 1 or 2')
export const version2 = v.literal(2)

export function isOfVersion2(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'v' in value && value.v === 2
}

/** The shape that a value's own `v` asks for: what version 1 has not is refused in it. */
export function versions<T extends { v: Version }>(
  one: v.GenericSchema<unknown, T>,
  two: v.GenericSchema<unknown, T>,
): v.GenericSchema<unknown, T> {
  return v.lazy((value) => (isOfVersion2(value) ? two : one))
}
