import type { Tree } from '@lux/ui/i18n'
import type { i18n } from 'i18next'

export type Explained = { code: string; what: string; why: string; todo: string }

const sections = ['errors', 'rules'] as const

/** Every code whose name or sentences hold all the words of `sought`, the codes that begin with it first. */
export function explained({ t, language, getResourceBundle }: i18n, sought: string): Explained[] {
  // A bundle is the tree of texts that a language was loaded with; what one lacks is said in English.
  const bundles = [language, 'en'].map((one) => getResourceBundle(one, 'translation') as Tree | undefined)
  const words = sought.toLocaleLowerCase(language).split(/\s+/).filter(Boolean)
  const all = sections.flatMap((section) => {
    const codes = bundles.flatMap((texts) => Object.keys(Object(texts?.[section])))
    return [...new Set(codes)]
      .filter((code) => /^[A-Z][A-Z0-9-]+$/.test(code))
      .map((code) => ({
        code,
        what: t(`${section}.${code}.what`),
        why: t(`${section}.${code}.why`),
        todo: t(`${section}.${code}.do`),
      }))
  })
  const begins = ({ code }: Explained): boolean => code.startsWith(sought.trim().toUpperCase())
  return all
    .filter((one) => {
      const text = Object.values(one).join(' ').toLocaleLowerCase(language)
      return words.every((word) => text.includes(word))
    })
    .toSorted((a, b) => Number(begins(b)) - Number(begins(a)) || (a.code < b.code ? -1 : 1))
}
