import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { fromBase64 } from '../../src/base64.ts'
import { vectorJson } from '../vectors.ts'
import { LIMIT } from './fixture.ts'
import { accepted, encoded, formats, verdictOf } from './formats.ts'
import { changes, spoil } from './hostile.ts'
import { samples } from './samples.ts'

const honest = samples()
const corpus = readdirSync(new URL('../../vectors/fhe-corpus', import.meta.url))
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) =>
    vectorJson<{ format: string; why: string; bytes: string; verdict: string }[]>(`fhe-corpus/${name}`),
  )

describe('the corpus of hostile files', () => {
  test('has files of every format, and each is refused by its rule', () => {
    expect(new Set(corpus.map(({ format }) => format))).toEqual(new Set(Object.keys(formats)))
    for (const { format, why, bytes, verdict } of corpus) {
      expect(verdictOf(format, fromBase64(bytes)), `${format}: ${why}`).toBe(verdict)
      expect(verdict).not.toBe('taken')
    }
  })
})

test.each(Object.keys(encoded))('%s: an honest file is taken and encodes to itself', (format) => {
  expect(Buffer.from(encoded[format]!(honest[format]!)).equals(honest[format]!)).toBe(true)
})

test.each(Object.keys(accepted))('%s: an honest file is accepted; it has no encoder here', (format) => {
  expect(verdictOf(format, honest[format]!)).toBe('taken')
})

test('client-key and ciphertext: tfhe reads an honest one and writes the same bytes', () => {
  const key = tfhe.TfheClientKey.safe_deserialize(honest['client-key']!, LIMIT)
  expect(Buffer.from(key.safe_serialize(LIMIT)).equals(honest['client-key']!)).toBe(true)
  const value = tfhe.FheUint8.safe_deserialize(honest.ciphertext!, LIMIT)
  expect(Buffer.from(value.safe_serialize(LIMIT)).equals(honest.ciphertext!)).toBe(true)
})

describe.each(Object.keys(formats))('%s', (format) => {
  test('a spoiled one is refused by a rule, or accepted; if it has an encoder, it encodes to itself', () => {
    const sample = honest[format]!
    fc.assert(
      fc.property(changes, (all) => {
        expect(verdictOf(format, spoil(sample, all))).toMatch(/^(taken|(FHE|JSON|DOC|UTF8)-[A-Z0-9-]+)$/)
      }),
      { numRuns: sample.length > 50_000 ? 40 : 150 },
    )
  })

  test('a file of any other format is refused', () => {
    if (format === 'inspect') return
    for (const [other, bytes] of Object.entries(honest)) {
      const related = [format, other].every((name) =>
        ['ciphertext', 'any-ciphertext', 'carried'].includes(name),
      )
      const same = ['seeds', 'inspect'].includes(other) && format === 'seeds'
      if (other === format || related || same) continue
      expect(verdictOf(format, bytes), other).not.toBe('taken')
    }
  })
})

test('a count that lies allocates nothing of its size', () => {
  for (const format of Object.keys(formats)) {
    const sample = honest[format]!
    for (let at = 0; at < Math.min(160, sample.length - 8); at += 4) {
      const lie = sample.slice()
      new DataView(lie.buffer).setBigUint64(at, 2n ** 40n, true)
      const before = process.memoryUsage().arrayBuffers
      verdictOf(format, lie)
      expect(process.memoryUsage().arrayBuffers - before, `${format} at ${at}`).toBeLessThan(8 << 20)
    }
  }
})
