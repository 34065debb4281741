import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../root.ts'
import { type Texts, textsOf } from './check.ts'

const folder = join(root, 'resources/locales')

/** Languages with a folder in resources/locales, English first. */
export function languagesHere(): string[] {
  const found = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  return ['en', ...found.filter((name) => name !== 'en').sort()]
}

/** What the server and its console say is for the people who run it, and in English and Arabic alone. */
const serverOnly = new Set(['console', 'server'])

/** All texts of a language; `seen`: those of window and phone alone. */
export function readTexts(language: string, which: 'all' | 'seen' = 'all'): Texts {
  const names = readdirSync(join(folder, language))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .filter((name) => which === 'all' || !serverOnly.has(name))
  return textsOf(
    Object.fromEntries(
      names.map((name) => [name, JSON.parse(readFileSync(join(folder, language, `${name}.json`), 'utf8'))]),
    ),
  )
}
