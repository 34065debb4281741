import { chacha20 } from '@noble/ciphers/chacha.js'
import { describe, expect, test } from 'vitest'
import { hmacSha256, sha256Hex } from '../../src/hash.ts'
import { toHex } from '../../src/hex.ts'
import { combine } from '../../src/sharing/combine.ts'
import { deal } from '../../src/sharing/deal.ts'
import { floodExponent, floodMessage } from '../../src/sharing/flooding.ts'
import type { RingElement } from '../../src/sharing/galois-ring.ts'
import { hashBlocks, ringVector } from '../../src/sharing/kernel.ts'
import { openDecryptor } from '../../src/sharing/partial.ts'
import { setsOf, setsWithout } from '../../src/sharing/quorum.ts'
import { addSeed, commitSeed, KEY_WORDS } from '../../src/sharing/seeds.ts'
import {
  blockDigest,
  bytesOf,
  dense,
  floodNoise,
  interpolateAtZero,
  seedStream,
  wordsOf,
} from './reference.ts'
import { thresholdVector } from './threshold-vectors.ts'

const quorum = { t: 2, n: 3 }
const keyId = new Uint8Array(32).fill(0x4b)
const epochId = new Uint8Array(32).fill(0x45)
const seedOf = (set: number) => new Uint8Array(32).fill(set)

describe.each([64, 128] as const)('known answers of (2,3) at %i bits', (width) => {
  const known = thresholdVector(width)
  const n = KEY_WORDS[width]
  const key = Array.from({ length: n }, (_, j) => BigInt(j.toString(2).replaceAll('0', '').length % 2))
  const mask = chacha20(new Uint8Array(32).fill(0x61), new Uint8Array(12), new Uint8Array((n * width) / 8))
  const phase = 11n * (1n << BigInt(width - 5)) + 12345n
  const body = bytesOf([BigInt.asUintN(width, dense(wordsOf(mask, width), key, width) + phase)], width)
  const context = { keyId, epochId, quorum, width }

  // The entropy gives the seeds of the vectors in the order of the sets.
  const given = [...known.sets]
  const dealt = deal([{ width, words: bytesOf(key, width) }], {
    quorum,
    keyId,
    entropy: { bytes: () => seedOf(given.shift() ?? 0) },
  })
  if (!dealt.ok) throw new Error(dealt.detail)
  const [correction] = dealt.value.corrections
  if (!correction) throw new Error('no correction')
  const decryptor = (holder: number) =>
    openDecryptor(
      setsWithout(quorum, holder).map((set) => ({ set, seeds: [seedOf(set)] })),
      { ...context, holder, correction },
    )
  const partialOf = (opened: ReturnType<typeof decryptor>): RingElement => {
    opened.admit([{ mask, body }])
    return opened.partials()[0]!
  }

  test('sets, commitments, seed stream and public correction are as given', () => {
    expect(setsOf(quorum)).toEqual(known.sets)
    expect(toHex(commitSeed(keyId, 1, 0, seedOf(1)))).toBe(known.commitment)
    expect(toHex(dealt.value.commitments[0]!)).toBe(known.commitment)
    const stream = ringVector(width, n)
    addSeed(stream, seedOf(1), keyId, [1n, 0n, 0n, 0n])
    expect(wordsOf(stream.coefficient(0), width)[0]).toBe(known.firstWord)
    expect(wordsOf(seedStream(seedOf(1), keyId, width, n), width)[0]).toBe(known.firstWord)
    expect(sha256Hex(correction)).toBe(known.correctionHash)
  })

  test('block digest, flood exponent, flood key and noise are as given', () => {
    const digest = blockDigest(width, mask, body)
    expect(toHex(digest)).toBe(known.blockDigest)
    expect(hashBlocks(width, [{ mask, body }]).map(toHex)).toEqual([known.blockDigest])
    expect(decryptor(1).admit([{ mask, body }]).map(toHex)).toEqual([known.blockDigest])
    expect(floodExponent(quorum, width)).toBe(known.k)
    const floodKey = (set: number) => hmacSha256(seedOf(set), floodMessage(context))
    expect(toHex(floodKey(1))).toBe(known.floodKey)
    const noises = known.sets.map((set) => floodNoise(floodKey(set), digest, known.k))
    expect(noises).toEqual(known.noises)
  })

  test('the partials of every holder are as given', () => {
    expect(known.partials.size).toBe(3)
    for (const [holder, expected] of known.partials) {
      expect(partialOf(decryptor(holder))).toEqual(expected)
    }
  })

  test('every quorum combines to the given phase, by the reference and by combine', () => {
    expect(known.quorums.length).toBe(2)
    for (const { holders, phase: expected } of known.quorums) {
      const answers = new Map(holders.map((h) => [h, partialOf(decryptor(h))]))
      expect(interpolateAtZero(width, answers)).toEqual(expected)
      const partials = [...answers].map(([holder, element]) => ({ holder, elements: [element] }))
      const combined = combine({ width, quorum, blockCounts: [1], partials })
      expect(combined).toMatchObject({
        ok: true,
        value: { phases: [[expected[0]]], verified: 0, cheaters: [] },
      })
    }
  })

  test('a wiped decryptor has no key left: it answers the bare body', () => {
    const opened = decryptor(1)
    const before = partialOf(opened)
    opened.wipe()
    const after = partialOf(opened)
    expect(after).not.toEqual(before)
    expect(after).toEqual([wordsOf(body, width)[0], 0n, 0n, 0n])
  })
})
