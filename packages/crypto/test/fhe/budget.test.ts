import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { fhePartialDecrypt, type PartialDecryptRequest, parseShare } from '../../src/fhe/index.ts'
import { bare, deal, key, key128, opened, plainKey } from './api-bench.ts'
import { dealt, LIMIT, squashedFile } from './fixture.ts'

const fresh = dealt(plainKey, 2, 3, 'F', false)
const benches = [
  {
    width: 64,
    of: { share: fresh.shares[0]!, pub: fresh.pub },
    // Of 4 and of 8 blocks.
    files: [
      tfhe.FheUint8.encrypt_with_client_key(1, key),
      tfhe.FheUint16.encrypt_with_client_key(2, key),
    ].map((one) => one.safe_serialize(LIMIT)),
  },
  {
    width: 128,
    of: { share: deal.shares[0]!, pub: deal.pub },
    files: [squashedFile(key128!, 'Uint', 1n, 16), squashedFile(key128!, 'Uint', 2n, 32, { seed: 6 })],
  },
] as const

describe.each(benches)('FHE-BUDGET at $width bits', ({ width, of, files }) => {
  const [small, large] = files as readonly [Uint8Array, Uint8Array]
  const { budgets } = parseShare(of.share)
  const budget = width === 64 ? budgets.at64 : budgets.at128
  const answer = (change: Partial<PartialDecryptRequest>) => fhePartialDecrypt(bare(1, { ...of, ...change }))
  /** What was spent where so many blocks of this width are left, and of the other width none. */
  const left = (blocks: number) => {
    const [spent, all] = [budget - blocks, 0xffff_ffff]
    return width === 64 ? { at64: spent, at128: all } : { at64: all, at128: spent }
  }
  const digestsOf = (file: Uint8Array) => opened(answer({ ciphertexts: [file] })).digests

  test('exactly the blocks that are left are answered, and not one more', () => {
    for (const [file, blocks] of [
      [small, 4],
      [large, 8],
    ] as const) {
      const taken = answer({ ciphertexts: [file], spent: left(blocks) })
      expect(opened(taken)).toMatchObject({ width, spends: blocks })
      for (const few of [blocks - 1, 1, 0]) {
        expect(answer({ ciphertexts: [file], spent: left(few) })).toMatchObject({
          ok: false,
          rule: 'FHE-BUDGET',
          detail: `${blocks} blocks, ${few} of ${budget} are left`,
        })
      }
    }
  })

  test.each([
    { name: 'none', answered: [], spends: 12 },
    { name: 'the small one', answered: [small], spends: 8 },
    { name: 'the large one', answered: [large], spends: 4 },
    { name: 'both', answered: [small, large], spends: 0 },
  ])(
    'a batch of two costs only the ciphertexts that were not answered before: $name',
    ({ answered, spends }) => {
      const batch = { ciphertexts: files, answered: new Set(answered.flatMap(digestsOf)) }
      const taken = opened(answer({ ...batch, spent: left(spends) }))
      expect(taken.spends).toBe(spends)
      expect(taken.digests).toEqual(files.flatMap(digestsOf))
      if (spends === 0) return
      expect(answer({ ...batch, spent: left(spends - 1) })).toMatchObject({
        ok: false,
        rule: 'FHE-BUDGET',
        detail: `${spends} blocks, ${spends - 1} of ${budget} are left`,
      })
    },
  )
})
