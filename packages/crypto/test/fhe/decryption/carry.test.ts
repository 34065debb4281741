import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../src/bytes.ts'
import {
  ciphertextDigest,
  combinePartials,
  encodeCarried,
  fhePartialDecrypt,
  inspect,
  isRounded,
  parseCarried,
  parseCiphertext,
  parseClientKey,
  parsePartial,
  parsePublic,
  readCiphertext,
  roundForCarrying,
} from '../../../src/fhe/index.ts'
import { FormatError } from '../../../src/format-error.ts'
import { toHex } from '../../../src/hex.ts'
import { wordsOf } from '../../sharing/reference.ts'
import { dealt, realClientKey, squashedFile, withSquashKey } from '../fixture.ts'

const clientKey = withSquashKey(realClientKey().bytes)
const { key128 } = parseClientKey(clientKey)
const file = squashedFile(key128!, 'Uint', 54321n, 16, { noise: 1n << 66n })
const squashed = parseCiphertext(file)
const carried = encodeCarried(roundForCarrying(squashed))

describe('rounding for carrying', () => {
  test('every word is ((v + 2^55) >> 56 << 56) mod 2^128, as BigInt computes it', () => {
    const rounded = roundForCarrying(squashed)
    for (const [i, { mask, body }] of squashed.blocks.entries()) {
      const expected = [...wordsOf(mask, 128), ...wordsOf(body, 128)].map((v) =>
        BigInt.asUintN(128, ((v + (1n << 55n)) >> 56n) << 56n),
      )
      const seen = rounded.blocks[i]!
      expect([...wordsOf(seen.mask, 128), ...wordsOf(seen.body, 128)]).toEqual(expected)
    }
    const edge = { ...squashed, blocks: [{ mask: new Uint8Array(16).fill(255), body: new Uint8Array(16) }] }
    expect(roundForCarrying(edge).blocks[0]!.mask).toEqual(new Uint8Array(16))
  })

  test('carries 36873 bytes a block, and is read back and rounded no further', () => {
    expect(carried.length).toBe(21 + 4 * 36_873)
    const read = readCiphertext(carried)
    expect(isRounded(read)).toBe(true)
    expect(toHex(ciphertextDigest(read))).toBe(toHex(ciphertextDigest(roundForCarrying(read))))
    expect(encodeCarried(parseCarried(carried))).toEqual(carried)
    expect(toHex(ciphertextDigest(read))).not.toBe(toHex(ciphertextDigest(squashed)))
    expect(inspect(carried)).toMatchObject({
      type: 'carried-ciphertext',
      facts: { kind: 'uint', bits: 16, blocks: 4 },
    })
  })

  test('a carried ciphertext is refused when it is cut short, too long, unrounded, or has a wrong count', () => {
    for (const length of [0, 8, 20, 21, 5000, carried.length - 1]) {
      expect(() => parseCarried(carried.subarray(0, length))).toThrow(FormatError)
    }
    expect(() => parseCarried(concatBytes(carried, Uint8Array.of(0)))).toThrow('FHE-TRAILING')
    const lie = carried.slice()
    lie[13] = 3
    expect(() => parseCarried(lie)).toThrow('FHE-BLOCK-COUNT')
    expect(() => encodeCarried(squashed)).toThrow(RangeError)
  })
})

describe('the policy says always or never', () => {
  const deal = dealt(clientKey, 2, 3, 'S', true)
  const answer = (holder: number, ciphertext: Uint8Array, carrying?: 'always' | 'never') =>
    fhePartialDecrypt({
      share: deal.shares[holder - 1]!,
      pub: deal.pub,
      ciphertexts: [ciphertext],
      authority: { rehearsal: true },
      answered: new Set(),
      spent: { at64: 0, at128: 0 },
      ...(carrying ? { carrying } : {}),
    })

  test('FHE-CARRY-UNROUNDED and FHE-CARRY-ROUNDED: one block never has two digests', () => {
    expect(answer(1, file, 'always')).toMatchObject({ rule: 'FHE-CARRY-UNROUNDED' })
    expect(answer(1, carried)).toMatchObject({ rule: 'FHE-CARRY-ROUNDED' })
    expect(answer(1, file).ok).toBe(true)
  })

  test('carried ciphertexts decrypt to the value', () => {
    const partials = [1, 3].map((holder) => {
      const made = answer(holder, carried, 'always')
      if (!made.ok) throw new Error(made.detail)
      return parsePartial(made.value.partial)
    })
    expect(combinePartials(parsePublic(deal.pub), [readCiphertext(carried)], partials)).toMatchObject({
      ok: true,
      value: { values: [54321n] },
    })
  })
})
