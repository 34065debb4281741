import { equalBytes, FormatError, type Outcome } from '@lux/crypto'

/** What takes bytes from outside. `run` throws where the parser does anything but refuse: that is a fault. */
export type Target = {
  /** Whether the bytes were taken. */
  run(bytes: Uint8Array): boolean | Promise<boolean>
  /** Bytes that are taken, from which a run starts. */
  seeds(): readonly Uint8Array[]
}

type Parser<T> = {
  parse(bytes: Uint8Array): T
  /** The one form of a value: of bytes that were taken it gives the same bytes. */
  encode?(value: T): Uint8Array
  seeds(): readonly Uint8Array[]
}

function mustBeSame<T>({ encode }: Pick<Parser<T>, 'encode'>, value: T, bytes: Uint8Array): void {
  if (encode && !equalBytes(encode(value), bytes))
    throw new Error('encoding gives other bytes than were taken')
}

/** A parser that throws its refusals. `refusals`: the classes that it may throw. */
export function throwing<T>(
  parser: Parser<T>,
  refusals: readonly (new (...args: never[]) => Error)[] = [FormatError],
): Target {
  const { parse, seeds } = parser
  return {
    seeds,
    run(bytes) {
      let value: T
      try {
        value = parse(bytes)
      } catch (error) {
        if (refusals.some((one) => error instanceof one)) return false
        throw error
      }
      mustBeSame(parser, value, bytes)
      return true
    },
  }
}

/** A parser that returns its refusals, and throws nothing. */
export function returning<T>(parser: {
  parse(bytes: Uint8Array): Outcome<T, string>
  encode?(value: T): Uint8Array
  seeds(): readonly Uint8Array[]
}): Target {
  return {
    seeds: parser.seeds,
    run(bytes) {
      const outcome = parser.parse(bytes)
      if (!outcome.ok) {
        if (outcome.rule === '') throw new Error('a refusal without a rule')
        return false
      }
      mustBeSame(parser, outcome.value, bytes)
      return true
    },
  }
}

/** As text: bytes that are no UTF-8 are read with U+FFFD, as a paste would be. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
