import { checkIds } from './checks.ts'

/** `why` is null where only the family of a code is known. */
export type RefusalHelp = { readonly why: string | null; readonly remedy: string }

type Said = { readonly why: string; readonly do: string }

const ofChecks =
  'do not rely on this bundle: get it again from where it was sealed, compare its digest as words, and tell the officers if it is refused again'

/**
 * What is always true of a code: by `texts` (code -> {why, do}), else of its ending in `texts.ending` (the part after its last
 * dash), else of its family in `texts.family` (the part before its first dash), else of every check of a bundle. null: nobody
 * has said anything of it.
 */
export function refusalHelp(code: string, texts: Readonly<Record<string, unknown>>): RefusalHelp | null {
  const own = saidOf(texts[code])
  if (own !== null) return { why: own.why, remedy: own.do }
  const parts = code.split('-')
  const endings: unknown = texts.ending
  const ending = saidOf(Object(endings)[parts.at(-1) ?? ''])
  if (ending !== null) return { why: ending.why, remedy: ending.do }
  const families: unknown = texts.family
  const family = saidOf(Object(families)[parts[0] ?? ''])
  if (family !== null) return { why: null, remedy: family.do }
  return isCheck(code) ? { why: null, remedy: ofChecks } : null
}

function isCheck(code: string): boolean {
  const known: readonly string[] = checkIds
  return known.includes(code)
}

function saidOf(value: unknown): Said | null {
  const { why, do: remedy } = Object(value)
  return typeof why === 'string' && typeof remedy === 'string' ? { why, do: remedy } : null
}
