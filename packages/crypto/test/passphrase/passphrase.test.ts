import { checkPassphrase } from '@lux/crypto/passphrase'
import { expect, test } from 'vitest'
import { wellKnown } from '../../src/passphrase/known-words.ts'

const refused = async (passphrase: string, about?: string[]) => !(await checkPassphrase(passphrase, about)).ok

test.each([
  '',
  'password',
  'aaaaaaaaaaaa',
  '123456789012',
  'correct horse battery staple',
  'correct-horse-battery-staple',
  'LuxCustody2026',
  'Luxcustody Ceremony 2026',
  'Tr0ub4dour&3',
  'Sommer2026!',
  'passwort1234',
  'P@ssw0rd12345',
  'qwertyuiop[]',
  'iloveyouforever',
  'Winter2026Winter2026',
  'butterfly mountain',
  'abacus abdomen ability',
  'elevenletrs',
  'ｐａｓｓｗｏｒｄ１２３４',
])('PASSWORD-WEAK %s is refused', async (passphrase) => {
  expect(await refused(passphrase)).toBe(true)
})

test.each([
  'kx7Qp2mZr4Lw',
  'abacus glue tadpole ruby',
  'chalk orbit velvet thirteen marmot',
  'ثلاثة جمال على سطح المنزل',
  'Donnerstags tanzt der Igel rückwärts',
])('PASSWORD-WEAK %s is taken', async (passphrase) => {
  expect(await refused(passphrase)).toBe(false)
})

test('PASSWORD-WEAK a name that an attacker knows adds nothing', async () => {
  expect(await refused('Wilhelmina Trzeciak')).toBe(false)
  expect(await refused('Wilhelmina Trzeciak', ['Wilhelmina Trzeciak'])).toBe(true)
})

test('PASSWORD-WEAK what a phone keeps of the well-known is what every program looks for', () => {
  const some = [
    'abc',
    '1234567',
    'dragon',
    'letmein',
    ...Array.from({ length: 9000 }, (_, at) => `word${at}`),
  ]
  expect(wellKnown(wellKnown(some))).toEqual(wellKnown(some))
  expect(wellKnown(some)).toHaveLength(5000)
})
