import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rules } from '@lux/ceremony'
import { checkIds } from '@lux/ceremony/bundle'
import { hsmErrorCodes, profiles, sayings } from '@lux/hsm'
import { expect, test } from 'vitest'
import {
  blockedReasons,
  capabilityIds,
  errorCodes,
  fileKinds,
  languageFor,
  languages,
} from '../../src/contract/index.ts'

type Tree = { [key: string]: string | Tree }
const root = join(import.meta.dirname, '../../../../resources/locales')
const source = join(import.meta.dirname, '../../src/renderer')
const phone = '../../../share-holder-mobile-web/src'
const ui = '../../../../packages/ui/src'
const serverConsole = '../../../server-console/src'

function load(language: string): Map<string, string> {
  const texts = new Map<string, string>()
  const walk = (prefix: string, tree: Tree): void => {
    for (const [key, value] of Object.entries(tree)) {
      if (typeof value === 'string') texts.set(`${prefix}.${key}`, value)
      else walk(`${prefix}.${key}`, value)
    }
  }
  for (const file of readdirSync(join(root, language))) {
    walk(file.replace(/\.json$/, ''), JSON.parse(readFileSync(join(root, language, file), 'utf8')))
  }
  return texts
}

const plural = /_(zero|one|two|few|many|other)$/
const en = load('en')
const ar = load('ar')
const keys = (texts: Map<string, string>): string[] =>
  [...new Set([...texts.keys()].map((key) => key.replace(plural, '')))].sort()

test('LOCALE-LANGUAGES the window offers every language that has a folder, and no other', () => {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect([...languages].sort()).toEqual(folders.map(({ name }) => name).sort())
})

test.each([
  ['de-AT', 'de'],
  ['ja_JP', 'ja'],
  ['pt_BR.UTF-8', 'pt-BR'],
  ['zh-Hans-CN', 'zh-CN'],
  ['AR-eg', 'ar'],
  ['xx-XX', 'en'],
  ['', 'en'],
])('LOCALE-LANGUAGES a system in %j gets %s', (locale, language) => {
  expect(languageFor(locale)).toBe(language)
})

test.each([...errorCodes, ...hsmErrorCodes])(
  'LOCALE-ERRORS %s says what happened, why and what to do',
  (code) => {
    for (const part of ['what', 'why', 'do']) {
      expect(en.has(`errors.${code}.${part}`)).toBe(true)
      expect(ar.has(`errors.${code}.${part}`)).toBe(true)
    }
  },
)

