import i18next, { type PostProcessorModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { directionOf } from './language.ts'
import { pseudo } from './pseudo.ts'
import { sections, type Tree } from './tree.ts'

/** Languages whose texts are complete, as a test checks. All others fall back to English. */
const complete: readonly string[] = ['en', 'ar', 'pseudo']

/** Loads a language's files, by path, when it is first shown. */
export type TextLoaders<Language extends string> = Readonly<
  Record<Language | 'en', () => Promise<{ readonly files: Readonly<Record<string, Tree>> }>>
>

export type Texts<Language extends string> = {
  /** Starts the texts in the page's language. A second call waits for the first. */
  startI18n(): Promise<void>
  /**
   * Shows everything in another language, and sets the page's direction. `pseudo`: marked and longer English, to find untranslated texts
   * and narrow places.
   */
  switchLanguage(language: Language | 'pseudo'): Promise<void>
}

const marker: PostProcessorModule = {
  type: 'postProcessor',
  name: 'pseudo',
  process: (value: string) => pseudo(value),
}

const tagOf = (language: string): string => (language === 'pseudo' ? 'en' : language)

/** The texts of one app. */
export function createTexts<Language extends string>(loaders: TextLoaders<Language>): Texts<Language> {
  let started: Promise<void> | null = null

  const isLoaded = (language: string): language is Language => Object.hasOwn(loaders, language)

  async function translation(language: Language | 'en' | 'pseudo'): Promise<Tree> {
    // Only texts are loaded here. A second script would delay the first screen.
    return sections((await loaders[language === 'pseudo' ? 'en' : language]()).files)
  }

  /** The texts of the language, and English ones where it may lack some. */
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
    // The settings may name a language before the first one is loaded.
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

/** The font families of styles/letters.css that the first screen needs: Arabic beside Latin, or Latin alone. */
const arabic = ['lux-arabic', 'lux-latin']
const latin = ['lux-latin']

/**
 * Waits for a language's fonts. Without that, Chromium measures the text in a system font first, looks for that on the page's time, and
 * draws twice. Fonts of several files are not waited for.
 */
async function loadLetters(language: string): Promise<void> {
  const families = language === 'ar' ? arabic : latin
  // A font that fails to load must not stop the window.
  await Promise.allSettled(families.map((family) => document.fonts.load(`1em "${family}"`)))
}
