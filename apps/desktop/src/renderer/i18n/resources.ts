import { sections, type Tree } from './tree.ts'

/** `ar` and `en` are complete; `pseudo` is English with markers, to find text that is not translated. */
export type Language = 'en' | 'ar' | 'pseudo'

const loaders: Readonly<Record<'en' | 'ar', () => Promise<{ files: Readonly<Record<string, Tree>> }>>> = {
  en: () => import('./language-en.ts'),
  ar: () => import('./language-ar.ts'),
}

/** The texts of a language, loaded when it is first shown. */
export async function translations(language: Language): Promise<Tree> {
  // Nothing but texts is read then: a second script in its wake would hold the first screen up.
  return sections((await loaders[language === 'pseudo' ? 'en' : language]()).files)
}
