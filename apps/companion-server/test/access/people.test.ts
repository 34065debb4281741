import { randomBytes } from 'node:crypto'
import { utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { sealSecret, stepOf, withSecret } from '../../src/access/person-secrets.ts'

test('PERSON-ROW-CHANGED a second factor that was changed in the database is told as that', () => {
  const [key, secret] = [randomBytes(32), randomBytes(20)]
  const sealed = sealSecret(key, 'ada', secret)
  const open = (of: string, given: Uint8Array) => withSecret(key, of, given, (own) => Buffer.from(own))
  expect(open('ada', sealed)).toEqual(secret)
  for (const length of [0, 5, 12, 20, 60])
    expect(() => open('ada', randomBytes(length))).toThrow(
      expect.objectContaining({ code: 'PERSON-ROW-CHANGED' }),
    )
  expect(() => open('bea', sealed)).toThrow(expect.objectContaining({ code: 'PERSON-ROW-CHANGED' }))
})

test('a secret that was lent is wiped, whatever its work comes to', () => {
  const key = randomBytes(32)
  const sealed = sealSecret(key, 'ada', randomBytes(20))
  const lent: Uint8Array[] = []
  withSecret(key, 'ada', sealed, (secret) => lent.push(secret))
  const failing = () =>
    withSecret(key, 'ada', sealed, (secret) => {
      lent.push(secret)
      throw new Error('failed')
    })
  expect(failing).toThrow('failed')
  expect(lent.map((secret) => [...secret])).toEqual([Array(20).fill(0), Array(20).fill(0)])
})

// RFC 6238, Appendix B, the last six digits.
test.each([
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at second %i the code of the RFC is %s, and of no step further away than one', (seconds, code) => {
  const secret = utf8('12345678901234567890')
  const at = (shift: number) => stepOf(secret, code, new Date((seconds + shift) * 1000))
  const step = Math.floor(seconds / 30)
  expect([at(-60), at(-30), at(0), at(30), at(60)]).toEqual([null, step, step, step, null])
  expect([
    stepOf(secret, '', new Date(seconds * 1000)),
    stepOf(secret, `0${code}`, new Date(seconds * 1000)),
  ]).toEqual([null, null])
})
