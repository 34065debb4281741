import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import i18next from 'i18next'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TranscriptEntry } from '../../src/contract/index.ts'
import { isDeviation, storyOf, topics } from '../../src/contract/story.ts'
import { transcriptPaper } from '../../src/contract/transcript-paper.ts'
import { sayIn } from '../../src/renderer/i18n/say.ts'
import { account } from '../support/fake-account.ts'

const locales = join(import.meta.dirname, '../../../../resources/locales')
const texts = (language: string) => ({
  translation: Object.fromEntries(
    [
      ...['transcript', 'script', 'steps', 'stage', 'bundles', 'facts', 'paper'],
      ...['roles', 'runner', 'states'],
    ].map((name) => [name, JSON.parse(readFileSync(join(locales, language, `${name}.json`), 'utf8'))]),
  ),
})
const source = (file: string): string =>
  readFileSync(join(import.meta.dirname, '../../../../packages/ceremony/src/model', file), 'utf8')

/** Kinds of facts and of effects, from the types that name them all. */
const facts = (source('events.ts').split('export type Facts = {')[1]?.split('\n}')[0] ?? '')
  .split(/^ {2}(?='[a-z-]+\.[a-z-]+': )/m)
  .slice(1)
const kinds = facts.map((fact) => fact.split("'")[1] ?? '')
const decisions =
  /type ExceptionDecision = (.*)/.exec(source('commands.ts'))?.[1] ?? 'no decision is named in commands.ts'
/** Each kind as often as there are members of the union that chooses its sentence. */
const variants = facts.flatMap((fact): [string, object][] => {
  const kind = fact.split("'")[1] ?? ''
  const [, field = '', union = ''] = /\b(what|found|cause|decision): ('.*|ExceptionDecision)/.exec(fact) ?? []
  const members = [
    ...(union === 'ExceptionDecision' ? decisions : (union.split(/[;}]/)[0] ?? '')).matchAll(/'([a-z-]+)'/g),
  ]
  return members.length === 0 ? [[kind, {}]] : members.map(([, member]) => [kind, { [field]: member }])
})
const effects = [
  ...new Set([...source('effects.ts').matchAll(/kind: '([a-z-]+)'/g)].map(([, kind]) => kind ?? '')),
].filter((kind) => kind !== 'reconcile')

beforeAll(async () => {
  await i18next.init({
    lng: 'en',
    resources: { en: texts('en'), ar: texts('ar') },
    interpolation: { escapeValue: false },
  })
})

const entry = (kind: string, fact: object, stepId = 'generate-root'): TranscriptEntry => ({
  ...{
    seq: 1,
    time: '2026-11-28T10:00:00.000Z',
    stepId,
    kind,
    summary: '',
    fact: JSON.stringify(fact),
    readAgain: false,
    leaf: '',
  },
})
const told = (kind: string, fact: object): string =>
  storyOf(sayIn(i18next), entry(kind, fact), (text) => `<${text}>`)