test('LOCALE-CODES every failure that core or the command line names is said in both languages', () => {
  const files = '../../../../packages/node-files/src'
  const people = '../../../../packages/people/src'
  const named = ['../core', '../cli', files, people].flatMap((part) =>
    readdirSync(join(source, part), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(source, part, file), 'utf8').matchAll(
          /(?:new (?:ExpectedError|WrongUse)\(|\bno\(|\brefuse\()\s*'([A-Z0-9-]+)'/g,
        ),
      ])
      .map(([, code]) => code!),
  )
  expect(new Set(named).size).toBeGreaterThan(80)
  const said = (code: string): boolean =>
    [en, ar].every(
      (texts) =>
        texts.has(`errors.${code}.what`) || texts.has(`rules.${code}.what`) || texts.has(`checks.${code}`),
    )
  expect([...new Set(named)].filter((code) => !said(code)).sort()).toEqual([])
})

test('LOCALE-CODES every failure that the phone names has its three sentences in both languages, and no other', () => {
  const named = readdirSync(join(source, phone), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => [...readFileSync(join(source, phone, file), 'utf8').matchAll(/'(PHONE-[A-Z0-9-]+)'/g)])
    .flatMap(([, code]) => ['do', 'what', 'why'].map((part) => `phone-errors.${code}.${part}`))
  expect(new Set(named).size).toBeGreaterThan(45)
  for (const texts of [en, ar]) {
    const said = [...texts.keys()].filter((key) => key.startsWith('phone-errors.'))
    expect(said.toSorted()).toEqual([...new Set(named)].toSorted())
  }
})

test('LOCALE-RULES every rule of plans and runs is said in both languages, and no other', () => {
  const wanted = rules.flatMap((rule) => ['do', 'what', 'why'].map((part) => `rules.${rule}.${part}`))
  for (const texts of [en, ar]) {
    expect([...texts.keys()].filter((key) => key.startsWith('rules.')).sort()).toEqual(wanted.sort())
  }
})

test('LOCALE-RULES what a rule says is a title of its own, why it is there, and what to do, each a sentence', () => {
  const titles = rules.map((rule) => en.get(`rules.${rule}.what`))
  expect(new Set(titles).size).toBe(rules.length)
  for (const rule of rules) {
    const [what = '', why = '', remedy = ''] = ['what', 'why', 'do'].map((part) =>
      en.get(`rules.${rule}.${part}`),
    )
    expect(what).toMatch(/^[A-Z].*[^.]$/)
    for (const sentence of [why, remedy]) expect(sentence).toMatch(/^.*\.$/)
    expect(new Set([what, why, remedy]).size).toBe(3)
  }
  expect(en.get('rules.PLAN-45.do')).toContain('fheMode=S')
  expect(en.get('rules.PLAN-46.do')).toContain('plan hash')
})

test('LOCALE-CHECKS every check of a bundle has its sentence', () => {
  for (const id of checkIds)
    expect({ id, known: en.has(`checks.${id}`) && ar.has(`checks.${id}`) }).toEqual({ id, known: true })
})

test('LOCALE-VENDOR every act of a vendor’s procedure is said in both languages, in English as the profile has it', () => {
  for (const { id, words } of profiles.flatMap(({ replicationSteps }) => replicationSteps)) {
    expect({ id, words: en.get(`vendor.${id}`) }).toEqual({ id, words })
    expect({ id, known: ar.has(`vendor.${id}`) }).toEqual({ id, known: true })
  }
})

test('LOCALE-SAID what the driver says of a token is said in both languages, in English as the driver says it', () => {
  for (const [id, text] of Object.entries(sayings)) {
    expect({ id, text: en.get(`said.${id}`) }).toEqual({ id, text })
    expect({ id, known: ar.has(`said.${id}`) }).toEqual({ id, known: true })
  }
})

test('LOCALE-PROFILES how a token is attested, and why it is not erased, is said in both languages, in English as the profile says it', () => {
  for (const { id, attestation, initialise } of profiles) {
    const said = [[`profiles.attestation.${id}`, attestation.how]]
    if (!initialise.again) said.push([`profiles.initialise.${id}`, initialise.how])
    for (const [key, text] of said) {
      expect({ key, text: en.get(key!) }).toEqual({ key, text })
      expect({ key, known: ar.has(key!) }).toEqual({ key, known: true })
    }
  }
})

test('LOCALE-LISTS capabilities, reasons and file kinds of the contract have their sentences', () => {
  for (const id of capabilityIds) expect(en.has(`tokens.capability.${id}`)).toBe(true)
  for (const id of blockedReasons) expect(en.has(`blocked.${id}`)).toBe(true)
  for (const kind of fileKinds) {
    for (const what of ['file', 'open', 'save']) expect(en.has(`shell.${what}-${kind}`)).toBe(true)
  }
})

test('LOCALE-USED every fixed key in the source exists', () => {
  const known = new Set(keys(en))
  for (const [part, least] of [
    ['.', 150],
    [phone, 80],
    [ui, 10],
    [serverConsole, 80],
  ] as const) {
    const used = readdirSync(join(source, part), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .flatMap((file) => [
        ...readFileSync(join(source, part, file), 'utf8').matchAll(/\bt\(\s*'([a-z]+\.[\w.-]+)'/g),
      ])
      .map(([, key]) => key!)
    expect(used.length).toBeGreaterThan(least)
    expect(used.filter((key) => !known.has(key))).toEqual([])
  }
})

test('LOCALE-FACTS every fact that the engine shows has a name', () => {
  const engine = join(import.meta.dirname, '../../../../packages/ceremony/src')
  const named = /\bshow\('([\w-]+)'|\breadAloud\('([\w-]+)'|\blabel: '([\w-]+)', value/g
  const labels = readdirSync(engine, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(engine, file), 'utf8').matchAll(named)])
    .map(([, shown, aloud, pushed]) => shown ?? aloud ?? pushed ?? '')
  expect(labels.length).toBeGreaterThan(15)
  expect([...new Set(labels)].filter((label) => !en.has(`facts.${label}`))).toEqual([])
})
