/**
 * What calls and answers say beside their byte arrays: the form. A signature asked of one key again and again has one form,
 * and a form that was sent is known by its number from then on: no JSON is written or read for it any more.
 */
export type Form = { readonly number: number; readonly text: string }

/** Both ends remember so many; the oldest makes way. */
export const maxForms = 256
const maxRememberedText = 2048
/** The number of a form that is not remembered. */
export const unremembered = 0

/** The sender's side: the form of a value, and its arrays in order. */
export class Forms {
  readonly #byKey = new Map<string, Form>()
  readonly #keys: (string | undefined)[] = []
  readonly #fixed = new WeakMap<object, string>()
  #next = unremembered

  /** Adds the value's arrays to `arrays`. Throws RangeError for what cannot cross: functions, bigints, symbols. */
  of(value: unknown, arrays: Uint8Array[]): Form {
    const key = this.#keyOf(value, arrays)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const text = JSON.stringify(plain(value, { arrays: 0 }))
    if (text.length > maxRememberedText) return { number: unremembered, text }
    this.#next = this.#next === maxForms ? 1 : this.#next + 1
    const old = this.#keys[this.#next]
    if (old !== undefined) this.#byKey.delete(old)
    const form = { number: this.#next, text }
    this.#keys[this.#next] = key
    this.#byKey.set(key, form)
    return form
  }

  /** Equal for values that differ in nothing but the bytes of their arrays: every text has its length before it. */
  #keyOf(one: unknown, arrays: Uint8Array[]): string {
    switch (typeof one) {
      case 'string':
        return `s${one.length}:${one}`
      case 'number':
        return `d${one};`
      case 'boolean':
        return one ? 't' : 'f'
      case 'undefined':
        return 'u'
      case 'object':
        if (one === null) return 'n'
        if (!(one instanceof Uint8Array)) return this.#keyOfObject(one, arrays)
        arrays.push(one)
        return 'b'
      default:
        throw new RangeError(`a ${typeof one} cannot be given to the token host`)
    }
  }

  #keyOfObject(one: object, arrays: Uint8Array[]): string {
    const fixed = this.#fixed.get(one)
    if (fixed !== undefined) return fixed
    const before = arrays.length
    let key = ''
    if (Array.isArray(one)) {
      for (const inner of one) key += this.#keyOf(inner, arrays)
      return `[${key}]`
    }
    // An object of names, which is all that is given to a token beside arrays.
    const record = one as Record<string, unknown>
    for (const name of Object.keys(record)) {
      const inner = record[name]
      if (inner !== undefined) key += `${name.length}:${name}${this.#keyOf(inner, arrays)}`
    }
    key = `{${key}}`
    // What is frozen and holds nothing that is not, says the same for ever.
    if (Object.isFrozen(one) && arrays.length === before && isFlat(record)) this.#fixed.set(one, key)
    return key
  }
}

const isFlat = (record: Record<string, unknown>) =>
  Object.values(record).every((inner) => typeof inner !== 'object' || inner === null)

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

/** Makes the value anew, so that no two share anything, with these arrays in their places. */
export type Fill = (arrays: readonly Uint8Array[]) => unknown

/** The receiver's side. Throws RangeError for what no sender of ours sends. */
export class KnownForms {
  readonly #fills: (Fill | undefined)[] = []

  learn(number: number, text: string): Fill {
    const fill = filler(parsed(text))
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

function filler(value: unknown): Fill {
  if (typeof value !== 'object' || value === null) return () => value
  if (Array.isArray(value)) {
    const inner = value.map(filler)
    return (arrays) => inner.map((fill) => fill(arrays))
  }
  if ('$' in value) return arrayFiller(value.$)
  // An object that JSON.parse made: a record of names.
  const record = value as Record<string, unknown>
  if (Object.hasOwn(record, '__proto__')) throw new RangeError('frame: names __proto__')
  const inner = Object.entries(record).flatMap(([name, one]) =>
    typeof one === 'object' && one !== null ? [{ name, fill: filler(one) }] : [],
  )
  return (arrays) => {
    const copy = { ...record }
    for (const { name, fill } of inner) copy[name] = fill(arrays)
    return copy
  }
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
