import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/bytes.ts'
import {
  type Ciphertext,
  fhePartialDecrypt,
  NO_AUTHORITIES,
  parseCiphertext,
  parseClientKey,
  parsePartial,
  parsePublic,
  partialDecrypt,
  readCiphertext,
  type VerifiedShare,
  verifyShare,
} from '../../src/fhe/index.ts'
import { hmacSha256 } from '../../src/hash.ts'
import {
  combine,
  expandShare,
  floodExponent,
  floodMessage,
  galoisRing,
  type LweBlock,
  type RingElement,
} from '../../src/sharing/index.ts'
import { generateIdentity } from '../../src/sign/identity.ts'
import { blockDigest, bytesOf, floodNoise, interpolateAtZero, wordsOf } from '../sharing/reference.ts'
import { dealt, entropyOf, LIMIT, realClientKey } from './fixture.ts'
import { solveBits } from './solve-bits.ts'

const { key, bytes } = realClientKey()
const { key64 } = parseClientKey(bytes)
const secret = Uint8Array.from({ length: 2048 }, (_, j) => key64[8 * j]!)
const deal = dealt(bytes, 2, 3, 'F', false)
const ring = galoisRing(64)
const delta = 1n << 59n

function verified(holder: number) {
  const share = verifyShare(deal.shares[holder - 1]!, deal.pub, { holder })
  if (!share.ok) throw new Error(share.detail)
  return share.value
}

/** body - <mask, s> + noise, as the combiner sees it out of two of our answers. */
function floodedPhases(ciphertexts: readonly Ciphertext[]): bigint[] {
  const partials = [1, 3].map((holder) => {
    const answer = partialDecrypt(verified(holder), ciphertexts, new Uint8Array(32))
    if (!answer.ok) throw new Error(answer.detail)
    return { holder, elements: answer.value.answers.flatMap(({ elements }) => elements) }
  })
  const blockCounts = ciphertexts.map(({ blocks }) => blocks.length)
  const combined = combine({ width: 64, quorum: { t: 2, n: 3 }, blockCounts, partials })
  if (!combined.ok) throw new Error(combined.detail)
  return combined.value.phases.flat()
}

/** The same out of answers that add no noise: what a naive threshold decryption would send. */
function unfloodedPhases(blocks: readonly LweBlock[]): bigint[] {
  const shares = [1, 3].map((holder) => {
    const { share, pub } = verified(holder)
    return {
      holder,
      vector: expandShare(share.seeds, {
        holder,
        keyId: share.header.keyId,
        width: 64,
        correction: pub.pub64,
      }),
    }
  })
  return blocks.map(({ mask, body }) => {
    const [word = 0n] = wordsOf(body, 64)
    const answers = new Map(
      shares.map(({ holder, vector }): [number, RingElement] => [
        holder,
        ring.sub([word, 0n, 0n, 0n], vector.dot(mask)),
      ]),
    )
    return interpolateAtZero(64, answers)[0]
  })
}

describe('17 decryptions of a FheUint256', () => {
  const ciphertexts = Array.from({ length: 17 }, (_, i) =>
    parseCiphertext(tfhe.FheUint256.encrypt_with_client_key(BigInt(i) << 200n, key).safe_serialize(LIMIT)),
  )
  const blocks = ciphertexts.flatMap((ciphertext) => ciphertext.blocks)

  /** <mask, s> = body - phase is exact without noise: its lowest bit is one equation over GF(2) in the key bits. */
  const attack = (phases: readonly bigint[]) =>
    solveBits(
      blocks.map(({ mask, body }, i) => ({
        coefficients: Uint8Array.from({ length: 2048 }, (_, j) => mask[8 * j]! & 1),
        sum: Number((wordsOf(body, 64)[0]! - phases[i]!) & 1n),
      })),
    )

  const unflooded = unfloodedPhases(blocks)

  test('without flooding noise, the answers give the whole key away', () => {
    expect(attack(unflooded)).toEqual(secret)
  })

  const flooded = floodedPhases(ciphertexts)

  test('the same attack learns nothing from our flooded answers', () => {
    // More equations than unknowns, and their noise makes them contradict each other.
    expect(attack(flooded)).toBeNull()
  })

  /** By set, the noise e_A of every block as whoever has the seeds of A computes it. */
  function noiseOf({ share: { header, seeds } }: VerifiedShare): Map<number, bigint[]> {
    const quorum = { t: header.t, n: header.n }
    const message = floodMessage({ keyId: header.keyId, epochId: header.epochId, quorum, width: 64 })
    const k = floodExponent(quorum, 64)
    const digests = blocks.map(({ mask, body }) => blockDigest(64, mask, body))
    return new Map(
      seeds.map(({ set, seeds: own }) => {
        const key = hmacSha256(concatBytes(...own), message)
        return [set, digests.map((digest) => floodNoise(key, digest, k))]
      }),
    )
  }
  const without = (phases: readonly bigint[], noises: readonly (readonly bigint[])[]) =>
    phases.map((phase, i) =>
      BigInt.asUintN(
        64,
        noises.reduce((left, noise) => left - noise[i]!, phase),
      ),
    )

  test.each([1, 2, 3])(
    'give nothing away to holder %i either, who takes off the noise that its own seeds make',
    (colluder) => {
      const [known, others] = [noiseOf(verified(colluder)), noiseOf(verified((colluder % 3) + 1))]
      // Of the three sets it has the two that it is not in: one noise is left, which both others know and it does not.
      const hidden = 1 << (colluder - 1)
      expect([...known.keys(), hidden].sort()).toEqual([1, 2, 4])
      const left = without(flooded, [...known.values()])
      expect(attack(left)).toBeNull()
      // It took off what was there: without the last noise too, as two holders together see it, the key falls.
      const bare = without(left, [others.get(hidden)!])
      expect(bare).toEqual(unflooded)
      expect(attack(bare)).toEqual(secret)
    },
  )
})

