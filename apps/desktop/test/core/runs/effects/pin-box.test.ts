import { utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { PinBox } from '../../../../src/core/runs/effects/token/pin-box.ts'

test('HSM-PIN-SAME a PIN that the other user of the token gave is refused; an other token’s, and a token’s own pad, are not asked', () => {
  const box = new PinBox()
  box.put('ceremony', 'so', utf8('73910284'))
  const refused = (token: string, user: 'user' | 'so', pin: string) => {
    try {
      box.requireOther(token, user, utf8(pin))
      return null
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : String(error)
    }
  }
  expect(refused('ceremony', 'user', '73910284')).toBe('HSM-PIN-SAME')
  expect(refused('ceremony', 'user', '7391028')).toBe(null)
  expect(refused('ceremony', 'so', '73910284')).toBe(null)
  expect(refused('spare', 'user', '73910284')).toBe(null)
  box.put('ceremony', 'so', 'pin-pad')
  expect(refused('ceremony', 'user', '73910284')).toBe(null)
})
