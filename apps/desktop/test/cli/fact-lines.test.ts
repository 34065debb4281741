import { createHash } from 'node:crypto'
import type { Json } from '@lux/crypto'
import { describe, expect, test } from 'vitest'
import { entryLines } from '../../src/cli/fact-lines.ts'

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
    expect(shown({ by: 'Ada', note: 'x '.repeat(750), z: 'ROOT WRAPPED TO MALLORY' })).toEqual([
      '    7  2026-01-31T09:31:00.000Z  root  step.performed',
      '         by: "Ada"',
      `         note: "${'x '.repeat(750)}"`,
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
      fact = { [`level${at}`]: [fact, at, null, { flag: at % 2 === 0 }], [`text${at}`]: 'y '.repeat(at * 10) }
    const text = shown(fact).join('\n')
    for (const leaf of leaves(fact)) expect(text).toContain(leaf)
  })

  test('has a long key or signature as its length and hash, so that it buries nothing', () => {
    const signature = 'Ab+/'.repeat(1103)
    const digest = createHash('sha256').update(signature).digest('hex').slice(0, 16)
    const short = 'c'.repeat(128)
    expect(shown({ by: 'Otto', signature: { ed25519: short, mlDsa65: signature } }).slice(1)).toEqual([
      '         by: "Otto"',
      `         signature: {ed25519: "${short}", mlDsa65: (4412 characters, SHA-256 ${digest}…)}`,
    ])
    const read = ['a b'.repeat(60), `${'a'.repeat(150)}.`, `${'a'.repeat(150)}\n`]
    expect(shown({ read })[1]).toBe(
      `         read: ${`[${read.map((one) => JSON.stringify(one)).join(', ')}]`}`,
    )
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
