import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codesIn, namedOnPhone, textsForPhone } from '../build/phone-texts.ts'
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

test('PHONE-TEXTS a code that sources put together stays, and one that only begins as another does not', () => {
  const texts = { 'CARD-X': 1, 'SHARE-MALFORMED': 2, 'KEYS-P256-X': 3, 'SHARE-OTHER': 4, small: 5 }
  const named = codesIn(`no('CARD-X', a); codec('SHARE'); \`\${rule}-MALFORMED\`; \`KEYS-\${scheme}\``)
  expect(textsForPhone(texts, named)).toEqual({
    'CARD-X': 1,
    'SHARE-MALFORMED': 2,
    'KEYS-P256-X': 3,
    small: 5,
  })
})
