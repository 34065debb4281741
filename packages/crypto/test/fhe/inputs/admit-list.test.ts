import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { fromBase64 } from '../../../src/base64.ts'
import { concatBytes } from '../../../src/bytes.ts'
import { admitProvenList, type ProvenListInput, parseProvenList } from '../../../src/fhe/index.ts'
import { isUsable } from '../../../src/fhe/inputs/proof-points.ts'
import { fromHex } from '../../../src/hex.ts'
import { vectorBytes, vectorJson } from '../../vectors.ts'
import { anyPointOfTwist, coordinateBytes, smallOrderOfG1 } from '../bad-points.ts'
import { LIMIT, realClientKey } from '../fixture.ts'

type Vector = {
  keyId: string
  submitter: string
  crsEnds: string
  lists: { file: string; types: string[]; pairs: number[]; points: number }[]
}
const vector = vectorJson<Vector>('fhe/proven.json')
const list = vectorBytes('fhe/proven-u8.bin')
/** The words of its compact list, its first point of G2 and of G1, and what it says of its value, in bytes from its start. */
const WORDS = { from: 113, to: 16_513 }
const G2_POINT = 16_621
const G1_POINT = 16_909
const KIND = list.length - 24

const { key, bytes } = realClientKey(true)
const publicKey = tfhe.TfheCompactPublicKey.new(key)
/** Of the reference string only what is read here: tfhe takes no such one, so an honest list ends in FHE-PROOF. */
const input: ProvenListInput = {
  list,
  types: ['u8'],
  crs: fromBase64(vector.crsEnds),
  publicKey: publicKey.safe_serialize(LIMIT),
  keyId: fromHex(vector.keyId),
  submitter: vector.submitter,
}
const verdict = (change: Partial<ProvenListInput>) => {
  const admitted = admitProvenList(tfhe, { ...input, ...change })
  return admitted.ok ? 'admitted' : admitted.rule
}
const put = (at: number, ...values: number[]) => {
  const changed = list.slice()
  changed.set(values, at)
  return changed
}

function bareList(): Uint8Array {
  const builder = tfhe.CompactCiphertextList.builder(publicKey)
  builder.push_u8(7)
  return builder.build_packed().safe_serialize(LIMIT)
}

describe('a proven list of tfhe', () => {
  test.each(vector.lists)('$file is read as what it is, and tfhe writes the same bytes', (one) => {
    const file = vectorBytes(`fhe/${one.file}`)
    const { types, pairs, points } = parseProvenList(file)
    expect({ types, pairs, points: points.length }).toEqual({
      types: one.types,
      pairs: one.pairs,
      points: one.points,
    })
    expect(points.every(isUsable)).toBe(true)
    const again = tfhe.ProvenCompactCiphertextList.safe_deserialize(file, LIMIT).safe_serialize(LIMIT)
    expect(Buffer.from(again).equals(file)).toBe(true)
    expect(verdict({ list: file, types: one.types })).toBe('FHE-PROOF')
  })

  test('no bit of it can change but in its words and coordinates, which the proof covers, and its types, which are compared', () => {
    const element = (at: number) => ({ from: at + 12, to: at + 68 })
    const covered = [WORDS]
    let at = G2_POINT
    const point = (group: 1 | 2) => {
      at += 8
      for (let axis = 0; axis < 2; axis++) {
        if (group === 2) at += 4
        for (let part = 0; part < group; part++, at += 68) covered.push(element(at))
      }
    }
    for (const group of [2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1] as const) point(group)
    at += 5
    point(2)
    point(2)
    const taken: number[] = []
    for (let i = 0; i < list.length; i++) {
      if (covered.some(({ from, to }) => i >= from && i < to)) continue
      for (let bit = 0; bit < 8; bit++) {
        try {
          const { types } = parseProvenList(put(i, (list[i] ?? 0) ^ (1 << bit)))
          if (types.join() === 'u8') taken.push(i)
        } catch {
          // Refused, as it should be.
        }
      }
    }
    expect(taken).toEqual([])
  }, 60_000)
})

test('FHE-BARE-LIST a list without a proof is refused before anything is expanded', () => {
  expect(verdict({ list: bareList() })).toBe('FHE-BARE-LIST')
})

test('FHE-TYPE what is no list is refused', () => {
  for (const other of [bytes, new Uint8Array(0), new Uint8Array(100)]) {
    expect(verdict({ list: other })).toBe('FHE-TYPE')
  }
})

test('FHE-FIELD a bare list under the name of a proven one is refused', () => {
  const bare = bareList()
  expect(verdict({ list: concatBytes(list.subarray(0, 77), bare.subarray(34 + 37)) })).toBe('FHE-FIELD')
})

