import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import {
  type Budgets,
  fhePartialDecrypt,
  fheThresholdDecrypt,
  forgetShare,
  parsePartial,
  parseShare,
} from '../../../src/fhe/index.ts'
import { bare, clientKey, deal, digest, file, key, key128, opened, plainKey } from '../api-bench.ts'
import { dealt, LIMIT, squashedFile, withNoise } from '../fixture.ts'

describe('a partial decryption', () => {
  test('says what it spends and how many bits are left, and any two give the value', () => {
    const answers = [3, 1].map((holder) => opened(fhePartialDecrypt(bare(holder))))
    expect(answers[0]).toMatchObject({
      spends: 4,
      width: 128,
      types: ['i16'],
      source: 'squashing',
      blockBits: 51,
      floorBits: 40,
      belowFloor: false,
      lifeBits: 51 - 3,
    })
    const partials = answers.map(({ partial }) => partial)
    expect(fheThresholdDecrypt({ pub: deal.pub, ciphertexts: [file], partials })).toEqual({
      ok: true,
      value: {
        types: ['i16'],
        values: [-77n],
        verified: 0,
        cheaters: [],
        claim: 'not verified against a malicious holder',
      },
    })
  })

  test('a batch of uint, int and bool of several widths is one answer', () => {
    const ciphertexts = [
      squashedFile(key128!, 'Uint', 2n ** 128n - 3n, 128, { seed: 21 }),
      squashedFile(key128!, 'Bool', 1n, 1, { seed: 22 }),
      squashedFile(key128!, 'Int', -1n, 2, { seed: 23 }),
      squashedFile(key128!, 'Uint', 9n, 10, { seed: 24 }),
    ]
    const partials = [1, 2, 3].map(
      (holder) => opened(fhePartialDecrypt(bare(holder, { ciphertexts }))).partial,
    )
    expect(fheThresholdDecrypt({ pub: deal.pub, ciphertexts, partials })).toMatchObject({
      ok: true,
      value: {
        types: ['u128', 'bool', 'i2', 'u10'],
        values: [2n ** 128n - 3n, true, -1n, 9n],
        verified: 1,
        claim: 'verified against any 1',
      },
    })
  })

  test('FHE-BUDGET what was spent counts, and a ciphertext already answered costs nothing', () => {
    const full = { at64: 0, at128: 2 ** 30 }
    expect(fhePartialDecrypt(bare(1, { spent: full }))).toMatchObject({ rule: 'FHE-BUDGET' })
    const again = opened(fhePartialDecrypt(bare(1, { spent: full, answered: new Set([digest]) })))
    expect(again.spends).toBe(0)
    expect(again.partial).toEqual(opened(fhePartialDecrypt(bare(1))).partial)
  })

  test('the same blocks under another type cost the budget again, because a whole ciphertext counts as answered', () => {
    const [signed, unsigned] = (['Int', 'Uint'] as const).map((kind) => squashedFile(key128!, kind, 77n, 16))
    const answer = (one: Uint8Array, answered: readonly string[]) =>
      opened(fhePartialDecrypt(bare(1, { ciphertexts: [one], answered: new Set(answered) })))
    const before = answer(signed!, [])
    expect(answer(signed!, before.digests).spends).toBe(0)
    const other = answer(unsigned!, before.digests)
    expect([other.spends, before.spends]).toEqual([4, 4])
    const elements = ({ partial }: typeof before) => parsePartial(partial).answers.map((one) => one.elements)
    expect(elements(other)).toEqual(elements(before))
  })

  test('leaves the share as it was given, and refuses a changed one', () => {
    const share = deal.shares[0]!.slice()
    opened(fhePartialDecrypt(bare(1, { share })))
    expect(share).toEqual(deal.shares[0])
    const parsed = parseShare(share)
    forgetShare(parsed)
    expect(parsed.seeds.every(({ seeds }) => seeds.every((seed) => seed.every((byte) => byte === 0)))).toBe(
      true,
    )
    share[130]! ^= 1
    expect(fhePartialDecrypt(bare(1, { share }))).toMatchObject({ rule: 'FHE-DIGEST' })
  })

  test('FHE-POLICY-FLOOR a policy may want more bits than the arithmetic needs', () => {
    const asks = (block: number, life: number) => fhePartialDecrypt(bare(1, { floors: { block, life } }))
    expect(asks(51, 48).ok).toBe(true)
    expect(asks(52, 20)).toMatchObject({ rule: 'FHE-POLICY-FLOOR' })
    expect(asks(40, 49)).toMatchObject({ rule: 'FHE-POLICY-FLOOR' })
  })

  test('FHE-CIPHERTEXT-DUPLICATE and FHE-CIPHERTEXT-MISSING', () => {
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [file, file] }))).toMatchObject({
      rule: 'FHE-CIPHERTEXT-DUPLICATE',
    })
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [] }))).toMatchObject({ rule: 'FHE-CIPHERTEXT-MISSING' })
  })

  test('FHE-CIPHERTEXT-OTHER a file that is another when it is read again gives no answer', () => {
    const [one, other] = ['Int', 'Uint'].map((kind) => squashedFile(key128!, kind as 'Int' | 'Uint', 77n, 16))
    const reads = (...passes: Uint8Array[][]) => ({
      [Symbol.iterator]: () => (passes.shift() ?? [])[Symbol.iterator](),
    })
    const answer = (...passes: Uint8Array[][]) =>
      fhePartialDecrypt(bare(1, { ciphertexts: reads(...passes) }))
    expect(answer([one!], [one!])).toMatchObject({ ok: true })
    for (const second of [[other!], [], [one!, other!]])
      expect(answer([one!], second)).toMatchObject({ rule: 'FHE-CIPHERTEXT-OTHER' })
  })

  test('FHE-CIPHERTEXTS-MANY nobody spends a budget on more than an answer can hold', () => {
    const ciphertexts = Array.from({ length: 10_001 }, () => file)
    expect(fhePartialDecrypt(bare(1, { ciphertexts }))).toMatchObject({ rule: 'FHE-CIPHERTEXTS-MANY' })
    expect(fheThresholdDecrypt({ pub: deal.pub, ciphertexts, partials: [] })).toMatchObject({
      rule: 'FHE-CIPHERTEXTS-MANY',
    })
  })

  test('FHE-NOT-SQUASHED with a key of mode S no 64-bit ciphertext is answered, computed or fresh, and squashing is named', () => {
    const fresh = tfhe.FheUint8.encrypt_with_client_key(1, key).safe_serialize(LIMIT)
    const wide = dealt(clientKey, 3, 5, 'S', true)
    for (const ciphertexts of [[fresh], [withNoise(fresh, 2n ** 49n)]])
      for (const change of [{ ciphertexts }, { ciphertexts, share: wide.shares[0]!, pub: wide.pub }])
        expect(fhePartialDecrypt(bare(1, change))).toMatchObject({
          rule: 'FHE-NOT-SQUASHED',
          detail: expect.stringContaining('squash its noise first'),
        })
  })

  test('in mode F the bytes of a computed ciphertext are like those of a fresh one: bare, it is answered, as the help says', () => {
    const fresh = tfhe.FheUint8.encrypt_with_client_key(1, key).safe_serialize(LIMIT)
    const { shares, pub } = dealt(plainKey, 2, 3, 'F', false)
    const ciphertexts = [withNoise(fresh, 2n ** 49n)]
    expect(fhePartialDecrypt(bare(1, { ciphertexts, share: shares[0]!, pub }))).toMatchObject({ ok: true })
  })

  test.each([{}, { at64: Number.NaN, at128: 0 }, { at64: 0, at128: -1 }, { at64: 0, at128: 0.5 }])(
    'what was spent has to be counts of blocks: %j is misuse and answers nothing',
    (spent) => {
      // What callers in JavaScript, or a state file that was read badly, would give.
      const wrong = spent as Budgets
      expect(() => fhePartialDecrypt(bare(1, { spent: wrong }))).toThrow('spent: ')
    },
  )

  test.each([
    { block: Number.NaN, life: 20 },
    { block: 40, life: Number.NaN },
    { block: 40, life: Number.POSITIVE_INFINITY },
    { block: 40 },
  ])('floors have to be finite numbers of bits: %j is misuse and answers nothing', (floors) => {
    // What callers in JavaScript, or a policy that was read badly, would give.
    const wrong = floors as { block: number; life: number }
    expect(() => fhePartialDecrypt(bare(1, { floors: wrong }))).toThrow('floors: ')
  })

  test('a 32-bit ciphertext and a list are refused by name', () => {
    const builder = tfhe.CompactCiphertextList.builder(tfhe.TfheCompactPublicKey.new(key))
    builder.push_u8(1)
    const list = builder.build().safe_serialize(LIMIT)
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [list] }))).toMatchObject({ rule: 'FHE-BARE-LIST' })
    const boolean = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
    const narrow = tfhe.Boolean.serialize_ciphertext(tfhe.Boolean.encrypt(boolean, true))
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [narrow] }))).toMatchObject({ rule: 'FHE-BOOLEAN-API' })
  })
})
