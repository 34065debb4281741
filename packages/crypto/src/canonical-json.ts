import { equalBytes, fromUtf8, utf8 } from './bytes.ts'
import { FormatError } from './format-error.ts'

/** What canonical JSON can hold: numbers are safe integers; larger counters travel as strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const maxDepth = 64

/**
 * RFC 8785 text of a value, narrowed: safe integers only and no minus zero, well-formed strings, plain objects,
 * no key `__proto__`, at most 64 levels. Throws FormatError `JSON-NUMBER`, `JSON-STRING`, `JSON-KEY`, `JSON-DEPTH`
 * or `JSON-TYPE` (undefined included: nothing that is signed may vanish silently).
 */
export function canonicalString(value: Json): string {
  return write(value, 0)
}

/** UTF-8 of `canonicalString`. */
export function encodeCanonical(value: Json): Uint8Array {
  return utf8(canonicalString(value))
}

/**
 * Parses canonical bytes, at most `maxBytes` of them. Throws FormatError: `JSON-SIZE`, `UTF8-MALFORMED`, `JSON-SYNTAX`, the rules of
 * `canonicalString`, or `JSON-NOT-CANONICAL` when encoding the value again gives other bytes: white space, duplicate or unsorted keys,
 * other escapes or spellings of a number.
 */
export function parseCanonical(bytes: Uint8Array, { maxBytes }: { readonly maxBytes: number }): Json {
  if (bytes.length > maxBytes) {
    throw new FormatError('JSON-SIZE', `${bytes.length} bytes, at most ${maxBytes} are taken`)
  }
  const value = parse(fromUtf8(bytes))
  const again = encodeCanonical(value)
  if (!equalBytes(again, bytes)) {
    let at = 0
    while (at < bytes.length && bytes[at] === again[at]) at++
    throw new FormatError('JSON-NOT-CANONICAL', `differs from its canonical form at byte ${at}`)
  }
  return value
}

function parse(text: string): Json {
  try {
    // JSON.parse returns exactly the values of the type Json, save for numbers and strings that `write` refuses.
    return JSON.parse(text) as Json
  } catch {
    const cut = 'not JSON: it ends too early, as a file that was cut off does'
    throw new FormatError('JSON-SYNTAX', endsEarly(text) ? cut : 'not JSON')
  }
}

/** Whether a text ends while a string, an object or a list is open, or before it began. */
function endsEarly(text: string): boolean {
  let open = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quoted) {
      if (char === '\\') at++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '{' || char === '[') open++
    else if (char === '}' || char === ']') open--
  }
  return quoted || open > 0 || text.trim() === ''
}

function write(value: Json, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return writeString(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new FormatError('JSON-NUMBER', 'a number is not a safe integer')
    }
    return String(value)
  }
  if (typeof value !== 'object') throw new FormatError('JSON-TYPE', `a ${typeof value} has no JSON form`)
  if (depth === maxDepth) throw new FormatError('JSON-DEPTH', `more than ${maxDepth} levels`)
  if (isArray(value)) {
    // Array.from visits holes too, so that they are refused like any other undefined.
    return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new FormatError('JSON-TYPE', 'an object with a class has no JSON form')
  }
  // The default order of sort is by UTF-16 code units, as RFC 8785 section 3.2.3 demands.
  const members = Object.keys(value)
    .sort()
    .map((key) => {
      if (key === '__proto__') throw new FormatError('JSON-KEY', 'the key __proto__ is refused')
      const member: Json | undefined = value[key]
      if (member === undefined) throw new FormatError('JSON-TYPE', 'an undefined member has no JSON form')
      return `${writeString(key)}:${write(member, depth + 1)}`
    })
  return `{${members.join(',')}}`
}

function writeString(text: string): string {
  if (!text.isWellFormed()) throw new FormatError('JSON-STRING', 'a string holds a lone surrogate')
  // The escapes of JSON.stringify are those of RFC 8785 section 3.2.2.2.
  return JSON.stringify(text)
}

// Array.isArray does not narrow a readonly array out of a union.
function isArray(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value)
}
