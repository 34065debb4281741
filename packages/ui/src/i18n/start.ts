import i18next, { type PostProcessorModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { directionOf } from './language.ts'
import { pseudo } from './pseudo.ts'
import { sections, type Tree } from './tree.ts'

/** Their texts are complete: a test says so. What another language lacks is said in English. */
const complete: readonly string[] = ['en', 'ar', 'pseudo']

/** Reads the files of each language, by path, when it is first shown. */
type TextLoaders<Language extends string> = Readonly<
  Record<Language | 'en', () => Promise<{ readonly files: Readonly<Record<string, Tree>> }>>
>

export type Texts<Language extends string> = {
  /** Ready in the language that the page was served in; a second call waits for the first. */
  startI18n(): Promise<void>
  /**
   * Shows everything in another language, and turns the page where it is read from the other side. `pseudo` is English with
   * markers, to find text that is not translated and places that are too narrow.
   */
  switchLanguage(language: Language | 'pseudo'): Promise<void>
}

const marker: PostProcessorModule = {
  type: 'postProcessor',
  name: 'pseudo',
  process: (value: string) => pseudo(value),
}

const tagOf = (language: string): string => (language === 'pseudo' ? 'en' : language)

/** The texts of one app, from its own files. */
export function createTexts<Language extends string>(loaders: TextLoaders<Language>): Texts<Language> {
  let started: Promise<void> | null = null

  const isLoaded = (language: string): language is Language => Object.hasOwn(loaders, language)

  async function translation(language: Language | 'en' | 'pseudo'): Promise<Tree> {
    // Nothing but texts is read then: a second script in its wake would hold the first screen up.
    return sections((await loaders[language === 'pseudo' ? 'en' : language]()).files)
  }

  /** Of the language, and of English where it may lack some. */
  async function translations(
    language: Language | 'en' | 'pseudo',
  ): Promise<{ language: string; texts: Tree }[]> {
    const wanted = complete.includes(language) ? [language] : [language, 'en' as const]
    return Promise.all(wanted.map(async (one) => ({ language: one, texts: await translation(one) })))
  }

  async function start(): Promise<void> {
    const { lang } = document.documentElement
    const language = lang === 'pseudo' || isLoaded(lang) ? lang : 'en'
    document.documentElement.lang = tagOf(language)
    const [loaded] = await Promise.all([translations(language), loadLetters(language)])
    await i18next
      .use(initReactI18next)
      .use(marker)
      .init({
        lng: language,
        fallbackLng: 'en',
        resources: Object.fromEntries(
          loaded.map(({ language: one, texts }) => [one, { translation: texts }]),
        ),
        interpolation: { escapeValue: false },
        postProcess: language === 'pseudo' ? ['pseudo'] : false,
        returnNull: false,
      })
  }

  function startI18n(): Promise<void> {
    started ??= start()
    return started
  }

  async function switchLanguage(language: Language | 'pseudo'): Promise<void> {
    // Settings may arrive before the first language has been read.
    await startI18n()
    if (language === i18next.language) return
    if (!i18next.hasResourceBundle(language, 'translation')) {
      for (const { language: one, texts } of await translations(language))
        i18next.addResourceBundle(one, 'translation', texts)
    }
    i18next.options.postProcess = language === 'pseudo' ? ['pseudo'] : false
    await i18next.changeLanguage(language)
    document.documentElement.lang = tagOf(language)
    document.documentElement.dir = directionOf(language)
  }

  return { startI18n, switchLanguage }
}

/** Families of styles/letters.css that a first screen is written in: Arabic letters beside Latin ones, else Latin ones alone. */
const arabic = ['lux-arabic', 'lux-latin']
const latin = ['lux-latin']

/**
 * Waits for the letters of a language. Drawn before they are read, a text is first measured in whatever the system has,
 * which Chromium has to look for on the page's own time, and is then drawn again. Letters of several files are not waited for.
 */
async function loadLetters(language: string): Promise<void> {
  const families = language === 'ar' ? arabic : latin
  // A font that cannot be read costs its letters, never the window.
  await Promise.allSettled(families.map((family) => document.fonts.load(`1em "${family}"`)))
}
