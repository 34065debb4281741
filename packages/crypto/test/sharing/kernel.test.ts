import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { toBase64 } from '../../src/base64.ts'
import { concatBytes } from '../../src/bytes.ts'
import { hmacSha256 } from '../../src/hash.ts'
import { deterministicEntropy } from '../../src/random.ts'
import {
  type GaloisRing,
  galoisRing,
  type RingElement,
  type Width,
  ZERO,
} from '../../src/sharing/galois-ring.ts'
import { hashBlocks, type LweBlock, ringVector } from '../../src/sharing/kernel.ts'
import { KERNEL_BASE64 } from '../../src/sharing/kernel-bytes.ts'
import { AT } from '../../src/sharing/kernel-layout.ts'
import { openDecryptor } from '../../src/sharing/partial.ts'
import { setsWithout } from '../../src/sharing/quorum.ts'
import { assembleKernel } from './assemble-kernel.ts'
import { blockDigest, bytesOf, dense, floodNoise, seedStream, wordsOf } from './reference.ts'

type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number }
// Node has it; its types do not.
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: { Memory: { prototype: Memory } } }

/** What `work` gives, and what was in the part of the memory that holds secrets whenever a memory grew. */
function growing<T>(work: () => T): { came: T; grown: string[] } {
  const grown: string[] = []
  const { prototype } = wasm.Memory
  const { grow } = prototype
  const spy = vi.spyOn(prototype, 'grow').mockImplementation(function (this: Memory, pages) {
    const secrets = new Uint8Array(this.buffer, AT.SECRETS, AT.MESSAGES - AT.SECRETS)
    grown.push(secrets.every((byte) => byte === 0) ? 'nothing secret' : 'a secret')
    return grow.call(this, pages)
  })
  try {
    return { came: work(), grown }
  } finally {
    spy.mockRestore()
  }
}

const entropy = deterministicEntropy(new Uint8Array(32).fill(0x6b))

test("the kernel's bytes are its source", async () => {
  expect(toBase64(await assembleKernel())).toBe(KERNEL_BASE64)
})

function randomBlocks(width: Width, words: number, count: number): LweBlock[] {
  return Array.from({ length: count }, () => ({
    mask: entropy.bytes((words * width) / 8),
    body: entropy.bytes(width / 8),
  }))
}

function randomElement(width: Width): RingElement {
  const [a = 0n, b = 0n, c = 0n, d = 0n] = wordsOf(entropy.bytes((4 * width) / 8), width)
  return [a, b, c, d]
}

/** X^position a, by the ring's own multiplication. */
function shifted(ring: GaloisRing, a: RingElement, position: number): RingElement {
  return ring.mul([0, 1, 2, 3].map((i) => (i === position ? 1n : 0n)) as unknown as RingElement, a)
}

