import { describe, expect, test } from 'vitest'
import { HsmError, requireHardToGuess } from '../src/index.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

function faultOf(pin: string): string | null {
  try {
    requireHardToGuess(utf8(pin))
    return null
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    expect(error.code).toBe('HSM-PIN-TRIVIAL')
    expect(error.detail).not.toContain(pin)
    return error.detail
  }
}

describe('HSM-PIN-TRIVIAL what anybody tries first is no new PIN', () => {
  test.each(['1234', '73910', '7'])('fewer than six characters: %s', (pin) => {
    expect(faultOf(pin)).toContain('fewer than 6')
  })
  test.each(['123456', '12345678', '87654321', '234567', '678901', '109876', 'abcdef', 'fedcba'])(
    'a run: %s',
    (pin) => expect(faultOf(pin)).toContain('follows'),
  )
  test.each(['000000', '11111111', '121212', '123123', '12341234', 'abcabc', 'äääää'])(
    'a repeated piece: %s',
    (pin) => expect(faultOf(pin)).toContain('repeated'),
  )
})

test.each(['246810', '13579135', '73910284', '112233', '1234567x', '12345679', 'so-pin', '123412'])(
  'any other PIN is taken: %s',
  (pin) => expect(faultOf(pin)).toBeNull(),
)
