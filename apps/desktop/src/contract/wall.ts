import { isLanguage, type Language } from './languages.ts'

/**
 * All that ever reaches the window on the wall, already in words: who acts, what is asked, the time, how far, the keys, one value of a
 * result, and the four words that are read now. Nothing else passes `readWall`: there is no place here for a PIN, a share, a phrase, a path, a command or a whole
 * digest.
 */
export type Wall = {
  language: Language
  direction: 'ltr' | 'rtl'
  title: string
  organisation: string
  /** What a rehearsal is called; null in production. */
  rehearsal: string | null
  step: string
  who: string
  role: string
  what: string
  state: 'step' | 'result' | 'stopped' | 'ended'
  /** ISO-8601 UTC: since when the ceremony runs. */
  since: string
  /** When it ended; null while it runs. */
  until: string | null
  labels: { running: string; utc: string; keys: string }
  /** The one value of a result that the room reads: how many attacks held, a serial. */
  evidence: { name: string; value: string } | null
  parts: { title: string; done: number; total: number; now: boolean }[]
  keys: { name: string; note: string; depth: number; state: 'todo' | 'now' | 'made' | 'before' }[]
  reading: {
    what: string
    card: string
    /** Place of the first word, and how many cards were heard before. */
    first: number
    heard: number
    differs: boolean
    words: { word: string; byte: string }[]
  } | null
}

/** A wall is read from afar, in letters of 32 px and more at 1920 x 1080: of more than these only those around the one in hand. */
export const wallLimits = { parts: 6, keys: 6 } as const

/** A number, a level or a serial, as it is read aloud; no path, command or digest has this shape. */
export const evidenceShape = /^(?=.{1,24}$)[0-9A-Za-z.-]{1,16}(?: [0-9A-Za-z.-]{1,16}){0,4}$/

/** Whether the window on the wall is open, and why: somebody asked, its display went away, or it ended by itself. */
export type WallState = { open: boolean; why: 'asked' | 'unplugged' | 'ended' }

type Check = (value: unknown) => boolean

const isLine: Check = (value) =>
  typeof value === 'string' && value.length <= 300 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)
const isCount: Check = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 10_000
const isFlag: Check = (value) => typeof value === 'boolean'
const matches =
  (shape: RegExp): Check =>
  (value) =>
    typeof value === 'string' && shape.test(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const listOf =
  (check: Check, most: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(check)

const isTime = matches(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/)

/** An object with these members, each of them, and no other. */
const only =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === Object.keys(members).length &&
    Object.entries(members).every(
      ([name, check]) => Object.hasOwn(value, name) && check(Reflect.get(value, name)),
    )

const hasItsMembers = only({
  language: isLanguage,
  direction: matches(/^(ltr|rtl)$/),
  title: isLine,
  organisation: isLine,
  rehearsal: orNull(isLine),
  step: isLine,
  who: isLine,
  role: isLine,
  what: isLine,
  state: matches(/^(step|result|stopped|ended)$/),
  since: isTime,
  until: orNull(isTime),
  evidence: orNull(only({ name: isLine, value: matches(evidenceShape) })),
  labels: only({ running: isLine, utc: isLine, keys: isLine }),
  parts: listOf(only({ title: isLine, done: isCount, total: isCount, now: isFlag }), wallLimits.parts),
  keys: listOf(
    only({ name: isLine, note: isLine, depth: isCount, state: matches(/^(todo|now|made|before)$/) }),
    wallLimits.keys,
  ),
  reading: orNull(
    only({
      what: isLine,
      card: isLine,
      first: isCount,
      heard: isCount,
      differs: isFlag,
      words: listOf(only({ word: matches(/^[A-Za-z]{1,20}$/), byte: matches(/^[0-9a-f]{2}$/) }), 4),
    }),
  ),
})

/** Every member is looked at, and there is no other. */
function isWall(value: unknown): value is Wall {
  return hasItsMembers(value)
}

/** What may stand on the wall, or null where anything else is in it. */
export function readWall(value: unknown): Wall | null {
  return isWall(value) ? value : null
}