describe.each([64, 128] as const)('%i-bit vectors', (width) => {
  const top = (1n << BigInt(width)) - 1n
  const ring = galoisRing(width)
  // Edges of carry propagation are as likely as random words.
  const word = fc.oneof(
    fc.bigInt({ min: 0n, max: top }),
    fc.constantFrom(0n, 1n, top, 1n << 63n, (1n << 64n) - 1n, 0xffff_ffffn, 0xffff_ffffn << 32n),
  )
  const element = fc.tuple(word, word, word, word)

  test('scaled sums and dot products equal BigInt arithmetic', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, word, word), { minLength: 1, maxLength: 9 }),
        element,
        element,
        (rows, f: RingElement, g: RingElement) => {
          const [a, b, mask] = [0, 1, 2].map((c) => rows.map((row) => row[c]!)) as [
            bigint[],
            bigint[],
            bigint[],
          ]
          const vector = ringVector(width, rows.length)
          vector.addScaled(bytesOf(a, width), f)
          vector.addScaled(bytesOf(b, width), g)
          const expected = a.map((x, j) => ring.add(ring.scale(f, x), ring.scale(g, b[j]!)))
          for (const c of [0, 1, 2, 3] as const) {
            expect(wordsOf(vector.coefficient(c), width)).toEqual(expected.map((e) => e[c]))
          }
          const dot = expected.map((e, j) => ring.scale(e, mask[j]!)).reduce((sum, e) => ring.add(sum, e))
          expect(vector.dot(bytesOf(mask, width))).toEqual(dot)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a dot product of the longest vector of the largest words does not overflow its sums', () => {
    const words = 65_536 / (width / 8)
    const ones = new Uint8Array(65_536).fill(0xff)
    const vector = ringVector(width, words)
    vector.addScaled(ones, [1n, 0n, 0n, 0n])
    // (-1) (-1) = 1 in every word.
    expect(vector.dot(ones)).toEqual([BigInt(words), 0n, 0n, 0n])
  })

  test('the stream of a seed is that of the other ChaCha20 and HMAC, whatever its length', () => {
    const keyId = entropy.bytes(32)
    for (const words of [1, 7, 65, 2048]) {
      const seed = entropy.bytes(32)
      const factor = randomElement(width)
      const [vector, expected] = [ringVector(width, words), ringVector(width, words)]
      vector.addSeed(seed, concatBytes(new TextEncoder().encode(`lux-fhe/v1/share-${width}`), keyId), factor)
      expected.addScaled(seedStream(seed, keyId, width, words), factor)
      for (const c of [0, 1, 2, 3] as const) expect(vector.coefficient(c)).toEqual(expected.coefficient(c))
    }
  })

  test.each([1, 2, 3, 4, 5, 9])('digests of %i blocks side by side equal SHA-256 one by one', (count) => {
    // 1 to 34 words: every place the end of the message may have in the last 64 bytes.
    for (let words = 1; words < 35; words++) {
      const blocks = randomBlocks(width, words, count)
      const expected = blocks.map(({ mask, body }) => blockDigest(width, mask, body))
      expect(hashBlocks(width, blocks)).toEqual(expected)
      expect(ringVector(width, words, count).admit(blocks)).toEqual(expected)
    }
  })

  test.each([
    { sets: 0, dealers: 1, blocks: 1 },
    { sets: 1, dealers: 1, blocks: 2 },
    { sets: 4, dealers: 2, blocks: 3 },
    { sets: 5, dealers: 3, blocks: 4 },
    { sets: 7, dealers: 15, blocks: 10 },
  ])('partials with $sets sets of $dealers dealers and $blocks blocks equal the slow reference', (shape) => {
    const words = 37
    const k = width === 64 ? 54 : 118
    const secret = [0, 1, 2, 3].map(() => wordsOf(entropy.bytes((words * width) / 8), width))
    const vector = ringVector(width, words, 10)
    secret.forEach((coefficient, c) => {
      const unit = [0n, 0n, 0n, 0n] as [bigint, bigint, bigint, bigint]
      unit[c] = 1n
      vector.addScaled(bytesOf(coefficient, width), unit)
    })
    const message = entropy.bytes(84)
    const floods = Array.from({ length: shape.sets }, () => {
      const seeds = Array.from({ length: shape.dealers }, () => entropy.bytes(32))
      const factor = randomElement(width)
      vector.addNoise(seeds, message, factor)
      return { key: hmacSha256(concatBytes(...seeds), message), factor }
    })
    const blocks = randomBlocks(width, words, shape.blocks)
    vector.admit(blocks)
    const expected: RingElement[] = []
    blocks.forEach(({ mask, body }, at) => {
      const digest = blockDigest(width, mask, body)
      const m = wordsOf(mask, width)
      const dot = secret.map((coefficient) => dense(m, coefficient, width)) as unknown as RingElement
      const noise = floods.reduce<RingElement>(
        (sum, { key, factor }) => ring.add(sum, ring.scale(factor, floodNoise(key, digest, k))),
        ZERO,
      )
      const partial = ring.add(ring.sub([wordsOf(body, width)[0]!, 0n, 0n, 0n], dot), noise)
      const j = Math.floor(at / 3)
      expected[j] = ring.add(expected[j] ?? ZERO, shifted(ring, partial, at % 3))
    })
    expect(vector.partials(k)).toEqual(expected)
    // The same blocks again, after others: nothing is left over from them.
    vector.admit(randomBlocks(width, words, 6))
    vector.partials(k)
    vector.admit(blocks)
    expect(vector.partials(k)).toEqual(expected)
  })

  test('wiping the kernel leaves zeros in place of seeds and noise', () => {
    const vector = ringVector(width, 3, 1)
    vector.addScaled(new Uint8Array((3 * width) / 8).fill(7), [1n, 2n, 3n, 4n])
    vector.addNoise([entropy.bytes(32)], entropy.bytes(8), [1n, 0n, 0n, 0n])
    vector.wipe()
    expect(vector.coefficient(3)).toEqual(new Uint8Array((3 * width) / 8))
    const [block] = randomBlocks(width, 3, 1)
    vector.admit([block!])
    expect(vector.partials(50)).toEqual([[wordsOf(block!.body, width)[0], 0n, 0n, 0n]])
  })

  test('masks, bodies, seeds and messages of a wrong length throw, and so does a block too many', () => {
    const vector = ringVector(width, 4, 1024)
    const [block] = randomBlocks(width, 4, 1)
    expect(() => vector.dot(new Uint8Array(8))).toThrow(RangeError)
    expect(() => vector.admit([{ ...block!, mask: new Uint8Array(8) }])).toThrow(RangeError)
    expect(() => vector.admit([{ ...block!, body: new Uint8Array(7) }])).toThrow(RangeError)
    expect(() => vector.addSeed(new Uint8Array(0), new Uint8Array(1), ZERO)).toThrow(RangeError)
    expect(() => vector.addNoise([new Uint8Array(481)], new Uint8Array(1), ZERO)).toThrow(RangeError)
    expect(() => vector.addSeed(new Uint8Array(32), new Uint8Array(113), ZERO)).toThrow(RangeError)
    expect(() => vector.admit(Array.from({ length: 1025 }, () => block!))).toThrow(RangeError)
    expect(vector.admit(Array.from({ length: 1024 }, () => block!)).length).toBe(1024)
    for (const slots of [1025, Number.NaN, 2.5, -1])
      expect(() => ringVector(width, 4, slots)).toThrow(RangeError)
    expect(() => ringVector(width, 4, 2).admit(randomBlocks(width, 4, 3))).toThrow('blocks: 3, at most 2')
  })

  test('the memory grows while it holds nothing secret, and never after: what an engine left behind would not be wiped', () => {
    const words = 8
    const quorum = { t: 3, n: 5 }
    const keyId = entropy.bytes(32)
    const seeds = setsWithout(quorum, 2).map((set) => ({
      set,
      seeds: [entropy.bytes(32), entropy.bytes(32)],
    }))
    const context = { keyId, epochId: entropy.bytes(32), quorum, width, holder: 2 }
    const blocks = randomBlocks(width, words, 64)
    const { grown, came } = growing(() => {
      const decryptor = openDecryptor(seeds, { ...context, correction: entropy.bytes((words * width) / 8) })
      const { elements } = decryptor.answer(blocks)
      decryptor.admit(blocks.slice(0, 12))
      return elements
    })
    expect(came).toHaveLength(22)
    expect(grown).toEqual(['nothing secret'])
  })

  test('a share opened for a few blocks still answers any number of blocks', () => {
    const words = 8
    const quorum = { t: 2, n: 3 }
    const seeds = setsWithout(quorum, 2).map((set) => ({ set, seeds: [entropy.bytes(32)] }))
    const ids = { keyId: entropy.bytes(32), epochId: entropy.bytes(32) }
    const context = { ...ids, quorum, width, holder: 2, correction: entropy.bytes((words * width) / 8) }
    const blocks = randomBlocks(width, words, 14)
    const [all, few] = [openDecryptor(seeds, context), openDecryptor(seeds, context, 1)]
    expect(few.answer(blocks)).toEqual(all.answer(blocks))
  })
})
