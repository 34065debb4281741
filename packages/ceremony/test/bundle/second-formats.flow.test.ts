import { readFileSync } from 'node:fs'
import type { Json } from '@lux/crypto'
import { isEarlierText, textFault } from '@lux/crypto/text'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { sampleBundle } from '../support/sample-bundle.ts'
import { besideVerifier } from '../support/second-reader.ts'
import { formatsOf, placesOf, wholeOf, withValue } from '../support/version2.ts'

it('the second verifier takes card, policy, header and predicate of every version as the first, whatever member is left out, added, or of another kind', async () => {
  const wrong: Json[] = [
    null,
    0,
    2,
    'x',
    'Ac\u200bme',
    'A\u0441me ',
    '6b'.repeat(32),
    true,
    [],
    {},
    1_000_001,
  ]
  let refused = 0
  for (const format of formatsOf(await sampleBundle({ fhe: true, life: true }))) {
    if (format.second === null) continue
    const values: Json[] = [format.value, wholeOf(format, 2), wholeOf(format, 3)].flatMap((value) => [
      value,
      ...placesOf(value)
        .filter((path) => path.length > 0 && path.length < 4)
        // The shapes of a list's items are one: its first two say it.
        .filter((path) => path.every((key) => typeof key === 'string' || key < 2))
        .flatMap((path) => [
          withValue(value, path, undefined),
          withValue(value, [...path.slice(0, -1), 'unknown'], 1),
          ...wrong.map((other) => withValue(value, path, other)),
        ]),
    ])
    const first = values.map((value) => format.codec.check(value).ok)
    refused += first.filter((ok) => !ok).length
    const fits = `
def fits(value):
  try:
      verify.${format.second}(value)
      return True
  except verify.FAULTS:
      return False
print(json.dumps([fits(value) for value in json.load(sys.stdin)]))
`
    const second = besideVerifier(fits, values) as boolean[]
    const apart = values.flatMap((value, at) =>
      first[at] === second[at] ? [] : [{ first: first[at], value }],
    )
    expect(apart, format.name).toEqual([])
    expect(first.filter((ok) => ok).length, format.name).toBeGreaterThan(3)
  }
  expect(refused).toBeGreaterThan(1000)
}, 120_000)

it('TEXT-RULE: the second verifier finds in every text what the first finds, by the same table', () => {
  const vectors: Record<string, string[]> = JSON.parse(
    readFileSync(new URL('../../../crypto/vectors/text/readable.json', import.meta.url), 'utf8'),
  )
  const units = ['grapheme', 'binary'] as const
  const drawn = units.flatMap((unit) =>
    fc.sample(fc.string({ unit, maxLength: 6 }), { seed: 27, numRuns: 1500 }),
  )
  const texts = [...Object.values(vectors).flat(), ...drawn]
  const found = `
earlier = lambda text: not any(ord(one) in verify.EARLIER for one in text)
print(json.dumps([[verify.text_fault(text), earlier(text)] for text in json.load(sys.stdin)]))
`
  const second = besideVerifier(found, texts) as [string | null, boolean][]
  expect(second.map(([fault, earlier], at) => [texts[at], fault, earlier])).toEqual(
    texts.map((text) => [text, textFault(text), isEarlierText(text)]),
  )
  expect(new Set(second.map(([fault]) => fault)).size).toBe(5)
})