describe('four chosen ciphertexts', () => {
  /** Four key bits to a block: masks of -Delta 2^q, so that the digit of the block is the sum of s 2^q. */
  const chosen = Array.from({ length: 4 }, (_, request): Ciphertext => {
    const blocks = Array.from({ length: 128 }, (_, block): LweBlock => {
      const mask = new Uint8Array(2048 * 8)
      for (let q = 0; q < 4; q++) {
        const at = 8 * (512 * request + 4 * block + q)
        mask.set(bytesOf([BigInt.asUintN(64, -(delta << BigInt(q)))], 64), at)
      }
      return { mask, body: new Uint8Array(8) }
    })
    return { kind: 'uint', bits: 256, width: 64, blocks, tag: new Uint8Array(0) }
  })

  test('without provenance, chosen ciphertexts give the whole key away through any flooding', () => {
    const digits = floodedPhases(chosen).map((phase) => Number(((phase + delta / 2n) >> 59n) & 15n))
    const found = Uint8Array.from({ length: 2048 }, (_, j) => (digits[j >> 2]! >> (j & 3)) & 1)
    expect(found).toEqual(secret)
  })

  test('FHE-PROVENANCE-MISSING our holders refuse them before any arithmetic', () => {
    const real = tfhe.FheUint256.encrypt_with_client_key(0n, key).safe_serialize(LIMIT)
    const encryptor = generateIdentity(entropyOf(3), ['ed25519', 'mlDsa65'])
    const file = real.slice()
    const first = 34 + 23 + 12 + 8 + 8 + 8
    file.set(chosen[0]!.blocks[0]!.mask, first)
    expect(readCiphertext(file).blocks[0]!.mask).toEqual(chosen[0]!.blocks[0]!.mask)
    const answer = fhePartialDecrypt({
      share: deal.shares[0]!,
      pub: deal.pub,
      ciphertexts: [file],
      authority: {
        authorities: { ...NO_AUTHORITIES, encryptors: [encryptor.keys] },
        provenance: [],
        requestDigest: new Uint8Array(32),
        identity: generateIdentity(entropyOf(4), ['ed25519', 'mlDsa65']),
      },
      answered: new Set(),
      spent: { at64: 0, at128: 0 },
    })
    expect(answer).toMatchObject({ ok: false, rule: 'FHE-PROVENANCE-MISSING' })
  })
})

describe('one altered word of a compact list', () => {
  const builder = tfhe.CompactCiphertextList.builder(tfhe.TfheCompactPublicKey.new(key))
  const ones = BigInt(`0x${'5'.repeat(64)}`)
  for (let i = 0; i < 16; i++) builder.push_u256(ones)
  const list = builder.build().safe_serialize(LIMIT)
  // The mask polynomial begins behind the header, four u32, u64 length of mask and bodies together.
  const mask = 34 + 37 + 4 * 4 + 8
  const altered = list.slice()
  const view = new DataView(altered.buffer)
  view.setBigUint64(mask, BigInt.asUintN(64, view.getBigUint64(mask, true) + delta), true)

  test('gives the whole key away where an evaluator takes bare lists and expands them honestly', () => {
    const expander = tfhe.CompactCiphertextList.safe_deserialize(altered, LIMIT).expand()
    const ciphertexts = Array.from({ length: 16 }, (_, i) =>
      parseCiphertext(expander.get_uint256(i).safe_serialize(LIMIT)),
    )
    const digits = floodedPhases(ciphertexts).map((phase) => Number(((phase + delta / 2n) >> 59n) & 31n))
    // All encrypted digits are 1: a digit that moved to 0 or 2 is a key bit, in the order of the bodies.
    const moved = digits.map((digit) => (digit === 1 ? 0 : 1))
    expect(digits.every((digit) => digit <= 2)).toBe(true)
    expect(orderOf(moved, secret)).not.toBeNull()
  })

  test('FHE-BARE-LIST neither a holder nor a request takes a list, altered or not', () => {
    for (const bare of [list, altered]) expect(() => readCiphertext(bare)).toThrow('FHE-BARE-LIST')
    const longer = concatBytes(list, Uint8Array.of(0))
    expect(() => readCiphertext(longer)).toThrow('FHE-BARE-LIST')
  })
})

/** Whether `seen` is the secret itself, forwards or backwards, rotated: every bit of the key then stands in it. */
function orderOf(seen: readonly number[], key: Uint8Array): string | null {
  for (const [name, order] of [
    ['forwards', [...key]],
    ['backwards', [...key].reverse()],
  ] as const) {
    for (let by = 0; by < key.length; by++) {
      if (seen.every((bit, i) => bit === order[(i + by) % key.length])) return `${name}, rotated by ${by}`
    }
  }
  return null
}

test('an answer says nothing of who else answered or was asked', () => {
  const ciphertext = parseCiphertext(tfhe.FheUint8.encrypt_with_client_key(1, key).safe_serialize(LIMIT))
  const answer = partialDecrypt(verified(2), [ciphertext], new Uint8Array(32).fill(9))
  const other = partialDecrypt(verified(2), [ciphertext], new Uint8Array(32).fill(8))
  if (!answer.ok || !other.ok) throw new Error('no answer')
  expect(answer.value.answers).toEqual(other.value.answers)
  expect(parsePublic(deal.pub).header.n).toBe(3)
  expect(() => parsePartial(deal.pub)).toThrow('FHE-TYPE')
})
