import i18next from 'i18next'
import { createElement, type ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { initReactI18next } from 'react-i18next'
import { beforeAll, expect, test } from 'vitest'
import ui from '../../../resources/locales/en/ui.json' with { type: 'json' }
import { cardsOf, EmptyState, initialsOf, PersonChip, QuorumRing, WordCards } from '../src/index.ts'

beforeAll(async () => {
  await i18next.use(initReactI18next).init({ lng: 'en', resources: { en: { translation: { ui } } } })
})

const shown = (node: ReactNode): string => renderToStaticMarkup(node)
const words = Array.from({ length: 32 }, (_, index) => `word${index}`)
const hex = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0')).join('')

test('a fingerprint of 32 bytes is eight cards of four words, each with its place and its byte', () => {
  const cards = cardsOf(words, hex)
  expect(cards.map((card) => card.length)).toEqual([4, 4, 4, 4, 4, 4, 4, 4])
  expect(cards.flat()).toHaveLength(32)
  expect(cards[3]?.[1]).toEqual({ place: 14, word: 'word13', byte: '0d' })
})

test('bytes that are not those of the words are not shown beside them', () => {
  expect(
    cardsOf(words.slice(0, 20), hex)
      .flat()
      .every(({ byte }) => byte === null),
  ).toBe(true)
})

test('a card says in words what is shown in colour', () => {
  const markup = shown(
    createElement(WordCards, {
      label: 'Bundle',
      words,
      hex,
      states: ['heard', 'differs', 'stopped', 'reading'],
    }),
  )
  for (const said of ['heard', 'differs', 'differs twice: stop', 'reading now'])
    expect(markup).toContain(`>${said}<`)
})

test('words to read aloud stay left to right and keep what a direction mark would hide', () => {
  const markup = shown(createElement(WordCards, { label: 'Bundle', words: ['adult', 'bison'] }))
  expect(markup).toContain('dir="ltr"')
  expect(markup).toContain('aria-label="Bundle, in words"')
})

test.each([
  ['Lena Fischer', 'LF'],
  ['Pieter de Vries', 'PV'],
  ['Madonna', 'M'],
  ['  ', ''],
  ['ليلى حداد', 'لح'],
  ['田中', '田'],
])('the initials of %j are %j', (name, initials) => {
  expect(initialsOf(name)).toBe(initials)
})

test.each([
  ['absent', 'not here'],
  ['here', 'here'],
  ['acting', 'acts now'],
  ['done', 'done'],
  ['unsigned', 'has not signed'],
] as const)('the state of a person who is %s is also given in words', (presence, said) => {
  const markup = shown(createElement(PersonChip, { name: 'Lena Fischer', note: 'Witness', presence }))
  expect(markup).toContain(`>${said}<`)
  expect(markup).toContain(`data-presence="${presence}"`)
})

test('a quorum says how many of how many, and names who is missing', () => {
  const voices = [
    { name: 'Amara Okafor', given: true },
    { name: 'Lena Fischer', given: false },
    { name: 'Mei Tanaka', given: true },
  ]
  const markup = shown(createElement(QuorumRing, { voices, needed: 2 }))
  expect(markup).toContain('aria-label="2 of 2"')
  // The ring is closed where its caption says that enough have signed: nobody else is waited for.
  expect(markup.match(/quorum-given/g)).toHaveLength(2)
  expect(markup.match(/class="quorum-missing"/g)).toBeNull()
  expect(markup).not.toContain('Missing:')
  const before = shown(
    createElement(QuorumRing, { voices: voices.map((one, at) => ({ ...one, given: at === 0 })), needed: 2 }),
  )
  expect(before).toContain('aria-label="1 of 2"')
  expect(before).toContain('Missing: Lena Fischer, Mei Tanaka')
  expect(before.match(/quorum-given/g)).toHaveLength(1)
  expect(before.match(/class="quorum-missing"/g)).toHaveLength(1)
})

test('an empty place says what it is for, one action and what it costs', () => {
  const markup = shown(
    createElement(EmptyState, {
      title: 'No share yet',
      what: 'A share comes by file.',
      action: createElement('button', { type: 'button' }, 'Receive'),
      cost: 'Two minutes',
    }),
  )
  for (const part of ['No share yet', 'A share comes by file.', 'Receive', 'Two minutes'])
    expect(markup).toContain(part)
})
