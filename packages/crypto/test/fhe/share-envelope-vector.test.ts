import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeEnvelope, parseShareEnvelope } from '../../src/fhe/files/share-envelope.ts'

type Vector = { header: Record<string, unknown>; share: string; envelope: string }
const file = join(import.meta.dirname, '../../vectors/fhe/share-envelope.json')
const { header, share, envelope }: Vector = JSON.parse(readFileSync(file, 'utf8'))
const bytes = new Uint8Array(Buffer.from(envelope, 'hex'))

/** Members in order: all that RFC 8785 asks of texts in ASCII and whole numbers. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, ordered(inner)]),
  )
}

test('SPEC-ENVELOPE the bytes are magic, length, header and share, as another implementation puts them together', () => {
  const text = Buffer.from(JSON.stringify(ordered(header)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  const built = Buffer.concat([Buffer.from('lux-env1'), length, text, Buffer.from(share, 'hex')])
  expect(built.toString('hex')).toBe(envelope)
  expect(header.share).toBe(createHash('sha256').update(Buffer.from(share, 'hex')).digest('hex'))
  expect(Object.keys(header).sort()).toEqual(
    'authorities budget ceremony commitments domain epoch epochId holder keyId kind n name policy public share t v'.split(
      ' ',
    ),
  )
})

test('SPEC-ENVELOPE we read them, and write them again', () => {
  const parsed = parseShareEnvelope(bytes.slice())
  expect(parsed).toMatchObject({ name: 'Ada', ceremonyId: header.ceremony, authorities: header.authorities })
  expect(Buffer.from(parsed.shareBytes).toString('hex')).toBe(share)
  expect(Buffer.from(encodeEnvelope(parsed)).toString('hex')).toBe(envelope)
})
