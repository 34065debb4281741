import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** `what` is null where only the code's ending or family has a text, `why` where only its family has one. */
export type RefusalText = {
  readonly what: string | null
  readonly why: string | null
  readonly remedy: string
}

type Texts = Readonly<Record<string, unknown>>

/** The text of a code, from the locales. `folder`: of one language. `own`: sections of this program, which come before the common ones. */
export class RefusalTexts {
  readonly #folder: string
  readonly #own: readonly string[]
  readonly #sections = new Map<string, Texts>()

  constructor(folder: string, own: readonly string[] = []) {
    this.#folder = folder
    this.#own = own
  }

  /**
   * The first text of these: of the code, of its ending (after the last dash), of its family (before the first), of all checks of a bundle.
   * Null: none.
   */
  of(code: string): RefusalText | null {
    for (const section of [...this.#own, 'errors', 'rules']) {
      const text = textOf(this.#section(section)[code])
      if (text !== null) return text
    }
    const errors = this.#section('errors')
    const parts = code.split('-')
    const ending = textOf(memberOf(errors.ending, parts.at(-1)))
    if (ending !== null) return { ...ending, what: null }
    const family = textOf(memberOf(errors.family, parts[0]))
    if (family !== null) return { ...family, what: null, why: null }
    const check = this.#section('checks')[code]
    const ofChecks = errors['check-do']
    return typeof check === 'string' && typeof ofChecks === 'string'
      ? { what: null, why: null, remedy: ofChecks }
      : null
  }

  /** Without its texts a program still names the code. */
  #section(name: string): Texts {
    const known = this.#sections.get(name)
    if (known !== undefined) return known
    const read = sectionIn(join(this.#folder, `${name}.json`))
    this.#sections.set(name, read)
    return read
  }
}

function sectionIn(file: string): Texts {
  try {
    return Object(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}

function memberOf(texts: unknown, name = ''): unknown {
  const known = Object(texts)
  return Object.hasOwn(known, name) ? known[name] : undefined
}

function textOf(value: unknown): RefusalText | null {
  const { what, why, do: remedy } = Object(value)
  return typeof what === 'string' && typeof why === 'string' && typeof remedy === 'string'
    ? { what, why, remedy }
    : null
}
