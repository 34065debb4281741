import { withoutHidden } from '@lux/crypto/text'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** Most characters, as Unicode counts them, of a description and of a search. */
export const maxDescription = 500
export const maxSearch = 64
/** Most days between two rotations of a key by itself. */
export const maxRotationDays = 3650

const nameShape = /^(?=.{1,32}$)[a-z0-9]+(?:-[a-z0-9]+)*$/
const descriptionShape = new RegExp(`^.{0,${maxDescription}}$`, 'su')
const searchShape = new RegExp(`^.{0,${maxSearch}}$`, 'su')

/** Refuses KEY-NAME and REQUEST-FIELDS. */
export function checkNamed({
  name,
  description,
}: {
  readonly name?: string
  readonly description?: string | null | undefined
}): Outcome<null> {
  if (name !== undefined && !nameShape.test(name))
    return refuse('KEY-NAME', 'a name is 1 to 32 of a-z, 0-9 and single dashes between')
  const text = description ?? ''
  if (!descriptionShape.test(text))
    return refuse('REQUEST-FIELDS', `description: expected at most ${maxDescription} characters`)
  const shows = text.split('\n').every((line) => withoutHidden(line, () => '') === line)
  return shows
    ? accept(null)
    : refuse('REQUEST-FIELDS', 'description: expected characters that a screen shows')
}

export const checkSearch = (search: string | null): Outcome<null> =>
  search === null || searchShape.test(search)
    ? accept(null)
    : refuse('REQUEST-FIELDS', `search: expected at most ${maxSearch} characters`)

/** A part of a text, whatever its case: all of what was asked is taken as it is. */
export const within = (wanted: string): string => `%${wanted.replaceAll(/[\\%_]/g, '\\$&')}%`

export const checkRotation = (days: number | null | undefined): Outcome<null> =>
  days === null || days === undefined || (Number.isInteger(days) && days >= 1 && days <= maxRotationDays)
    ? accept(null)
    : refuse('KEY-ROTATION-DAYS', `a key is rotated every 1 to ${maxRotationDays} days`)

const day = 24 * 3_600_000

/** When a key is rotated by itself; null: by hand alone. */
export const rotationOf = (days: number | null, now: Date) => ({
  rotate_every_days: days,
  rotate_at: days === null ? null : new Date(now.getTime() + days * day),
})
