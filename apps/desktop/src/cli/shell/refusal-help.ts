import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rules } from '@lux/ceremony'
import { type RefusalHelp, refusalHelp as textOf } from '@lux/ceremony/bundle'
import { findParts } from '../../core/program.ts'

let texts: Record<string, unknown> | null = null

/** What is always true of a code: of a rule of plans and runs, else by the English texts of the window. */
export function refusalHelp(code: string): RefusalHelp | null {
  const rule = Object.entries(rules).find(([id]) => id === code)?.[1]
  if (rule !== undefined) return { why: rule.detail, remedy: rule.remedy }
  texts ??= errorTexts()
  return textOf(code, texts)
}

/** A program whose texts are gone still says what happened. */
function errorTexts(): Record<string, unknown> {
  try {
    return Object(JSON.parse(readFileSync(join(findParts().resources, 'locales/en/errors.json'), 'utf8')))
  } catch {
    return {}
  }
}
