/** Texts of one language by key, such as `home.title`, `home.waits_one`. */
export type Texts = ReadonlyMap<string, string>

export type Report = {
  /** Texts that English has and that this language has too; a text that counts is one. */
  readonly translated: number
  readonly total: number
  /** Said in English. */
  readonly missing: readonly string[]
  /** English has them no more. */
  readonly unused: readonly string[]
  /** What nobody may be shown: each a sentence that names language, key and what to do. */
  readonly faults: readonly string[]
}

type Tree = { readonly [key: string]: unknown }

const plural = /_(zero|one|two|few|many|other)$/
const baseOf = (key: string): string => key.replace(plural, '')

/** `sections`: the parsed files of a language by name. A value that is neither text nor object is a fault of `check`. */
export function textsOf(sections: Readonly<Record<string, unknown>>): Texts {
  const texts = new Map<string, string>()
  const walk = (prefix: string, tree: Tree): void => {
    for (const [key, value] of Object.entries(tree)) {
      const path = prefix === '' ? key : `${prefix}.${key}`
      if (typeof value === 'object' && value !== null) walk(path, Object(value))
      else texts.set(path, typeof value === 'string' ? value : '')
    }
  }
  walk('', sections)
  return texts
}

const placeholdersOf = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{\{\s*(\w+)[^}]*\}\}/g)].map(([, name]) => name ?? ''))].sort()

/** Base keys of texts that count: those that have a form for `other`. */
function countedOf(texts: Texts): Set<string> {
  return new Set([...texts.keys()].filter((key) => key.endsWith('_other')).map(baseOf))
}

/** Compares the texts of `language` with the English ones. */
export function check(language: string, texts: Texts, english: Texts): Report {
  const counted = countedOf(english)
  const nameOf = (key: string): string => (counted.has(baseOf(key)) ? baseOf(key) : key)
  const wanted = new Set([...english.keys()].map(nameOf))
  const present = new Set([...texts.keys()].map(nameOf))
  const missing = [...wanted].filter((key) => !present.has(key))
  const unused = [...present].filter((key) => !wanted.has(key))
  const faults: string[] = []
  const say = (key: string, what: string): void =>
    void faults.push(`${language}: ${key}: ${what}, or take the text out: it is then said in English`)

  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
  for (const base of counted) {
    if (!present.has(base)) continue
    for (const form of forms) {
      if (!texts.has(`${base}_${form}`))
        say(base, `the plural form “${form}” is missing: add ${base}_${form}`)
    }
    for (const key of texts.keys()) {
      const form = plural.exec(key)?.[1]
      if (nameOf(key) !== base || form === undefined || forms.some((one) => one === form)) continue
      say(key, `${language} has no plural form “${form}”: its forms are ${forms.join(', ')}`)
    }
  }

  for (const [key, text] of texts) {
    if (text.trim() === '') say(key, 'it is empty or no text: write one')
    const name = nameOf(key)
    const source = english.get(counted.has(name) ? `${name}_other` : key)
    if (source === undefined) continue
    const [own, theirs] = [placeholdersOf(text), placeholdersOf(source)]
    for (const unknown of own.filter((one) => !theirs.includes(one)))
      say(
        key,
        `it fills in {{${unknown}}}, which the English does not: its names are ${theirs.join(', ') || 'none'}`,
      )
    // A form such as “one share” may leave the number out, in every language.
    for (const lost of theirs.filter((one) => !own.includes(one) && !(counted.has(name) && one === 'count')))
      say(key, `the placeholder {{${lost}}} is missing: write it in`)
  }
  return { translated: wanted.size - missing.length, total: wanted.size, missing, unused, faults }
}
