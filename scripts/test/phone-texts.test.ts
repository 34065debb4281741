import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { familiesOnPhone, textsForPhone } from '../build/phone-texts.ts'
import { root } from '../root.ts'

const errors = JSON.parse(readFileSync(join(root, 'resources/locales/en/errors.json'), 'utf8'))

test('PHONE-TEXTS the phone keeps the texts of every code that its sources name, and leaves out those of tokens and the command line', () => {
  const texts = textsForPhone(errors, familiesOnPhone())
  for (const code of ['CAMERA-DENIED', 'TRANSFER-TYPE', 'FHE-BUDGET-OTHER', 'QR-FAULT', 'REQUEST-EXPIRED'])
    expect(texts[code], code).toEqual(errors[code])
  for (const part of ['ending', 'family', 'unknown-what']) expect(texts[part], part).toEqual(errors[part])
  for (const code of Object.keys(texts)) expect(code).not.toMatch(/^(HSM|PRINTER|OPTION|STORE)-/)
  expect(JSON.stringify(texts).length).toBeLessThan(0.75 * JSON.stringify(errors).length)
})

test('PHONE-TEXTS a family that a source names alone, for a code that is put together, stays', () => {
  expect(textsForPhone({ 'CARD-X': 1, 'OTHER-X': 2, small: 3 }, new Set(['CARD']))).toEqual({
    'CARD-X': 1,
    small: 3,
  })
})
