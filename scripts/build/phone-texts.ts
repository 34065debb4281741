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

/** The codes that sources name: whole, by how they begin, or by what is put behind another's. */
export type Named = {
  readonly whole: ReadonlySet<string>
  readonly beginnings: ReadonlySet<string>
  readonly endings: ReadonlySet<string>
}

const code = '[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*'

function found(pattern: RegExp, source: string): string[] {
  return [...source.matchAll(pattern)].map(([, text = '']) => text)
}

/** `'KEY-ABSENT'` is a code, `KEYS-${…}` the beginning of some, and `${…}-MALFORMED` the end of others. */
export function codesIn(source: string): Named {
  return {
    whole: new Set(found(new RegExp(`['"\`](${code})['"\`]`, 'g'), source)),
    beginnings: new Set(found(new RegExp(`['"\`](${code})-\\$\\{`, 'g'), source)),
    endings: new Set(found(new RegExp(`\\}-(${code})['"\`]`, 'g'), source)),
  }
}

/** What looks a plan over before it is locked: its code comes along with the families of steps, and nothing on a phone calls it. */
const lints = /\/lint(?:-[\w-]+)?\.ts$/

function namedIn(wanted: (file: string) => boolean): Named {
  const sources = parts.flatMap((part) =>
    readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && wanted(`${part.split('/')[1]}/${file}`))
      .map((file) => readFileSync(join(root, part, file), 'utf8')),
  )
  return codesIn(sources.join('\n'))
}

/** The codes that a phone's sources name. */
export const namedOnPhone = (): Named => namedIn((file) => !elsewhere.test(file))

function isNamed(code: string, { whole, beginnings, endings }: Named): boolean {
  return (
    whole.has(code) ||
    [...beginnings].some((one) => code.startsWith(`${one}-`)) ||
    [...endings].some((one) => code.endsWith(`-${one}`) && whole.has(code.slice(0, -one.length - 1)))
  )
}

/** Texts of codes without those that a phone cannot show: of tokens, printers, the command line. Texts that are no code's stay. */
export function textsForPhone(
  texts: Readonly<Record<string, unknown>>,
  named: Named,
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
    .map((file) => readFileSync(join(out, 'assets', file), 'utf8'))
  const { whole: inApp } = codesIn(scripts.join('\n'))
  const lost = ['errors', 'rules'].flatMap((name) => {
    const texts = JSON.parse(readFileSync(join(root, `resources/locales/en/${name}.json`), 'utf8'))
    const kept = textsForPhone(texts, named)
    return Object.keys(texts).filter((code) => !(code in kept) && inApp.has(code) && !linted.whole.has(code))
  })
  if (lost.length > 0)
    throw new Error(`the phone's app shows codes that it has no text of: ${lost.join(', ')}`)
}
