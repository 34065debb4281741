import { expect, test } from 'vitest'
import { checkLocales } from '../build/check-locales.ts'
import { check, textsOf } from '../locales/check.ts'
import { languagesHere, readTexts } from '../locales/read.ts'

const english = textsOf({
  home: { title: 'Home', waits_one: '{{count}} waits', waits_other: '{{count}} of {{total}} wait' },
})
const faultsOf = (language: string, home: unknown): readonly string[] =>
  check(language, textsOf({ home }), english).faults

const all = readTexts('en')

test.each(languagesHere())(
  'LOCALE-FAULTS no text of %s lacks a plural form, a placeholder or words',
  (language) => {
    const { faults, unused } = check(language, readTexts(language), all)
    expect(faults).toEqual([])
    if (language === 'ar') expect(unused).toEqual([])
  },
)

test('LOCALE-KEYS English and Arabic have the same keys', () => {
  expect(check('ar', readTexts('ar'), all)).toMatchObject({ missing: [], unused: [] })
})

test('LOCALE-COUNTED what a language lacks is counted, and no fault: it is said in English', () => {
  for (const language of languagesHere()) {
    const { translated, total } = check(language, readTexts(language), readTexts('en'))
    process.stderr.write(`texts: ${language}: ${translated} of ${total}\n`)
  }
  expect(check('de', textsOf({ home: { title: 'Start', old: 'Alt' } }), english)).toEqual({
    translated: 1,
    total: 2,
    missing: ['home.waits'],
    unused: ['home.old'],
    faults: [],
  })
})

test.each(languagesHere())('LOCALE-STATUS %s says in its own words who has reviewed it', (language) => {
  const texts = readTexts(language)
  expect(texts.get('meta.review')?.trim()).toBeTruthy()
  const status = texts.get('meta.status')
  expect(language === 'en' ? ['source'] : ['machine', 'reviewed']).toContain(status)
  if (language !== 'en') expect(texts.get('meta.review')).not.toBe(all.get('meta.review'))
  const named = [texts.has('meta.reviewer'), texts.has('meta.reviewed')]
  expect(named).toEqual(status === 'reviewed' ? [true, true] : [false, false])
})

test('LOCALE-PLURALS a missing form is named, and so is one that the language does not have', () => {
  expect(faultsOf('pl', { waits_one: '{{count}} {{total}}', waits_other: '{{count}} {{total}}' })).toEqual([
    expect.stringMatching(/^pl: home\.waits: the plural form “few” is missing: add home\.waits_few/),
    expect.stringMatching(/^pl: home\.waits: the plural form “many” is missing/),
  ])
  expect(faultsOf('ja', { waits_one: '{{count}} {{total}}', waits_other: '{{count}} {{total}}' })).toEqual([
    expect.stringMatching(/^ja: home\.waits_one: ja has no plural form “one”: its forms are other/),
  ])
})

test('LOCALE-PLURALS no app is built where a form is missing: the text and the form are said first', () => {
  const read = (language: string) =>
    language === 'en'
      ? english
      : textsOf({ home: { waits_one: '{{count}}', waits_other: '{{count}} {{total}}' } })
  expect(() => checkLocales(['en', 'pl'], read)).toThrow(
    /^nothing is built with faulty texts of resources\/locales:\n[\s\S]* {2}pl: home\.waits: the plural form “few” is missing/,
  )
  expect(() => checkLocales(['en'])).not.toThrow()
})

test('LOCALE-PLACEHOLDERS a lost and an unknown placeholder are named with their key', () => {
  expect(faultsOf('ja', { waits_other: '{{count}} {{all}}' })).toEqual([
    expect.stringMatching(
      /^ja: home\.waits_other: it fills in \{\{all\}\}, which the English does not: .*count, total/,
    ),
    expect.stringMatching(/^ja: home\.waits_other: the placeholder \{\{total\}\} is missing/),
  ])
  expect(
    faultsOf('de', { waits_one: 'Einer von {{total}}', waits_other: '{{count}} von {{total}}' }),
  ).toEqual([])
})

test('LOCALE-EMPTY an empty text and a number are named', () => {
  expect(faultsOf('de', { title: ' ' })).toEqual([expect.stringMatching(/^de: home\.title: it is empty/)])
  expect(faultsOf('de', { title: 7 })).toEqual([expect.stringMatching(/^de: home\.title: it is empty/)])
})
