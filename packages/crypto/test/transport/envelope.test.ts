import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../src/index.ts'
import {
  envelopeText,
  MAX_TEXT_PAYLOAD,
  makeEnvelope,
  openEnvelope,
  openEnvelopeText,
  type PayloadType,
  packFiles,
  payloadTypes,
  unpackFiles,
} from '../../src/transport/index.ts'
import { vectorJson } from '../vectors.ts'
import { payloadOf } from './raptorq.ts'

const all = Object.keys(payloadTypes) as PayloadType[]
const ruleOf = (outcome: { ok: boolean; rule?: string }): string =>
  outcome.ok ? 'taken' : String(outcome.rule)
const known = vectorJson<{
  envelopes: { type: PayloadType; payload: string; envelope: string; text: string }[]
}>('transport/frames.json')

test('envelopes are the bytes and the text that another program made', () => {
  for (const { type, payload, envelope, text } of known.envelopes) {
    const carried = { type, payload: new Uint8Array(Buffer.from(payload, 'hex')) }
    expect(toHex(makeEnvelope(carried))).toBe(envelope)
    expect(envelopeText(carried)).toEqual({ ok: true, value: text })
  }
})

test('every payload of every type comes back from its file and from its text', () => {
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.uint8Array({ maxLength: 300 }), (type, payload) => {
      const value = { type, payload }
      expect(openEnvelope(makeEnvelope(value), [type])).toEqual({ ok: true, value })
      const text = envelopeText(value)
      if (!text.ok) throw new Error(text.rule)
      expect(openEnvelopeText(text.value, [type])).toEqual({ ok: true, value })
      const wrapped = `\n ${text.value.replaceAll(/.{20}/g, '$&\r\n')}\t`
      expect(openEnvelopeText(wrapped, [type])).toEqual({ ok: true, value })
    }),
  )
})

test('TRANSFER-DAMAGED a changed, cut or lengthened envelope gives nothing', () => {
  const whole = makeEnvelope({ type: 'card', payload: payloadOf(40) })
  for (let at = 0; at < whole.length; at++) {
    const changed = whole.slice()
    changed[at]! ^= 1
    const expected =
      at < 7
        ? 'TRANSFER-FOREIGN'
        : at === 7
          ? 'TRANSFER-VERSION'
          : at > 8 && at < 13
            ? 'TRANSFER-LENGTH'
            : 'TRANSFER-DAMAGED'
    expect([at, ruleOf(openEnvelope(changed, all))]).toEqual([at, expected])
    expect(openEnvelope(whole.subarray(0, at), all).ok).toBe(false)
  }
  expect(ruleOf(openEnvelope(new Uint8Array([...whole, 0]), all))).toBe('TRANSFER-LENGTH')
})

test('TRANSFER-TYPE what was carried is named where something else was expected', () => {
  const envelope = makeEnvelope({ type: 'policy', payload: payloadOf(3) })
  expect(openEnvelope(envelope, ['card'])).toEqual({ ok: false, rule: 'TRANSFER-TYPE', detail: 'policy' })
})

test('TRANSFER-TOO-LARGE text carries 16 KiB and no more', () => {
  const largest = envelopeText({ type: 'holder-answer', payload: payloadOf(MAX_TEXT_PAYLOAD) })
  expect(largest.ok && openEnvelopeText(largest.value, all).ok).toBe(true)
  expect(ruleOf(envelopeText({ type: 'holder-answer', payload: payloadOf(MAX_TEXT_PAYLOAD + 1) }))).toBe(
    'TRANSFER-TOO-LARGE',
  )
})

test.each([
  ['TRANSFER-FOREIGN', 'https://example.org'],
  ['TRANSFER-FOREIGN', ''],
  ['TRANSFER-VERSION', 'lux-env2:AAAA'],
  ['TRANSFER-DAMAGED', 'lux-env1:A'],
  ['TRANSFER-DAMAGED', 'lux-env1:A=B?'],
  ['TRANSFER-LENGTH', 'lux-env1:AAAA'],
  ['TRANSFER-LENGTH', `lux-env1:${'A'.repeat(30_000)}`],
  ['TRANSFER-LENGTH', `lux-env1:${'A'.repeat(1_000_000)}`],
])('%s pasted text %#', (rule, text) => {
  expect(ruleOf(openEnvelopeText(text, all))).toBe(rule)
})

test('the files of a package come back in order', () => {
  const file = fc.uint8Array({ maxLength: 60 })
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 6 }), (files) => {
      expect(unpackFiles(packFiles(files))).toEqual({ ok: true, value: files })
    }),
  )
})

test('TRANSFER-PACKAGE a package that is cut, lengthened or empty gives no file', () => {
  const whole = packFiles([payloadOf(5), payloadOf(0), payloadOf(7)])
  for (let length = 0; length < whole.length; length++)
    expect(ruleOf(unpackFiles(whole.subarray(0, length)))).toBe('TRANSFER-PACKAGE')
  const endless = new Uint8Array([1, 0xff, 0xff, 0xff, 0xff, 0])
  for (const bytes of [new Uint8Array([...whole, 0]), new Uint8Array([0]), new Uint8Array([129]), endless])
    expect(ruleOf(unpackFiles(bytes))).toBe('TRANSFER-PACKAGE')
})
