import { describe, expect, it } from 'vitest'
import { rootTemplate } from '../src/index.ts'
import { scriptedToken } from '../src/scripted-device.ts'
import { refusal, userPin, utf8 } from './soft-token-bench.ts'

const key = { id: '00'.repeat(16), label: 'k', bits: 256, template: rootTemplate } as const

describe('the scripted token', () => {
  it('counts wrong PINs down to final and locked, and asks before the last one', async () => {
    const token = scriptedToken('S1', { triesLeft: 2 })
    const wrong = (acceptFinalTry = false) =>
      token.logIn({ user: 'user', pin: utf8('wrong'), acceptFinalTry })
    expect(await refusal(wrong())).toBe('HSM-PIN-WRONG')
    expect((await token.pinState()).user).toBe('final')
    expect(await refusal(wrong())).toBe('HSM-PIN-FINAL-TRY')
    expect(await refusal(wrong(true))).toBe('HSM-PIN-WRONG')
    expect((await token.pinState()).user).toBe('locked')
    expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-PIN-LOCKED')
  })

  it('a fault before leaves no key, a fault after leaves one that can be found', async () => {
    for (const [when, count] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      const faults = [{ operation: 'generateAes', call: 1, when, code: 'HSM-CRASHED' }] as const
      const token = scriptedToken('S2', { faults })
      await token.logIn({ user: 'user', pin: userPin() })
      expect(await refusal(token.generateAes(key))).toBe('HSM-CRASHED')
      expect((await token.findById(key.id)).length).toBe(count)
    }
  })

  it('draws the same bytes for the same serial and order', async () => {
    const [a, b] = [scriptedToken('S3'), scriptedToken('S3')]
    expect(await a.random(40)).toEqual(await b.random(40))
    expect(await a.random(40)).not.toEqual(await scriptedToken('S3').random(40))
  })
})