describe('TRANSCRIPT-STORY', () => {
  test('names the person and says what was done', () => {
    expect(told('step.confirmed', { by: 'Ada', stage: 1, input: {} })).toBe(
      '<Ada> confirmed: Make the root KEK.',
    )
    expect(told('run.resumed', { by: 'machine' })).toBe('The workstation went on with the ceremony.')
    expect(told('signature.accepted', { name: 'Bo', what: 'opening' })).toBe('<Bo> signed the opening.')
    expect(told('signature.accepted', { name: 'Bo', what: 'bundle', here: true })).toBe(
      '<Bo> signed the bundle. Signed at the workstation itself.',
    )
    expect(
      told('step.failed', { attempt: 1, effect: 'log-in', failure: { code: 'HSM-PIN-INCORRECT' } }),
    ).toContain('<HSM-PIN-INCORRECT>')
    for (const kind of [
      'answer.taken',
      'epoch.approved',
      'redeal.taken',
      'heartbeat.taken',
      'custodian.acknowledged',
      'custodian.stated',
    ])
      expect(told(kind, { payload: { name: 'Hana' } })).toContain('<Hana>')
    expect(told('note.made', { by: 'Ada', text: '{{by}} $t(x)' })).toBe('<Ada> noted: <{{by}} $t(x)>')
  })

  test('a pause that nobody asked for says why: a window that was covered is no restart of the program', () => {
    const paused = (reason: string) => entry('run.paused', { by: 'machine', cause: 'restart', reason }, 'run')
    const told = (reason: string) => storyOf(sayIn(i18next), paused(reason), String)
    expect(told('the token 7700AB12 was logged out when the window was locked')).toBe(
      'The ceremony paused itself. The token was logged out when the window was covered: 7700AB12',
    )
    expect(told('the program was started again')).toBe(
      'The ceremony paused itself. The program was started again.',
    )
    expect(told('HSM-GONE: no answer')).toBe('The ceremony paused itself. HSM-GONE: no answer')
  })

  test('who heard words is told with which words', () => {
    const heard = entry('reading.heard', { what: 'plan', digest: '5a', by: ['Wim', 'Zoe'] })
    expect(storyOf(sayIn(i18next), heard, String)).toBe(
      'The workstation says that Wim, Zoe heard the words. Plan hash.',
    )
  })

  test('a kind that a newer version wrote is told by its step and name', () => {
    expect(told('newer.kind', {})).toBe('Make the root KEK: <newer.kind>')
    expect(told('signature.accepted', { name: 'Bo', what: 'newer' })).toBe(
      'Make the root KEK: <signature.accepted>',
    )
  })

  test.each(['en', 'ar'])('every kind of entry and every effect has its sentence in %s', async (language) => {
    await i18next.changeLanguage(language)
    try {
      expect(kinds.length).toBeGreaterThan(25)
      expect(effects.length).toBeGreaterThan(25)
      // Those of signatures, of what was reconciled, of pauses and of decisions.
      expect(variants.length).toBeGreaterThan(kinds.length + 8)
      const untold = variants.filter(([kind, fact]) => {
        const story = told(kind, fact)
        return (
          story.includes('transcript.story') ||
          story.includes('returned an object') ||
          story.endsWith(`<${kind}>`)
        )
      })
      expect(untold).toEqual([])
      expect(effects.filter((effect) => !i18next.exists(`transcript.did.${effect}`))).toEqual([])
    } finally {
      await i18next.changeLanguage('en')
    }
  })

  test('to have words read again is told as that, and not as going on', () => {
    const decided = entry('exception.decided', { id: 1, decision: 'continue', by: 'Ada', reason: 'a cough' })
    const told = (one: TranscriptEntry) => storyOf(sayIn(i18next), one, (text) => text)
    expect(told(decided)).toContain('go on.')
    expect(told({ ...decided, readAgain: true })).toContain('have the words read again.')
    const again = {
      ...account,
      deviations: account.deviations.map((one) => ({ ...one, decision: 'read-again' as const })),
    }
    expect(JSON.stringify(transcriptPaper(sayIn(i18next), 'en', again, []))).toContain(
      'Have the words read again',
    )
  })

  test('every kind of entry is found by the filter', () => {
    const sorted: readonly string[] = Object.values(topics).flat()
    expect(kinds.filter((kind) => !sorted.includes(kind))).toEqual([])
  })

  test('what did not go as planned is marked, on paper too, and nothing is left out of both', () => {
    expect(isDeviation('exception.opened')).toBe(true)
    expect(isDeviation('step.performed')).toBe(false)
    expect(topics.deviations.length).toBeGreaterThan(3)
    const entries = [
      entry('step.performed', { effect: 'generate-root' }),
      entry('run.aborted', { by: 'Ada', reason: 'fire' }),
    ]
    const paper = transcriptPaper(sayIn(i18next), 'en', { ...account, entries: 3 }, entries)
    const last = paper.blocks.findLast((block) => block.kind === 'table')
    expect(last?.rows.map(([, , what]) => what)).toEqual([
      'Make the root KEK: the root key was made.',
      'Not as planned: Ada stopped the ceremony for good. fire',
    ])
    expect(JSON.stringify(paper)).toContain('1 more entry is not on this paper')
  })

  test.each(['en', 'ar'])(
    'the paper says each thing in words of %s, and on every page what it is',
    async (language) => {
      await i18next.changeLanguage(language)
      try {
        const paper = transcriptPaper(sayIn(i18next), language === 'ar' ? 'ar' : 'en', account, [])
        expect(paper.running?.top).toContain(i18next.t('transcript.paper.rehearsal'))
        expect(paper.running?.bottom).toContain('9b1e44c072da0f35')
        // A key without a text is shown as itself.
        expect(JSON.stringify(paper)).not.toMatch(
          /(transcript|script|steps|stage|bundles|facts|paper|roles|runner|states)\.[a-z]/,
        )
      } finally {
        await i18next.changeLanguage('en')
      }
    },
  )
})

test('PAPER-LANGUAGES the words of the printed transcript are in every language, so that no paper has two', () => {
  type Texts = { [name: string]: string | Texts }
  // Languages have other plural forms of one sentence.
  const namesOf = (texts: Texts, at = ''): string[] =>
    Object.entries(texts).flatMap(([name, text]) =>
      typeof text === 'string'
        ? `${at}${name.replace(/_(?:zero|one|two|few|many|other)$/, '')}`
        : namesOf(text, `${at}${name}.`),
    )
  const own = (language: string): string[] => {
    const { paper, signed } = texts(language).translation.transcript
    return [...new Set(namesOf({ paper, signed }))].toSorted()
  }
  for (const language of readdirSync(locales))
    expect([language, own(language)]).toEqual([language, own('en')])
})
