import i18next from 'i18next'
import { afterEach, expect, test, vi } from 'vitest'
import { createTexts, directionOf, languageName, type Tree } from '../src/i18n/index.ts'

const load = (language: string, home: Tree) => async () => ({ files: { [`${language}/home.json`]: home } })
const loaders = {
  en: load('en', {
    title: 'Home',
    lead: 'Start here',
    waits_one: '{{count}} waits',
    waits_other: '{{count}} wait',
  }),
  ar: load('ar', { title: 'الرئيسية' }),
  pl: load('pl', {
    title: 'Start',
    keys_one: '{{count}} klucz',
    keys_few: '{{count}} klucze',
    keys_many: '{{count}} kluczy',
    keys_other: '{{count}} klucza',
  }),
}

const page = (lang: string) => ({ documentElement: { lang, dir: 'ltr' }, fonts: { load: async () => [] } })
afterEach(() => {
  // i18next is one for all tests of a worker.
  i18next.options.postProcess = false
  vi.unstubAllGlobals()
})

test('LOCALE-FALLBACK what a language lacks is said in English, with the plural forms of English', async () => {
  vi.stubGlobal('document', page('pl'))
  await createTexts(loaders).startI18n()
  const said = ['home.title', 'home.lead'].map((key) => i18next.t(key))
  expect(said).toEqual(['Start', 'Start here'])
  expect([1, 2, 5].map((count) => i18next.t('home.waits', { count }))).toEqual([
    '1 waits',
    '2 wait',
    '5 wait',
  ])
  expect([1, 2, 5].map((count) => i18next.t('home.keys', { count }))).toEqual([
    '1 klucz',
    '2 klucze',
    '5 kluczy',
  ])
})

test('LOCALE-FALLBACK a page in a language without texts starts in English, and a switch brings both', async () => {
  const shown = page('xx')
  vi.stubGlobal('document', shown)
  const texts = createTexts(loaders)
  await texts.startI18n()
  expect(i18next.t('home.title')).toBe('Home')
  await texts.switchLanguage('ar')
  expect([i18next.t('home.title'), shown.documentElement]).toEqual(['الرئيسية', { lang: 'ar', dir: 'rtl' }])
  await texts.switchLanguage('pseudo')
  expect([i18next.t('home.lead'), shown.documentElement]).toEqual([
    '⟦Stárt héré~~~~⟧',
    { lang: 'en', dir: 'ltr' },
  ])
})

test('I18N-PSEUDO a page that is to be shown in the pseudo-locale starts in it, as English', async () => {
  const shown = page('pseudo')
  vi.stubGlobal('document', shown)
  await createTexts(loaders).startI18n()
  expect([i18next.t('home.lead'), shown.documentElement]).toEqual([
    '⟦Stárt héré~~~~⟧',
    { lang: 'en', dir: 'ltr' },
  ])
})

test('a language is named in its own words and read from its own side', () => {
  expect(['de', 'fr', 'ja', 'pt-BR', 'zh-CN'].map(languageName)).toEqual([
    'Deutsch',
    'Français',
    '日本語',
    'Português (Brasil)',
    '中文（中国）',
  ])
  expect(['ar', 'he', 'de', 'arn'].map(directionOf)).toEqual(['rtl', 'rtl', 'ltr', 'ltr'])
})
