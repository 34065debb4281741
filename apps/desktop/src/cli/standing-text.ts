import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rules } from '@lux/ceremony'
import { checkIds } from '@lux/ceremony/bundle'
import { findParts } from '../core/program.ts'

/** `why` is null where only the family of a code is known. */
export type StandingText = { why: string | null; remedy: string }

type Said = { why: string; do: string }

let texts: Record<string, unknown> | null = null

/**
 * What is always true of a code: of a rule of plans and runs, else of the English texts of the window, else of the code's family (the
 * part before its first dash), else of every check of a bundle. null: nobody has said anything of it.
 */
export function standingText(code: string): StandingText | null {
  const rule = Object.entries(rules).find(([id]) => id === code)?.[1]
  if (rule !== undefined) return { why: rule.detail, remedy: rule.remedy }
  texts ??= errorTexts()
  const own = saidOf(texts[code])
  if (own !== null) return { why: own.why, remedy: own.do }
  const families: unknown = texts.family
  const family = saidOf(Object(families)[code.split('-', 1)[0] ?? ''])
  if (family !== null) return { why: null, remedy: family.do }
  return isCheck(code) ? { why: null, remedy: ofChecks } : null
}

const ofChecks =
  'do not rely on this bundle: get it again from where it was sealed, compare its digest as words, and tell the officers if it is refused again'

function isCheck(code: string): boolean {
  const known: readonly string[] = checkIds
  return known.includes(code)
}

function saidOf(value: unknown): Said | null {
  const { why, do: remedy } = Object(value)
  return typeof why === 'string' && typeof remedy === 'string' ? { why, do: remedy } : null
}

/** A program whose texts are gone still says what happened. */
function errorTexts(): Record<string, unknown> {
  try {
    return Object(JSON.parse(readFileSync(join(findParts().resources, 'locales/en/errors.json'), 'utf8')))
  } catch {
    return {}
  }
}
