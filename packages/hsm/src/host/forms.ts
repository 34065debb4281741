/**
 * A form: all that a call or an answer says beside its byte arrays. Repeated signatures with one key share a form. A form that was sent
 * once is named by its number, so no JSON is written or read for it again.
 */
export type Form = { readonly number: number; readonly text: string }

/** How many forms both ends remember. The oldest goes first. */
export const maxForms = 256
const maxRememberedText = 2048
/** The number of a form that is not remembered. */
export const unremembered = 0

/** A value without its bytes is a row of words: names, texts, numbers, and these marks. */
const arrayOpens = Symbol('[')
const objectOpens = Symbol('{')
const closes = Symbol(']')
const bytesHere = Symbol('bytes')

type Word = string | number | boolean | null | undefined | symbol | FixedRecord

/** A frozen record never changes, so the object itself stands for its whole content. */
type FixedRecord = Readonly<Record<string, string | number | boolean | null | undefined>>

const isFixed = (one: object): one is FixedRecord =>
  Object.isFrozen(one) && Object.values(one).every((inner) => typeof inner !== 'object' || inner === null)

/** A node of the tree of known forms, by their words. */
class Fork {
  readonly next = new Map<Word, Fork>()
  form: Form | null = null
}

/** The sender's side: the form of a value, and its arrays in order. */
export class Forms {
  readonly #root = new Fork()
  readonly #paths: (readonly Word[] | undefined)[] = []
  #next = unremembered

  /** Adds the value's arrays to `arrays`. Throws RangeError for what cannot cross: functions, bigints, symbols. */
  of(value: unknown, arrays: Uint8Array[]): Form {
    const known = follow(this.#root, value, arrays)?.form
    if (known) return known
    const text = JSON.stringify(plain(value, { arrays: 0 }))
    if (text.length > maxRememberedText) return { number: unremembered, text }
    this.#next = this.#next === maxForms ? 1 : this.#next + 1
    this.#forget(this.#paths[this.#next])
    const path: Word[] = []
    spell(value, path)
    this.#paths[this.#next] = path
    const form = { number: this.#next, text }
    this.#end(path).form = form
    return form
  }

  #end(path: readonly Word[]): Fork {
    let at = this.#root
    for (const word of path) {
      let next = at.next.get(word)
      if (next === undefined) {
        next = new Fork()
        at.next.set(word, next)
      }
      at = next
    }
    return at
  }

  /** What leads to no other form goes with it. */
  #forget(path: readonly Word[] | undefined): void {
    if (path === undefined) return
    let last = { from: this.#root, word: path[0] }
    let at = this.#root
    for (const word of path) {
      if (at.next.size > 1) last = { from: at, word }
      at = at.next.get(word) ?? at
    }
    last.from.next.delete(last.word)
  }
}

/**
 * Where a value leads in the tree. Values that end at one node differ only in the bytes of their arrays. Undefined: no such value was
 * sent before, or it had another frozen record in this place.
 */
function follow(from: Fork | undefined, one: unknown, arrays: Uint8Array[]): Fork | undefined {
  if (typeof one !== 'object' || one === null) {
    const word = wordOf(one)
    return from?.next.get(word)
  }
  if (one instanceof Uint8Array) {
    arrays.push(one)
    return from?.next.get(bytesHere)
  }
  if (Array.isArray(one)) {
    let at = from?.next.get(arrayOpens)
    for (const inner of one) at = follow(at, inner, arrays)
    return at?.next.get(closes)
  }
  // An object of names, which is all that is given to a token beside arrays.
  const record = one as Record<string, unknown>
  const known = from?.next.get(record as FixedRecord)
  if (known !== undefined) return known
  let at = from?.next.get(objectOpens)
  for (const name of Object.keys(record)) {
    const inner = record[name]
    if (inner !== undefined) at = follow(at?.next.get(name), inner, arrays)
  }
  return at?.next.get(closes)
}

/** The words of the way that `follow` goes. */
function spell(one: unknown, path: Word[]): void {
  if (typeof one !== 'object' || one === null) path.push(wordOf(one))
  else if (one instanceof Uint8Array) path.push(bytesHere)
  else if (Array.isArray(one)) {
    path.push(arrayOpens)
    for (const inner of one) spell(inner, path)
    path.push(closes)
  } else if (isFixed(one)) path.push(one)
  else {
    path.push(objectOpens)
    for (const [name, inner] of Object.entries(one)) {
      if (inner === undefined) continue
      path.push(name)
      spell(inner, path)
    }
    path.push(closes)
  }
}

function wordOf(one: unknown): Word {
  switch (typeof one) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return one
    case 'object':
      return null
    default:
      throw new RangeError(`a ${typeof one} cannot be given to the token host`)
  }
}

