import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../src/index.ts'

test('a secret is printed as [secret] everywhere', () => {
  const secret = Secret.take(Uint8Array.of(0xca, 0xfe))
  expect([
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ a: [secret] }),
  ]).toEqual(['[secret]', '[secret]', '{"secret":"[secret]"}', '[secret]', '{ a: [ [secret] ] }'])
  expect(Object.keys(secret)).toEqual([])
})

test('its bytes are lent, wiped on dispose and gone afterwards', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const kept = Secret.take(bytes)
  {
    using secret = kept
    expect(secret.use((lent) => lent.length)).toBe(3)
    expect(secret.length).toBe(3)
  }
  expect([...bytes]).toEqual([0, 0, 0])
  expect(() => kept.use(() => 0)).toThrow('wiped')
  expect(() => kept.length).toThrow('wiped')
  expect(() => kept.wipe()).not.toThrow()
})
