import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import i18next from 'i18next'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { initReactI18next } from 'react-i18next'
import { beforeAll, expect, test } from 'vitest'
import type { VerifyView } from '../../src/contract/index.ts'
import { Signers } from '../../src/renderer/bundles/verify-result.tsx'

const locales = join(import.meta.dirname, '../../../../resources/locales')
const bundles = JSON.parse(readFileSync(join(locales, 'en/bundles.json'), 'utf8'))

beforeAll(async () => {
  const resources = { en: { translation: { bundles } } }
  await i18next.use(initReactI18next).init({ lng: 'en', resources, interpolation: { escapeValue: false } })
})

type Signed = NonNullable<VerifyView['contents']>['signers']
const shown = (signers: Signed, outcome: 'passed' | 'failed' | 'not-run') => {
  const result: VerifyView = {
    path: '/b.zip',
    verdict: 'consistent',
    rule: null,
    detail: null,
    checks: [{ name: 'MANIFEST-SIGNATURES', outcome, detail: '' }],
    signedHere: [],
    contents: null,
  }
  return renderToStaticMarkup(createElement(Signers, { result, signers })).replaceAll(/<[^>]+>/g, '')
}

test('the contents of a bundle name the verified signers, and the officers who did not sign', () => {
  const signers = { signed: ['Officer Two', 'Officer One'], missing: ['Officer Three'] }
  expect(shown(signers, 'passed')).toBe('2 of 3: Officer Two, Officer One. Not signed: Officer Three')
  expect(shown({ signed: ['Ada'], missing: [] }, 'passed')).toBe('1 of 1: Ada')
})

test('without a verified signature nobody is named as a signer', () => {
  expect(shown(null, 'not-run')).toBe('Signers not checked')
  expect(shown(null, 'failed')).toBe('The signatures failed their check: nobody’s signature is verified')
})
