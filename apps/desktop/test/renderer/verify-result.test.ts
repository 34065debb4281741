import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from '@lux/ceremony/bundle'
import i18next from 'i18next'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { initReactI18next } from 'react-i18next'
import { beforeAll, describe, expect, test } from 'vitest'
import type { VerifyView } from '../../src/contract/index.ts'
import { checkGroups, groupOf, groupsOf } from '../../src/renderer/bundles/check-groups.ts'
import { VerifyResult } from '../../src/renderer/bundles/verify-result.tsx'
import { verdictPaper } from '../../src/renderer/paper/verdict-paper.ts'

const locales = join(import.meta.dirname, '../../../../resources/locales')
const sections = ['bundles', 'checks', 'paper', 'states', 'ui']
const texts = (language: string) => ({
  translation: Object.fromEntries(
    sections.map((name) => [name, JSON.parse(readFileSync(join(locales, language, `${name}.json`), 'utf8'))]),
  ),
})

beforeAll(async () => {
  const resources = { en: texts('en'), ar: texts('ar') }
  await i18next.use(initReactI18next).init({ lng: 'en', resources, interpolation: { escapeValue: false } })
})

const contents: NonNullable<VerifyView['contents']> = {
  title: 'Root 2026',
  ceremony: 'a1b2',
  organisation: 'Northwind',
  domain: 'production',
  digest: '0102',
  words: ['one', 'two'],
  planHash: 'c3',
  entries: 92,
  checkpoints: 4,
  signers: { signed: ['Officer Two', 'Officer One'], missing: ['Officer Three'] },
  files: [],
}
const passed = Object.keys(catalogue).map((name) => ({ name, outcome: 'passed' as const, detail: '' }))
const accepted: VerifyView = {
  path: '/home/ada/b.zip',
  verdict: 'accepted',
  rule: null,
  detail: null,
  ...{
    checks: passed,
    signedHere: [],
    unproved: ['hardware', 'room', 'clock', 'signed-before'],
    notes: [{ id: 'heard', state: 'signed', values: ['Wim'] }],
    contents,
    taken: null,
  },
  policy: {
    ...{ organisation: 'Northwind', domain: 'production', digest: 'ab12', words: ['three', 'four'] },
    ended: null,
  },
}
const failing = (rule: string): VerifyView => ({
  ...accepted,
  verdict: 'refused',
  rule,
  detail: 'x',
  contents: null,
  checks: passed.map((check) => (check.name === rule ? { ...check, outcome: 'failed' as const } : check)),
})
const unsigned: VerifyView = {
  ...accepted,
  ...{
    verdict: 'consistent',
    rule: 'POLICY-MISSING',
    policy: null,
    contents: { ...contents, signers: null },
  },
  checks: passed.map((check) =>
    check.name === 'POLICY-MISSING'
      ? { ...check, outcome: 'failed' as const }
      : check.name === 'MANIFEST-SIGNATURES'
        ? { ...check, outcome: 'not-run' as const }
        : check,
  ),
}

const shown = (result: VerifyView) =>
  renderToStaticMarkup(createElement(VerifyResult, { result })).replaceAll(/<[^>]+>/g, '\n')

describe('VERDICT-GROUPS', () => {
  test('every check of a bundle stands in exactly one of the six groups', () => {
    const grouped = Object.values(checkGroups).flat()
    expect(grouped.toSorted()).toEqual(Object.keys(catalogue).toSorted())
    expect(
      groupsOf(accepted)
        .map(({ checks }) => checks.length)
        .reduce((a, b) => a + b),
    ).toBe(passed.length)
  })

  test('a check that no group knows is shown, and decides the state of its group', () => {
    const [, , planned] = groupsOf({
      ...accepted,
      checks: [...passed, { name: 'NEWER', outcome: 'failed', detail: '' }],
    })
    expect(planned?.state).toBe('failed')
    expect(planned?.checks.at(-1)?.name).toBe('NEWER')
  })

  test('a missing policy is no fault of the bundle: who signed is not known', () => {
    const states = Object.fromEntries(groupsOf(unsigned).map(({ group, state }) => [group, state]))
    expect(states).toEqual({
      whole: 'passed',
      record: 'passed',
      planned: 'passed',
      people: 'open',
      keys: 'passed',
      threshold: 'passed',
    })
  })
})

test('VERDICT-GROUPS nothing is claimed of a threshold key that the bundle does not have', () => {
  expect(shown(accepted)).toContain('There is no threshold key in this bundle')
  const files = [{ name: 'p', what: 'public-share-file', bytes: 1 }]
  expect(shown({ ...accepted, contents: { ...contents, files } })).toContain('The threshold key holds')
})

