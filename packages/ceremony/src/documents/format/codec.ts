import { encodeCanonical, FormatError, type Json, parseCanonical, sha256Hex } from '@lux/crypto'
import * as v from 'valibot'
import { issuePath, issueText } from './issue-text.ts'
import { accept, type Outcome, refuse } from './outcome.ts'

/** Canonical JSON of one schema: `encode(parse(b)) == b`, unknown fields refused. */
export type Codec<T> = {
  readonly schema: v.GenericSchema<unknown, T>
  /** JCS bytes. Throws RangeError when the value does not fit the schema: that is a bug of the caller. */
  encode(value: T): Uint8Array
  /** Refuses with `<RULE>-MALFORMED`, naming the first field that does not fit. */
  parse(bytes: Uint8Array): Outcome<T>
  /** As `parse`, for a value that is already parsed JSON. */
  check(value: unknown): Outcome<T>
  /** SHA-256 of the JCS bytes, hex. */
  digest(value: T): string
}

/** `rule` is the upper-case name of the document, `maxBytes` the most that `parse` looks at. */
export function codec<T>(rule: string, schema: v.GenericSchema<unknown, T>, maxBytes: number): Codec<T> {
  function check(value: unknown): Outcome<T> {
    const result = v.safeParse(schema, value)
    if (result.success) return accept(result.output)
    const [issue] = result.issues
    const path = issuePath(issue)
    const text = issueText(issue)
    return refuse(`${rule}-MALFORMED`, path === null ? text : `${path}: ${text}`)
  }
  function encode(value: T): Uint8Array {
    const checked = check(value)
    if (!checked.ok) throw new RangeError(`${checked.rule}: ${checked.detail}`)
    // Every schema here is built of strings, integers, booleans, arrays and objects, which is what Json is.
    return encodeCanonical(checked.value as Json)
  }
  return {
    schema,
    encode,
    check,
    parse(bytes) {
      try {
        return check(parseCanonical(bytes, { maxBytes }))
      } catch (error) {
        if (error instanceof FormatError) return refuse(`${rule}-MALFORMED`, `${error.rule}: ${error.detail}`)
        throw error
      }
    },
    digest: (value) => sha256Hex(encode(value)),
  }
}
