import tfhe from 'node-tfhe'
import { expect, test } from 'vitest'
import { concatBytes } from '../../../src/bytes.ts'
import { safeHeader } from '../../../src/fhe/files/tfhe-fields.ts'
import { inspect, makeReferenceString, PROOF_BITS, type TfheModule } from '../../../src/fhe/index.ts'

/** tfhe, but for the call that takes a minute: it says for how many bits it was asked. */
function quick(asked: number[], freed: number[] = []): TfheModule {
  const CompactPkeCrs = {
    ...tfhe.CompactPkeCrs,
    from_config: (_config: object, bits: number) => {
      asked.push(bits)
      return { safe_serialize: () => Uint8Array.of(bits), free: () => freed.push(bits) }
    },
  }
  return { ...tfhe, CompactPkeCrs } as unknown as TfheModule
}

test('a reference string is asked of tfhe for exactly the bits of the plan, and let go of', () => {
  const asked: number[] = []
  const freed: number[] = []
  expect(makeReferenceString(quick(asked, freed), PROOF_BITS.usual)).toEqual(Uint8Array.of(64))
  expect([asked, freed]).toEqual([[64], [64]])
})

test('a reference string for fewer bits than 8, more than 1024, or a part of one is refused before tfhe is asked', () => {
  const asked: number[] = []
  for (const bits of [7, 1025, 64.5, Number.NaN, -8])
    expect(() => makeReferenceString(quick(asked), bits)).toThrow(RangeError)
  expect(asked).toEqual([])
})

test('a reference string is named as one, and is no secret', () => {
  const file = concatBytes(safeHeader('zk::CompactPkeCrs'), new Uint8Array(100))
  expect(inspect(file)).toEqual({
    type: 'reference-string',
    secret: false,
    checked: 'header',
    facts: { tfhe: 'zk::CompactPkeCrs', size: file.length },
  })
})
