import { expect, test } from 'vitest'
import { abilitiesOf } from '../../../src/pkcs11/session/token-info.ts'

test('a token can do what its mechanism list allows, and gives random bytes only with the generator flag', () => {
  expect(abilitiesOf([0x1080, 0x210a, 0x1041], true)).toEqual([
    'aes-generate',
    'aes-wrap',
    'ecdsa-sign',
    'random',
  ])
  expect(abilitiesOf([0x1080], false)).toEqual(['aes-generate'])
  expect(abilitiesOf([], false)).toEqual([])
})
