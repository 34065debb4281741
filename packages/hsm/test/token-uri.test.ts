import { expect, test } from 'vitest'
import { parseTokenUri } from '../src/index.ts'

test('a token’s URI gives serial, label, library and where the PIN comes from', () => {
  const read = (uri: string) => {
    const parsed = parseTokenUri(uri)
    return parsed.ok ? parsed.value : parsed.detail
  }
  expect(
    read('pkcs11:serial=0a1b;token=My%20Token?module-path=/usr/lib/x.so&pin-source=file:/etc/pin'),
  ).toEqual({
    serial: '0a1b',
    label: 'My Token',
    modulePath: '/usr/lib/x.so',
    pin: { file: '/etc/pin' },
  })
  expect(read('pkcs11:?pin-source=file:///etc/pin')).toMatchObject({
    serial: null,
    pin: { file: '/etc/pin' },
  })
  expect(read('pkcs11:model=x;manufacturer=y;slot-id=1?pin-source=pin-pad')).toMatchObject({ pin: 'pin-pad' })
})

test.each([
  ['serial=1', 'no-uri'],
  ['pkcs11:serial=1;serial=2', 'part'],
  ['pkcs11:serial=%ZZ', 'part'],
  ['pkcs11:serial', 'part'],
  ['pkcs11:object=x', 'part'],
  ['pkcs11:?slot-id=1', 'part'],
  ['pkcs11:serial=1#x', 'part'],
  ['pkcs11:?module-path=lib.so', 'part'],
  ['pkcs11:?pin-source=/etc/pin', 'part'],
  ['pkcs11:?pin-source=file:pin', 'part'],
  ['pkcs11:?pin-value=1234', 'pin'],
  ['pkcs11:pin-value=1234;serial', 'pin'],
])('%s is refused: %s', (uri, fault) => {
  const read = parseTokenUri(uri)
  expect(read).toMatchObject({ ok: false, fault })
  expect(JSON.stringify(read)).not.toContain('1234')
})