/** A place for the next array, or for undefined, which JSON does not have. */
type Place = { readonly $: number | null }

function plain(one: unknown, seen: { arrays: number }): unknown {
  if (one === undefined) return { $: null } satisfies Place
  if (typeof one !== 'object' || one === null) return one
  if (one instanceof Uint8Array) return { $: seen.arrays++ } satisfies Place
  if (Array.isArray(one)) return one.map((inner) => plain(inner, seen))
  const copy: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(one)) if (inner !== undefined) copy[name] = plain(inner, seen)
  return copy
}

/** Makes the value, with these arrays in their places. */
export type Fill = (arrays: readonly Uint8Array[]) => unknown

/**
 * The receiver's side. `own`: every value is made anew, so that no two share anything; `shared`: what holds no arrays is made once and
 * frozen. Throws RangeError for what no sender of ours sends.
 */
export class KnownForms {
  readonly #values: 'own' | 'shared'
  readonly #fills: (Fill | undefined)[] = []

  constructor(values: 'own' | 'shared') {
    this.#values = values
  }

  learn(number: number, text: string): Fill {
    const { fill } = fillerOf(parsed(text), this.#values)
    if (number > maxForms) throw new RangeError(`frame: form ${number}`)
    if (number !== unremembered) {
      if (text.length > maxRememberedText) throw new RangeError('frame: a form that is not remembered')
      this.#fills[number] = fill
    }
    return fill
  }

  get(number: number): Fill {
    const fill = this.#fills[number]
    if (fill === undefined) throw new RangeError(`frame: form ${number} is not known`)
    return fill
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RangeError('frame: no JSON')
  }
}

/** `fixed`: the value has no places for arrays. */
type Filler = { readonly fill: Fill; readonly fixed: boolean }

function fillerOf(value: unknown, values: 'own' | 'shared'): Filler {
  if (typeof value !== 'object' || value === null) return { fill: () => value, fixed: true }
  const made = Array.isArray(value) ? listFiller(value, values) : recordFiller(value, values)
  if (!made.fixed || values === 'own') return made
  const only = Object.freeze(made.fill([]))
  return { fill: () => only, fixed: true }
}

function listFiller(list: readonly unknown[], values: 'own' | 'shared'): Filler {
  const inner = list.map((one) => fillerOf(one, values))
  const fills = inner.map(({ fill }) => fill)
  return { fill: (arrays) => fills.map((fill) => fill(arrays)), fixed: inner.every(({ fixed }) => fixed) }
}

function recordFiller(value: object, values: 'own' | 'shared'): Filler {
  if ('$' in value) return { fill: arrayFiller(value.$), fixed: false }
  // An object that JSON.parse made: a record of names.
  const record = value as Record<string, unknown>
  if (Object.hasOwn(record, '__proto__')) throw new RangeError('frame: names __proto__')
  const inner = Object.entries(record).flatMap(([name, one]) =>
    typeof one === 'object' && one !== null ? [{ name, ...fillerOf(one, values) }] : [],
  )
  const fill: Fill = (arrays) => {
    const copy = { ...record }
    for (const part of inner) copy[part.name] = part.fill(arrays)
    return copy
  }
  return { fill, fixed: inner.every(({ fixed }) => fixed) }
}

function arrayFiller(at: unknown): Fill {
  if (at === null) return () => undefined
  if (typeof at !== 'number' || !Number.isInteger(at) || at < 0)
    throw new RangeError('frame: no place of an array')
  return (arrays) => {
    const array = arrays[at]
    if (array === undefined) throw new RangeError('frame: an array that is not in it')
    return array
  }
}
