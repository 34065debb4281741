import { describe, expect, test } from 'vitest'
import {
  binomial,
  combine,
  deal,
  floodExponent,
  NOISE_BOUND_LOG2,
  openDecryptor,
  type Quorum,
  setsWithout,
} from '../../src/sharing/index.ts'
import { entropyOf } from '../fhe/fixture.ts'
import { bytesOf, dense, wordsOf } from './reference.ts'

// Seeds, masks and keys are fixed: every run of these tests computes the same numbers.
const keyId = new Uint8Array(32).fill(1)
const epochId = new Uint8Array(32).fill(2)
const WORDS = 64

/** Combined noise, all of it that holders add, of `blocks` random blocks of exact phase `phase`. */
function combinedNoise(
  width: 64 | 128,
  quorum: Quorum,
  blocks: number,
  phase = 5n << BigInt(width - 5),
): bigint[] {
  const entropy = entropyOf(200 + quorum.t * 16 + quorum.n)
  const key = Array.from({ length: WORDS }, () => BigInt(entropy.bytes(1)[0]! & 1))
  const dealt = deal([{ width, words: bytesOf(key, width) }], { quorum, keyId, entropy })
  if (!dealt.ok) throw new Error(dealt.detail)
  const [correction] = dealt.value.corrections
  const made = Array.from({ length: blocks }, () => {
    const mask = entropy.bytes((WORDS * width) / 8)
    const body = bytesOf([BigInt.asUintN(width, dense(wordsOf(mask, width), key, width) + phase)], width)
    return { mask, body }
  })
  const partials = Array.from({ length: quorum.t }, (_, i) => {
    const holder = quorum.n - i
    const own = new Set(setsWithout(quorum, holder))
    const decryptor = openDecryptor(
      dealt.value.seeds.filter(({ set }) => own.has(set)),
      { keyId, epochId, quorum, width, holder, correction: correction! },
      1023,
    )
    const elements = []
    for (let at = 0; at < made.length; at += 1023) {
      decryptor.admit(made.slice(at, at + 1023))
      elements.push(...decryptor.partials())
    }
    return { holder, elements }
  })
  const combined = combine({ width, quorum, blockCounts: [blocks], partials })
  if (!combined.ok) throw new Error(combined.detail)
  return combined.value.phases[0]!.map((seen) => BigInt.asIntN(width, seen - phase))
}

const quorums: [64 | 128, Quorum, number][] = [
  [128, { t: 2, n: 3 }, 3000],
  [128, { t: 3, n: 5 }, 3000],
  [128, { t: 5, n: 9 }, 900],
  [64, { t: 2, n: 3 }, 3000],
]

describe.each(quorums)('at %i bits and %o, over %i blocks', (width, quorum, blocks) => {
  const noise = combinedNoise(width, quorum, blocks)
  const k = floodExponent(quorum, width)
  const sets = binomial(quorum.n, quorum.t - 1)
  // In units of 2^k: a sum of `sets` independent uniforms of [-1, 1).
  const scaled = noise.map((e) => Number(e) / 2 ** k)

  test('the noise is within C 2^k, and with a block’s own within the margin', () => {
    const most = noise.reduce((max, e) => ((e < 0n ? -e : e) > max ? (e < 0n ? -e : e) : max), 0n)
    expect(most <= BigInt(sets) << BigInt(k)).toBe(true)
    const margin = 1n << BigInt(width - 6)
    expect((BigInt(sets) << BigInt(k)) + (1n << BigInt(NOISE_BOUND_LOG2[width])) <= margin).toBe(true)
  })

  test('mean and variance are those of a sum of uniforms', () => {
    const mean = scaled.reduce((sum, e) => sum + e, 0) / blocks
    const variance = scaled.reduce((sum, e) => sum + (e - mean) ** 2, 0) / blocks
    const expected = sets / 3
    // Four standard errors; of the variance of a nearly normal sample it is sqrt(2/n).
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(expected / blocks))
    expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / blocks))
  })

  test('Kolmogorov and Smirnov: the distribution is that of a sum of uniforms', () => {
    const sorted = scaled.toSorted((a, b) => a - b)
    const distance = sorted.reduce((max, e, i) => {
      const expected = irwinHall(e, sets)
      return Math.max(max, Math.abs((i + 1) / blocks - expected), Math.abs(i / blocks - expected))
    }, 0)
    // 1.63 / sqrt(n) at 1 %.
    expect(distance).toBeLessThan(1.63 / Math.sqrt(blocks))
  })

  test('chi-square: its lowest byte is uniform', () => {
    const bins = new Array<number>(256).fill(0)
    for (const e of noise) bins[Number(BigInt.asUintN(8, e))]!++
    const expected = blocks / 256
    const chi = bins.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0)
    // 255 degrees of freedom: 1 % above 310.5, 1 % below 205.4.
    expect(chi).toBeGreaterThan(205.4)
    expect(chi).toBeLessThan(310.5)
  })
})

/** P(sum of n uniforms of [-1, 1) <= x): exact for few, the normal limit beyond, where 1e-3 is far below the test's step. */
function irwinHall(x: number, n: number): number {
  if (n > 12) return normal(x / Math.sqrt(n / 3))
  const y = Math.min(n, Math.max(0, (x + n) / 2))
  let sum = 0
  let choose = 1
  let factorial = 1
  for (let i = 1; i <= n; i++) factorial *= i
  for (let i = 0; i <= Math.floor(y); i++) {
    sum += (i % 2 === 0 ? 1 : -1) * choose * (y - i) ** n
    choose = (choose * (n - i)) / (i + 1)
  }
  return sum / factorial
}

/** Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function normal(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
  const erf = 1 - tail * Math.exp(-x * x)
  return z < 0 ? (1 - erf) / 2 : (1 + erf) / 2
}

test('two blocks have unrelated noise, and one block the same for every quorum', () => {
  const quorum = { t: 2, n: 3 }
  const one = combinedNoise(128, quorum, 40)
  const two = combinedNoise(128, quorum, 40)
  expect(one).toEqual(two)
  expect(new Set(one).size).toBe(40)
})
