import { type Json, sha256Hex, toBase64 } from '@lux/crypto'
import { describe, expect, test } from 'vitest'
import { entryLines } from '../../src/index.ts'

const place = { seq: '7', time: '2026-01-31T09:31:00.000Z', stepId: 'root', kind: 'step.performed' }
const shown = (fact: { [name: string]: Json }) => entryLines([{ ...place, salt: '00'.repeat(16), fact }])

/** Every name and value of a fact, as JSON writes it. */
function leaves(value: Json): string[] {
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)]
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(Array.isArray(value) ? [] : [name]),
    ...leaves(inner),
  ])
}

describe('a fact, for whoever is asked to sign it', () => {
  test('is told whole, a member a line, whatever stands before', () => {
    expect(shown({ by: 'Ada', note: 'x'.repeat(1500), z: 'ROOT WRAPPED TO MALLORY' })).toEqual([
      '    7  2026-01-31T09:31:00.000Z  root  step.performed',
      '         by: "Ada"',
      `         note: "${'x'.repeat(1500)}"`,
      '         z: "ROOT WRAPPED TO MALLORY"',
    ])
  })

  test('has short values and a key’s attributes on one line, and the members of the others below them', () => {
    const attributes = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`CKA_${at}`, at % 2 === 0]))
    const all = Object.entries(attributes).map(([name, value]) => `${name}: ${value}`)
    const wrapped = [
      { to: { name: 'main', card: 'a'.repeat(64) }, sha256: 'b'.repeat(64) },
      { to: { name: 'spare', card: 'c'.repeat(64) }, sha256: 'd'.repeat(64) },
    ]
    expect(shown({ attempt: 1, result: { attributes, wrapped, left: [] }, term: { t: 2, n: 3 } })).toEqual([
      '    7  2026-01-31T09:31:00.000Z  root  step.performed',
      '         attempt: 1',
      '         result:',
      `           attributes: {${all.join(', ')}}`,
      '           wrapped:',
      '             -',
      `               to: {name: "main", card: "${'a'.repeat(64)}"}`,
      `               sha256: "${'b'.repeat(64)}"`,
      '             -',
      `               to: {name: "spare", card: "${'c'.repeat(64)}"}`,
      `               sha256: "${'d'.repeat(64)}"`,
      '           left: []',
      '         term: {t: 2, n: 3}',
    ])
  })

  test('loses nothing, however deep and long it is', () => {
    let fact: { [name: string]: Json } = { last: 'innermost' }
    for (let at = 0; at < 40; at++)
      fact = { [`level${at}`]: [fact, at, null, { flag: at % 2 === 0 }], [`text${at}`]: 'y'.repeat(at * 20) }
    const text = shown(fact).join('\n')
    for (const leaf of leaves(fact)) expect(text).toContain(leaf)
  })

  test('has the ML-DSA half of a key or signature as its length and hash, so that it buries nothing', () => {
    const half = new Uint8Array(3309).fill(7)
    const signature = {
      signer: 'a'.repeat(64),
      ed25519: toBase64(new Uint8Array(64)),
      mlDsa65: toBase64(half),
    }
    expect(shown({ by: 'Otto', signature }).slice(1)).toEqual([
      '         by: "Otto"',
      `         signature: {signer: "${signature.signer}", ed25519: "${signature.ed25519}", mlDsa65: (3309 bytes, SHA-256 ${sha256Hex(half)})}`,
    ])
  })

  test.each<[string, { [name: string]: Json }]>([
    ['a reason', { reason: 'ROOT/WRAPPED/TO/MALLORY/'.repeat(184).slice(0, 4412) }],
    ['a value of that name', { input: { mlDsa65: 'A'.repeat(4412) } }],
    ['a half of another length', { keys: { ed25519: 'x', mlDsa65: 'A'.repeat(4408) } }],
    ['what is no base64', { keys: { ed25519: 'x', mlDsa65: 'A-'.repeat(2206) } }],
  ])('tells %s whole, however long', (_what, fact) => {
    const text = shown(fact).join('\n')
    for (const leaf of leaves(fact)) expect(text).toContain(leaf)
  })

  test('cannot draw on the screen, turn its text around, or pass one member for another', () => {
    const lines = shown({
      note: 'fine\n         z: "nothing"\u001b[1A\u009b2K\u202eyrollaM',
      'z\u202e: "nothing"\n': 1,
    })
    expect(lines.slice(1)).toEqual([
      '         note: "fine\\n         z: \\"nothing\\"\\u001b[1A\\u009b2K\\u202eyrollaM"',
      '         "z\\u202e: \\"nothing\\"\\n": 1',
    ])
  })

  test('that was taken out is said to be, by its hash', () => {
    expect(entryLines([{ ...place, factHash: 'e'.repeat(64) }])).toEqual([
      `    7  2026-01-31T09:31:00.000Z  root  step.performed  redacted, its hash is ${'e'.repeat(64)}`,
    ])
  })
})
