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

/** What runs ceremonies and makes bundles, which no phone does. */
const elsewhere = /(?:^|\/)(?:engine|model|bundle|verify|custodian)\/|\/(?:run|bundle)\.tsx?$/

/** Families of codes, the part before the first dash, that these sources name. */
export function familiesOnPhone(): ReadonlySet<string> {
  return new Set(
    parts
      .flatMap((part) =>
        readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.tsx?$/.test(file) && !elsewhere.test(`${part.split('/')[1]}/${file}`))
          .map((file) => readFileSync(join(root, part, file), 'utf8')),
      )
      .flatMap((text) => [...text.matchAll(/['"`]([A-Z][A-Z0-9]+)(?:-|['"`])/g)])
      .map(([, family = '']) => family),
  )
}

/** Texts of codes without those of families that a phone cannot show: tokens, printers, the command line. */
export function textsForPhone(
  texts: Readonly<Record<string, unknown>>,
  families: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(texts).filter(([key]) => {
      const [family = ''] = key.split('-')
      return !/^[A-Z][A-Z0-9]+$/.test(family) || families.has(family)
    }),
  )
}

/** Leaves the texts out of the phone's app that it cannot show, in each language. */
export function phoneTexts(): Plugin {
  const families = familiesOnPhone()
  return {
    name: 'lux-phone-texts',
    enforce: 'pre',
    transform(code, id) {
      if (!/locales\/[^/]+\/(?:errors|rules)\.json$/.test(id)) return null
      return JSON.stringify(textsForPhone(JSON.parse(code), families))
    },
  }
}

/** Throws where a script of the built app names a code whose text was left out. */
export function checkPhoneTexts(out: string): void {
  const families = familiesOnPhone()
  const left = ['errors', 'rules'].flatMap((name) => {
    const texts = JSON.parse(readFileSync(join(root, `resources/locales/en/${name}.json`), 'utf8'))
    const kept = textsForPhone(texts, families)
    return Object.keys(texts).filter((code) => !(code in kept))
  })
  const scripts = readdirSync(join(out, 'assets'))
    .filter((file) => file.endsWith('.js') && !file.startsWith('language-'))
    .map((file) => readFileSync(join(out, 'assets', file), 'utf8'))
  const named = left.filter((code) =>
    scripts.some((script) => new RegExp(`["'\`]${code}["'\`]`).test(script)),
  )
  if (named.length > 0)
    throw new Error(`the phone's app can show codes that it has no text of: ${named.join(', ')}`)
}
