import { randomBytes } from 'node:crypto'
import type { HsmError, KeyClass } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { attributeName, CKA, is, raw } from '../library/attributes.ts'
import { attempt, attemptPresent } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { TokenSession } from '../session/session.ts'
import { askedFor, bindingsOf, classOf, isOptional, roleOf } from './needs.ts'

/** One template, or a pair's two. */
export type Templates = readonly (readonly Attribute[])[]

export type Accepted<T> = {
  readonly value: T
  readonly sent: Templates
  /** What the token did not take: reported, never silently dropped. */
  readonly lacking: Templates
}

/** How an object comes to be: tokens differ in what they take for each. */
export type Making = 'generate' | 'pair' | 'create' | 'unwrap' | 'derive'

type Make<T> = {
  readonly by: Making
  readonly asked: Templates
  readonly make: (sent: Templates) => T
  /** Takes away what was made to find out what the token takes. */
  readonly discard: (made: T) => void
}

/** How tokens say that they do not take an attribute; none of these codes names it. */
const refusals: ReadonlySet<string> = new Set([
  'CKR_ATTRIBUTE_TYPE_INVALID',
  'CKR_ATTRIBUTE_VALUE_INVALID',
  'CKR_TEMPLATE_INCONSISTENT',
])

/** NSS says so of an attribute that its database has no column for. What is unwrapped may have failed for its bytes. */
const isVague = (by: Making, { ckr }: HsmError): boolean =>
  by !== 'unwrap' && by !== 'derive' && ckr?.name === 'CKR_GENERAL_ERROR'

const isRefusal = (by: Making, error: HsmError): boolean =>
  refusals.has(error.ckr?.name ?? '') || isVague(by, error)

/** An attribute of one of the templates. `name` has its value too: a token that refuses one list of mechanisms may take another. */
type Place = { readonly at: number; readonly one: Attribute; readonly name: string }

const placesOf = (
  asked: Templates,
  wanted: (one: Attribute, template: readonly Attribute[]) => boolean,
): Place[] =>
  asked.flatMap((template, at) =>
    template
      .filter((one) => wanted(one, template))
      .map((one) => ({ at, one, name: `${classOf(template)} ${attributeName(one.type)} ${bytesOf(one)}` })),
  )

const bytesOf = ({ value }: Attribute): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : ''

const accepted = <T>(asked: Templates, value: T, left: readonly Place[]): Accepted<T> => ({
  value,
  sent: without(asked, left),
  lacking: asked.map((template, at) => template.filter((one) => isAmong(left, at, one))),
})

const isAmong = (places: readonly Place[], at: number, one: Attribute): boolean =>
  places.some((place) => place.at === at && place.one === one)

const without = (asked: Templates, left: readonly Place[]): Templates =>
  left.length === 0 ? asked : asked.map((template, at) => template.filter((one) => !isAmong(left, at, one)))

/** The attributes of a pair's halves that this token's library cannot be sent at all, taken out. */
export function withoutUnsendable(
  token: TokenSession,
  keyClass: Exclude<KeyClass, 'secret'>,
  asked: readonly Attribute[],
): readonly Attribute[] {
  const left = new Set(token.profile.leavesOut[keyClass])
  return asked.filter(({ type }) => !left.has(attributeName(type)))
}

/**
 * Makes an object from templates. Where the token refuses them, finds the optional attributes that it does not take, by leaving out one at
 * a time and then all. Remembers them while the token is open. Errors: HSM-ATTRIBUTE-REFUSED, with the attribute and the role where the
 * role needs it.
 */
export function withAccepted<T>(token: TokenSession, making: Make<T>): Accepted<T> {
  const { by, asked, make, discard } = making
  const lacks = token.lacks.get(by)
  const known = lacks === undefined ? [] : placesOf(asked, isOptional).filter(({ name }) => lacks.has(name))
  const first = attempt(() => make(without(asked, known)))
  if (first.ok) return accepted(asked, first.value, known)
  if (!isRefusal(by, first.error)) throw first.error
  const optional = placesOf(asked, isOptional)
  const learned = ({ value, left }: Found<T>): Accepted<T> => {
    token.lacks.set(by, new Set([...(lacks ?? []), ...left.map(({ name }) => name)]))
    return accepted(asked, value, left)
  }
  const found = search(
    making,
    known,
    optional.filter(({ name }) => !lacks?.has(name)),
  )
  if (found === null) throw named(making, without(asked, optional), first.error)
  if (!isVague(by, first.error)) return learned(found)
  // A vague code may come from a passing fault. If the same key works now, throw the fault and blame no attribute.
  discard(found.value)
  const again = attemptPresent(() => make(without(asked, known)))
  if (again.ok) discard(again.value)
  if (again.ok || !isRefusal(by, again.error)) throw first.error
  return learned({ value: make(without(asked, found.left)), left: found.left })
}

