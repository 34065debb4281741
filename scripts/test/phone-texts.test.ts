import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { namedOnPhone, textsForPhone } from '../build/phone-texts.ts'
import { root } from '../root.ts'

const errors = JSON.parse(readFileSync(join(root, 'resources/locales/en/errors.json'), 'utf8'))

test('PHONE-TEXTS the phone keeps the texts of every code that its sources name, and leaves out those of tokens and the command line', () => {
  const texts = textsForPhone(errors, namedOnPhone())
  for (const code of ['CAMERA-DENIED', 'TRANSFER-TYPE', 'FHE-BUDGET-OTHER', 'QR-FAULT', 'REQUEST-EXPIRED'])
    expect(texts[code], code).toEqual(errors[code])
  for (const part of ['ending', 'family', 'unknown-what']) expect(texts[part], part).toEqual(errors[part])
  for (const code of Object.keys(texts)) expect(code).not.toMatch(/^(HSM|PRINTER|OPTION|STORE)-/)
  expect(JSON.stringify(texts).length).toBeLessThan(0.6 * JSON.stringify(errors).length)
})

test('PHONE-TEXTS a code that is put together from a beginning that a source names stays', () => {
  const texts = { 'CARD-X': 1, 'SHARE-REQUEST-MALFORMED': 2, 'SHARE-OTHER': 3, small: 4 }
  expect(textsForPhone(texts, new Set(['CARD-X', 'SHARE-REQUEST']))).toEqual({
    'CARD-X': 1,
    'SHARE-REQUEST-MALFORMED': 2,
    small: 4,
  })
})
