import { payloadTypes } from '@lux/crypto/transport'
import { expect, test } from 'vitest'
import ar from '../../../../resources/locales/ar/ui.json' with { type: 'json' }
import en from '../../../../resources/locales/en/ui.json' with { type: 'json' }
import { foreignKind, scanTexts } from '../../src/qr/read-codes.ts'

test.each([
  ['https://example.org/a', 'web'],
  ['WIFI:S:home;T:WPA;P:hunter2;;', 'wifi'],
  ['BEGIN:VCARD\nN:Doe', 'contact'],
  ['otpauth://totp/x?secret=ABC', 'authenticator'],
  ['bitcoin:175tWp', 'payment'],
  ['12345', 'other'],
])('QR-NAMED a foreign code is named, and nothing of what stands in it is shown: %s', (text, kind) => {
  const receiver = { take: () => ({ ok: false, rule: 'TRANSFER-FOREIGN', detail: text }) }
  // Of a receiver only what it makes of a text is asked.
  expect(scanTexts(receiver as never, [text])).toEqual({
    state: 'refused',
    rule: 'TRANSFER-FOREIGN',
    detail: kind,
  })
})

test('QR-NAMED each kind of payload and of foreign code is said in both languages', () => {
  const kinds = [
    ...Object.keys(payloadTypes),
    ...['https://a', 'wifi:', 'mecard:', 'otpauth', 'spc\n', ''].map(foreignKind),
  ]
  for (const texts of [en, ar])
    expect(Object.keys(texts.qr.kind).toSorted()).toEqual([...new Set(kinds)].toSorted())
})
