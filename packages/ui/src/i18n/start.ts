import i18next, { type PostProcessorModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { loadLetters } from './letters.ts'
import { pseudo } from './pseudo.ts'
import { sections, type Tree } from './tree.ts'

/** A language that has texts of its own. */
export type Translated = 'en' | 'ar'

/** `ar` and `en` are complete; `pseudo` is English with markers, to find text that is not translated. */
export type Language = Translated | 'pseudo'

/** Reads the files of each language, by path, when it is first shown. */
export type TextLoaders = Readonly<
  Record<Translated, () => Promise<{ readonly files: Readonly<Record<string, Tree>> }>>
>

export type Texts = {
  /** Ready in the language that the page was served in; a second call waits for the first. */
  startI18n(): Promise<void>
  /** Shows everything in another language, and turns the page where it is read from the other side. */
  switchLanguage(language: Language): Promise<void>
}

export function directionOf(language: string): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr'
}

const marker: PostProcessorModule = {
  type: 'postProcessor',
  name: 'pseudo',
  process: (value: string) => pseudo(value),
}

/** The texts of one app, from its own files. */
export function createTexts(loaders: TextLoaders): Texts {
  let started: Promise<void> | null = null

  async function translations(language: Language): Promise<Tree> {
    // Nothing but texts is read then: a second script in its wake would hold the first screen up.
    return sections((await loaders[language === 'pseudo' ? 'en' : language]()).files)
  }

  async function start(): Promise<void> {
    const language = document.documentElement.lang === 'ar' ? 'ar' : 'en'
    const [translation] = await Promise.all([translations(language), loadLetters(language)])
    await i18next
      .use(initReactI18next)
      .use(marker)
      .init({
        lng: language,
        fallbackLng: false,
        resources: { [language]: { translation } },
        interpolation: { escapeValue: false },
        returnNull: false,
      })
  }

  function startI18n(): Promise<void> {
    started ??= start()
    return started
  }

  async function switchLanguage(language: Language): Promise<void> {
    // Settings may arrive before the first language has been read.
    await startI18n()
    if (language === i18next.language) return
    if (!i18next.hasResourceBundle(language, 'translation'))
      i18next.addResourceBundle(language, 'translation', await translations(language))
    i18next.options.postProcess = language === 'pseudo' ? ['pseudo'] : false
    await i18next.changeLanguage(language)
    document.documentElement.lang = language === 'pseudo' ? 'en' : language
    document.documentElement.dir = directionOf(language)
  }

  return { startI18n, switchLanguage }
}
