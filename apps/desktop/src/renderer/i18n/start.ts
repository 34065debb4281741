import i18next, { type PostProcessorModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { pseudo } from './pseudo.ts'
import { translations } from './resources.ts'

const marker: PostProcessorModule = {
  type: 'postProcessor',
  name: 'pseudo',
  process: (value: string) => pseudo(value),
}

export async function startI18n(): Promise<void> {
  const english = { translation: translations('en') }
  await i18next
    .use(initReactI18next)
    .use(marker)
    .init({
      lng: 'en',
      fallbackLng: false,
      resources: { en: english, ar: { translation: translations('ar') }, pseudo: english },
      interpolation: { escapeValue: false },
      returnNull: false,
    })
}

export function directionOf(language: string): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr'
}

export async function switchLanguage(language: 'en' | 'ar' | 'pseudo'): Promise<void> {
  await i18next.changeLanguage(language)
  i18next.options.postProcess = language === 'pseudo' ? ['pseudo'] : false
  document.documentElement.lang = language === 'pseudo' ? 'en' : language
  document.documentElement.dir = directionOf(language)
}
