import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { root } from '../root.ts'

/** What the phone's app is made of: no other source names a code that it can show. The build compares it with the app that came out. */
const parts = [
  'apps/share-holder-mobile-web/src',
  'packages/ceremony/src',
  'packages/crypto/src',
  'packages/people/src',
  'packages/ui/src',
]

/** What runs ceremonies, checks plans and opens backups, which no phone does; and lists of rules that others refuse by. */
const elsewhere =
  /(?:^|\/)(?:engine|model|bundle|verify|custodian|plan-check(?!\/people\.))\/|\/rules\.ts$|^crypto\/backup\/(?:slip39|share-words|shared-secret|sealed-medium)\.ts$|\/(?:run|bundle|rehearsal|lint(?:-[\w-]+)?)\.tsx?$/

/** Texts in quotes that a code can be, or begin with: one that is put together has its first part in them. */
function beginnings(source: string): string[] {
  const found = source.matchAll(/['"`]([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*)(?:-?\$\{|['"`])/g)
  return [...found].map(([, text = '']) => text)
}

/** What looks a plan over before it is locked: its code comes along with the families of steps, and nothing on a phone calls it. */
const lints = /\/lint(?:-[\w-]+)?\.ts$/

function namedIn(wanted: (file: string) => boolean): ReadonlySet<string> {
  return new Set(
    parts
      .flatMap((part) =>
        readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.tsx?$/.test(file) && wanted(`${part.split('/')[1]}/${file}`))
          .map((file) => readFileSync(join(root, part, file), 'utf8')),
      )
      .flatMap(beginnings),
  )
}

/** Codes, and beginnings of codes, that these sources name. */
export const namedOnPhone = (): ReadonlySet<string> => namedIn((file) => !elsewhere.test(file))

function isNamed(code: string, named: ReadonlySet<string>): boolean {
  const segments = code.split('-')
  return segments.some((_, at) => named.has(segments.slice(0, at + 1).join('-')))
}

/** Texts of codes without those that a phone cannot show: of tokens, printers, the command line. Texts that are no code's stay. */
export function textsForPhone(
  texts: Readonly<Record<string, unknown>>,
  named: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(texts).filter(([key]) => !/^[A-Z]/.test(key) || isNamed(key, named)),
  )
}

/** Leaves the texts out of the phone's app that it cannot show, in each language. */
export function phoneTexts(): Plugin {
  const named = namedOnPhone()
  return {
    name: 'lux-phone-texts',
    enforce: 'pre',
    transform(code, id) {
      if (!/locales\/[^/]+\/(?:errors|rules)\.json$/.test(id)) return null
      return JSON.stringify(textsForPhone(JSON.parse(code), named))
    },
  }
}

/** Throws where a script of the built app names a code whose text was left out. */
export function checkPhoneTexts(out: string): void {
  const named = namedOnPhone()
  const linted = namedIn((file) => lints.test(file))
  const scripts = readdirSync(join(out, 'assets'))
    .filter((file) => file.endsWith('.js') && !file.startsWith('language-'))
    .flatMap((file) => beginnings(readFileSync(join(out, 'assets', file), 'utf8')))
  const inApp = new Set(scripts)
  const lost = ['errors', 'rules'].flatMap((name) => {
    const texts = JSON.parse(readFileSync(join(root, `resources/locales/en/${name}.json`), 'utf8'))
    const kept = textsForPhone(texts, named)
    return Object.keys(texts).filter((code) => !(code in kept) && inApp.has(code) && !linted.has(code))
  })
  if (lost.length > 0)
    throw new Error(`the phone's app shows codes that it has no text of: ${lost.join(', ')}`)
}
