import i18next, { type PostProcessorModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { loadLetters } from './letters.ts'
import { pseudo } from './pseudo.ts'
import { type Language, translations } from './resources.ts'

const marker: PostProcessorModule = {
  type: 'postProcessor',
  name: 'pseudo',
  process: (value: string) => pseudo(value),
}

/** The language that main served the page in. */
function servedLanguage(): 'en' | 'ar' {
  return document.documentElement.lang === 'ar' ? 'ar' : 'en'
}

let started: Promise<void> | null = null

export function startI18n(): Promise<void> {
  started ??= start()
  return started
}

async function start(): Promise<void> {
  const language = servedLanguage()
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

export function directionOf(language: string): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr'
}

export async function switchLanguage(language: Language): Promise<void> {
  // Core may give the settings before the first language has been read.
  await startI18n()
  if (language === i18next.language) return
  if (!i18next.hasResourceBundle(language, 'translation'))
    i18next.addResourceBundle(language, 'translation', await translations(language))
  i18next.options.postProcess = language === 'pseudo' ? ['pseudo'] : false
  await i18next.changeLanguage(language)
  document.documentElement.lang = language === 'pseudo' ? 'en' : language
  document.documentElement.dir = directionOf(language)
}
