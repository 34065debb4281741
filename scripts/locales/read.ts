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

/** All texts of a language. */
export function readTexts(language: string): Texts {
  const names = readdirSync(join(folder, language))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
  return textsOf(
    Object.fromEntries(
      names.map((name) => [name, JSON.parse(readFileSync(join(folder, language, `${name}.json`), 'utf8'))]),
    ),
  )
}
