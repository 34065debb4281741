import { canonicalString, FormatError } from '@lux/crypto'
import { expect, test } from 'vitest'
import { type AuditEntry, auditText, ownEntry } from '../../src/audit/writer.ts'

const entry: AuditEntry = {
  ...ownEntry('key.encrypt', new Date('2026-11-29T10:00:00.123Z')),
  ...{
    reqId: '5b0c',
    door: 'http',
    source: '::ffff:127.0.0.1',
    identity: 'i',
    organisation: 'o',
    project: 'p',
  },
  key: 'k',
  version: 7,
  input: 'a'.repeat(64),
  output: 'b'.repeat(64),
}

test.each<[string, Partial<AuditEntry>]>([
  ['as an operation writes it', {}],
  ['of nothing but nulls', { source: null, identity: null, project: null, key: null, version: null }],
  [
    'with quotes, backslashes and other scripts',
    { identity: '"a\\u0041\\"', key: 'مفتاح 🔑 \n', operation: '/' },
  ],
  ['with a control character', { source: '\u0001\u001f\u007f' }],
  ['of version 0', { version: 0 }],
  [
    'by a credential and a second factor',
    { credential: 'session:s', factor: 'totp:2026-11-29T09:59:00.000Z' },
  ],
  [
    'that changed authority',
    { credential: 'token:t', factor: 'none', authority: { o: 'd', '10': 'e', '9': 'f', '': 'g' } },
  ],
])('the text of an entry %s is its canonical JSON', (_name, fields) => {
  const one = { ...entry, ...fields }
  expect(auditText(one)).toBe(canonicalString(one))
})

test('an entry from before credentials were named has the text that it had', () => {
  expect(auditText({ ...entry, input: null, output: null })).toBe(
    '{"door":"http","identity":"i","input":null,"key":"k","operation":"key.encrypt","organisation":"o","outcome":"ok",' +
      '"output":null,"project":"p","reqId":"5b0c","source":"::ffff:127.0.0.1","time":"2026-11-29T10:00:00.123Z","version":7}',
  )
})

test.each<[string, object]>([
  ['half a character', { identity: 'a\ud800' }],
  ['a broken number', { version: 1.5 }],
  ['minus zero', { version: -0 }],
  ['a member that is not there', { key: undefined }],
])('an entry with %s has no text', (_name, fields) => {
  // What no type lets in.
  const one = { ...entry, ...fields } as AuditEntry
  expect(() => auditText(one)).toThrow(FormatError)
})