describe('VERDICT-WORDS', () => {
  test('an accepted bundle says so in one sentence, and names the verified signers and who did not sign', () => {
    const text = shown(accepted)
    expect(text).toContain('Accepted. The bundle is whole, and the officers you trust signed it.')
    expect(text).toContain(`All ${passed.length} checks passed`)
    expect(text).toMatch(/Officer One\s+Officer, signature verified/)
    expect(text).toMatch(/Officer Three\s+Officer, did not sign the bundle/)
  })

  test.each(['shown', 'printed'])(
    'a verdict that is %s says on which file it is, and by which policy',
    (where) => {
      const said = (result: VerifyView): string =>
        where === 'shown'
          ? shown(result)
          : JSON.stringify(verdictPaper(i18next.t, (name) => name, 'en', result))
      const { policy } = accepted
      if (policy === null) throw new Error('judged by none')
      // Paper leaves the room, and says nothing of this machine's folders.
      expect(said(accepted).includes('/home/ada')).toBe(where === 'shown')
      for (const text of ['b.zip', 'Root 2026', 'Judged by the policy of', 'ab12', 'three'])
        expect(said(accepted)).toContain(text)
      expect(said(accepted)).not.toContain('vouches for itself')
      expect(said({ ...accepted, policy: { ...policy, domain: 'rehearsal' } })).toContain(
        'vouches for itself',
      )
      expect(said(unsigned)).toContain('Judged by no policy.')
      const late = { ...policy, ended: '2027-01-01T00:00:00.000Z' }
      expect(said({ ...accepted, policy: late })).toContain('The policy ended on 2027-01-01.')
      expect(said(accepted)).not.toContain('The policy ended')
    },
  )

  test('without a verified signature nobody is named as a signer', () => {
    const text = shown(unsigned)
    expect(text).toContain('Whole, but nobody says who signed it.')
    expect(text).toContain('Nobody’s signature was checked')
    expect(text).not.toContain('Officer One')
    expect(shown(failing('MANIFEST-SIGNATURES'))).toContain('nobody’s signature is verified')
  })

  test.each(Object.keys(catalogue).filter((name) => name !== 'POLICY-MISSING'))(
    'a bundle refused by %s says in plain words what is wrong and what to do',
    (rule) => {
      const group = groupOf(rule)
      const text = shown(failing(rule))
      expect(text).toContain(i18next.t(`bundles.damage.${group}.what`))
      expect(text).toContain(i18next.t(`bundles.damage.${group}.do`))
      expect(text).not.toContain('bundles.')
    },
  )

  test('in Arabic no text is missing', async () => {
    await i18next.changeLanguage('ar')
    try {
      for (const result of [accepted, unsigned, failing('ZIP-PROFILE')]) {
        expect(shown(result)).not.toMatch(/bundles\.|paper\.|checks\./)
      }
      expect(shown(accepted)).toContain('مقبولة')
    } finally {
      await i18next.changeLanguage('en')
    }
  })
})

test('VERDICT-UNPROVED what no file proves is shown, each with its text', () => {
  const all = ['signers', 'rehearsal', 'hardware', 'room', 'clock', 'shares', 'signed-here', 'signed-before']
  const text = shown({ ...accepted, signedHere: ['Ada', 'Bo'], unproved: all })
  for (const what of all.filter((one) => one !== 'signed-here'))
    expect(text).toContain(i18next.t(`bundles.unproved.${what}`))
  expect(text).toContain('Ada, Bo')
  expect(shown({ ...accepted, unproved: ['anything'] })).toContain('Anything at all')
})

test('PAPER-VERDICT the printed verdict has the sentence, the words, every check and what is not proved', () => {
  const paper = verdictPaper(i18next.t, (name) => name, 'en', accepted)
  const tables = paper.blocks.flatMap((block) => (block.kind === 'table' ? block.rows : []))
  expect(tables.map(([, id]) => id).toSorted()).toEqual(Object.keys(catalogue).toSorted())
  expect(paper.blocks).toContainEqual({
    kind: 'words',
    title: 'Bundle digest',
    words: ['one', 'two'],
    hex: '0102',
  })
  const [lists] = paper.blocks.flatMap((block) => (block.kind === 'list' ? [block.items] : []))
  expect(lists).toHaveLength(4)
  expect(JSON.stringify(paper)).not.toMatch(/bundles\.|paper\./)
})