type Found<T> = { readonly value: T; readonly left: readonly Place[] }

/** What the token makes with as little left out as it takes, or null. */
function search<T>(making: Make<T>, known: readonly Place[], candidates: readonly Place[]): Found<T> | null {
  const { by, asked, make } = making
  for (const one of candidates) {
    const left = [...known, one]
    const made = tried(by, () => make(without(asked, left)))
    if (made !== null) return { value: made.value, left }
  }
  if (candidates.length < 2) return null
  const made = tried(by, () => make(without(asked, [...known, ...candidates])))
  return made === null ? null : narrowed(making, made.value, known, candidates)
}

/** null: refused for an attribute. What else goes wrong is thrown. */
function tried<T>(by: Making, make: () => T): { readonly value: T } | null {
  const made = attemptPresent(make)
  if (made.ok) return made
  if (!isRefusal(by, made.error)) throw made.error
  return null
}

/** Several attributes are not taken: each that the token does take goes back into the template. */
function narrowed<T>(
  { by, asked, make, discard }: Make<T>,
  value: T,
  known: readonly Place[],
  candidates: readonly Place[],
): Found<T> {
  let made: { readonly value: T } | null = { value }
  let left = [...known, ...candidates]
  for (const one of candidates) {
    const fewer = left.filter((place) => place !== one)
    if (made !== null) discard(made.value)
    made = tried(by, () => make(without(asked, fewer)))
    if (made !== null) left = fewer
  }
  return { value: (made ?? { value: make(without(asked, left)) }).value, left }
}

/**
 * Adds to a refusal the attributes that cause it: those without which the token makes a scratch key, which is destroyed at once.
 */
function named<T>({ by, make, discard }: Make<T>, asked: Templates, refusal: HsmError): HsmError {
  const needed = placesOf(asked, (one, template) => bindingsOf(template).includes(one))
  // The wrapping key makes demands of its own, so a refusal to unwrap may be for those.
  if (isVague(by, refusal) && needed.length === 0) return refusal
  if (needed.length === 0 || by === 'unwrap')
    return hsmError(
      'HSM-ATTRIBUTE-REFUSED',
      `${refusal.detail}; ${askedFor(asked.at(-1) ?? [])}`,
      refusal.ckr,
    )
  const namesOf = (places: readonly Place[]) =>
    [...new Set(places.map(({ one }) => attributeName(one.type)))].join(', ')
  const id = randomBytes(16)
  let stays = ''
  const goes = (left: readonly Place[], inSession: boolean): boolean => {
    const made = attempt(() => make(scratch(without(asked, left), id, inSession)))
    if (made.ok && !attempt(() => discard(made.value)).ok)
      stays = `; a scratch key ${id.toString('hex')} could not be destroyed`
    return made.ok
  }
  // Some tokens store no such key but make one for a session.
  const inSession = !goes([], true)
  const one = needed.find((place) => goes([place], inSession))
  const places = one ? [one] : goes(needed, inSession) ? blamed(needed, (left) => goes(left, inSession)) : []
  if (places.length === 0 && isVague(by, refusal)) return refusal
  const role = roleOf(asked[(places[0] ?? needed[0])?.at ?? 0] ?? [])
  const why =
    places.length === 0
      ? `a ${role} needs ${namesOf(needed)}, and the token may not take one of them`
      : `the token does not take ${namesOf(places)}, which a ${role} needs`
  return hsmError('HSM-ATTRIBUTE-REFUSED', `${refusal.detail}; ${why}${stays}`, refusal.ckr)
}

/** Of several that the token makes no key with: those that it makes one without, and with all others. */
function blamed(needed: readonly Place[], goes: (left: readonly Place[]) => boolean): readonly Place[] {
  return needed.reduce<readonly Place[]>((left, one) => {
    const fewer = left.filter((place) => place !== one)
    return fewer.length > 0 && goes(fewer) ? fewer : left
  }, needed)
}

/** Under another identifier: it must never be taken for the key that was asked for. */
function scratch(templates: Templates, id: Uint8Array, inSession: boolean): Templates {
  const other = raw('ID', id)
  return templates.map((template) =>
    template.map((one) =>
      one.type === CKA.ID ? other : one.type === CKA.TOKEN && inSession ? is('TOKEN', false) : one,
    ),
  )
}
