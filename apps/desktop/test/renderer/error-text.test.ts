import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RefusalTexts } from '@lux/node-files'
import { type ErrorText, useErrorText } from '@lux/ui/i18n'
import i18next from 'i18next'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { initReactI18next } from 'react-i18next'
import { beforeAll, expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../../../resources/locales/en')
const translation = Object.fromEntries(
  readdirSync(folder).map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(join(folder, file), 'utf8')),
  ]),
)

beforeAll(async () => {
  const resources = { en: { translation } }
  await i18next.use(initReactI18next).init({ lng: 'en', resources, interpolation: { escapeValue: false } })
})

function Reads({ code, read }: { code: string; read: (text: ErrorText) => void }) {
  read(useErrorText({ code, detail: '' }))
  return null
}

function shown(code: string): ErrorText {
  const read: ErrorText[] = []
  renderToStaticMarkup(createElement(Reads, { code, read: (text) => read.push(text) }))
  return read[0]!
}

const isCode = (code: string) => /^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$/.test(code)
const codes = [...Object.keys(translation.errors), ...Object.keys(translation.rules)].filter(isCode)

test('the window and the programs without one say the same of every code', () => {
  const texts = new RefusalTexts(folder)
  expect(codes.length).toBeGreaterThan(300)
  for (const code of codes) {
    const { what, why, do: remedy } = shown(code)
    expect({ code, ...texts.of(code) }).toEqual({ code, what, why, remedy })
  }
})

test('of a code that has no text of its own both say what is true of its ending, else of its family', () => {
  const texts = new RefusalTexts(folder)
  for (const [kind, codeOf] of [
    ['ending', (part: string) => `NOBODY-${part}`],
    ['family', (part: string) => `${part}-NOBODY`],
  ] as const)
    for (const part of Object.keys(translation.errors[kind]))
      expect({ part, remedy: texts.of(codeOf(part))?.remedy }).toEqual({
        part,
        remedy: shown(codeOf(part)).do,
      })
  expect(texts.of('NOBODY')).toBe(null)
})
