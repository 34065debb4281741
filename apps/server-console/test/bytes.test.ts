import { expect, test } from 'vitest'
import { derOf, fromBase64, pemOf, textOf, toBase64 } from '../src/api/bytes.ts'
import { failureOf } from '../src/api/client.ts'

test('CONSOLE-BYTES text goes to base64 and back, and bytes that are no text are said to be none', () => {
  for (const text of ['', 'hello', 'ÄÖ سلام 鍵 🗝']) {
    expect(toBase64(text)).toBe(Buffer.from(text).toString('base64'))
    expect(textOf(toBase64(text))).toBe(text)
  }
  expect(textOf(Buffer.from([0xff, 0xfe]).toString('base64'))).toBe(null)
  expect(textOf('no base64!')).toBe(null)
})

test('CONSOLE-PEM a key goes into PEM as others write it and comes out of it, with or without its armour', () => {
  for (const length of [47, 48, 49, 294]) {
    const bytes = Buffer.alloc(length, 0xa5)
    const base64 = toBase64(new Uint8Array(bytes))
    const lines = base64.match(/.{1,64}/g) ?? []
    const pem = `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`
    expect(pemOf('PUBLIC KEY', base64)).toBe(pem)
    expect(derOf(pem)).toBe(base64)
    expect(derOf(base64)).toBe(base64)
    expect(Buffer.from(fromBase64(base64))).toEqual(bytes)
  }
})

test('CONSOLE-REFUSAL of the server’s refusal the page shows the code and the detail alone, the rest in its own language', () => {
  const body = {
    code: 'KEY-DISABLED',
    statusCode: 400,
    remedy: 'Enable it.',
    message: 'KEY-DISABLED: the key k is disabled. What to do: Enable it.',
  }
  expect(failureOf(body)).toEqual({ code: 'KEY-DISABLED', detail: 'the key k is disabled' })
  const role = {
    code: 'ROLE-REFUSED',
    message: 'No. What to do: Ask.',
    details: ['user may not do key.create'],
  }
  expect(failureOf(role)).toEqual({ code: 'ROLE-REFUSED', detail: 'user may not do key.create' })
  expect(failureOf(null)).toEqual({ code: 'CONSOLE-ANSWER', detail: '' })
  expect(failureOf('<html>')).toEqual({ code: 'CONSOLE-ANSWER', detail: '' })
})