test('FHE-TRAILING bytes after the end are refused', () => {
  expect(verdict({ list: concatBytes(list, new Uint8Array(5)) })).toBe('FHE-TRAILING')
})

test('FHE-LIST-TYPES a list whose type was changed from u8 to i8 is refused, because types are compared with the expected ones', () => {
  expect(list[KIND]).toBe(0)
  const signed = put(KIND, 1)
  expect(verdict({ list: signed })).toBe('FHE-LIST-TYPES')
  expect(verdict({ list: signed, types: ['i8'] })).toBe('FHE-PROOF')
  for (const types of [['u16'], ['u8', 'u8'], ['bool'], ['__proto__']]) {
    expect(verdict({ types })).toBe('FHE-LIST-TYPES')
  }
})

test('FHE-LIST-SIZE more than 64 MiB, no expected value and more than 4096 are refused', () => {
  const long = new Uint8Array((1 << 26) + 1)
  long.set(list)
  expect(verdict({ list: long })).toBe('FHE-LIST-SIZE')
  expect(verdict({ types: [] })).toBe('FHE-LIST-SIZE')
  expect(verdict({ types: Array.from({ length: 4097 }, () => 'u8') })).toBe('FHE-LIST-SIZE')
})

test('FHE-SUBMITTER a submitter is 1 to 200 visible characters', () => {
  for (const submitter of ['', 'A\u0000nn', 'Ann\n', '\u0085', 'x'.repeat(201), '\ud800']) {
    expect(verdict({ submitter })).toBe('FHE-SUBMITTER')
  }
  for (const submitter of ['A', 'x'.repeat(200), '𝒜'.repeat(200), 'آن']) {
    expect(verdict({ submitter })).toBe('FHE-PROOF')
  }
})

test('FHE-LIST-SHAPE more or fewer pairs than the values or the reference string have room for are refused', () => {
  const two = vectorBytes('fhe/proven-bool-u8.bin')
  const forPairs = (pairs: number) => {
    const crs = fromBase64(vector.crsEnds)
    crs[crs.length - 261] = pairs
    return crs
  }
  expect(verdict({ crs: forPairs(1) })).toBe('FHE-LIST-SHAPE')
  expect(verdict({ crs: forPairs(3) })).toBe('FHE-PROOF')
  expect(verdict({ list: two, types: ['bool', 'u8'], crs: forPairs(3) })).toBe('FHE-LIST-SHAPE')
  // u10 has 5 blocks in 3 pairs, where the list has 2.
  expect(verdict({ list: put(KIND + 4, 5), types: ['u10'] })).toBe('FHE-LIST-SHAPE')
})

test('FHE-FIELD, FHE-TYPE, FHE-TRUNCATED a reference string of other parameters, another file and a cut one are refused', () => {
  const crs = fromBase64(vector.crsEnds)
  const other = crs.slice()
  other[other.length - 268] = 4
  expect(verdict({ crs: other })).toBe('FHE-FIELD')
  expect(verdict({ crs: list })).toBe('FHE-TYPE')
  expect(verdict({ crs: crs.subarray(0, 200) })).toBe('FHE-TRUNCATED')
})

describe('FHE-PROOF-POINT a point of the proof is refused', () => {
  const g1 = (...coordinates: readonly bigint[]) => {
    const changed = list.slice()
    for (const [i, x] of coordinates.entries()) changed.set(coordinateBytes(x), G1_POINT + 20 + 68 * i)
    return changed
  }
  test('that is on no curve', () => {
    expect(verdict({ list: g1(2n, 4n) })).toBe('FHE-PROOF-POINT')
    expect(verdict({ list: put(G1_POINT + 20, (list[G1_POINT + 20] ?? 0) ^ 1) })).toBe('FHE-PROOF-POINT')
  })

  test.each(smallOrderOfG1())('that is on G1’s curve and of order %i: (%i, %i)', (_, x, y) => {
    expect(verdict({ list: g1(x, y) })).toBe('FHE-PROOF-POINT')
  })

  test('that is on G2’s curve and not in its subgroup', () => {
    const changed = list.slice()
    for (const [i, x] of anyPointOfTwist().entries()) {
      changed.set(coordinateBytes(x), G2_POINT + 24 + 68 * i + (i > 1 ? 4 : 0))
    }
    expect(verdict({ list: changed })).toBe('FHE-PROOF-POINT')
    const [point] = parseProvenList(changed).points
    expect(point?.coordinates).toEqual(anyPointOfTwist())
  })

  test('FHE-FIELD whose coordinate is not below the modulus, or that is infinity', () => {
    expect(verdict({ list: put(G1_POINT + 20, ...new Uint8Array(56).fill(255)) })).toBe('FHE-FIELD')
    expect(verdict({ list: put(G1_POINT + 4, 0) })).toBe('FHE-FIELD')
  })
})
