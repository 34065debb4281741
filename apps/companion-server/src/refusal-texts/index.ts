import { readFileSync } from 'node:fs'
import { type RefusalHelp, refusalHelp } from '@lux/ceremony/bundle'
import { environmentTexts } from './environment.ts'
import { httpTexts } from './http.ts'
import { importTexts } from './import.ts'
import { keyTexts } from './keys.ts'
import { thresholdTexts } from './threshold.ts'

type RefusalText = { readonly what: string; readonly why: string; readonly do: string }

/** The codes of this server's own: what happened, why, and what to do. */
export const refusalTexts: Readonly<Record<string, RefusalText>> = {
  ...environmentTexts,
  ...importTexts,
  ...keyTexts,
  ...thresholdTexts,
  ...httpTexts,
}

let shared: Record<string, unknown> | null = null

/**
 * What is always true of a code: of the server's own, else of the tokens, checks and files that the workstation
 * knows too. null: nobody has said anything of it.
 */
export function textOf(code: string): RefusalHelp | null {
  const own = refusalTexts[code]
  if (own !== undefined) return { why: own.why, remedy: own.do }
  shared ??= workstationTexts()
  return refusalHelp(code, shared)
}

/** A server whose texts are gone still says what happened. */
function workstationTexts(): Record<string, unknown> {
  try {
    const file = new URL('../../../../resources/locales/en/errors.json', import.meta.url)
    return Object(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}
