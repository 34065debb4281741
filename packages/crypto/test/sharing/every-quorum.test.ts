import { describe, expect, test } from 'vitest'
import {
  addCorrections,
  binomial,
  combine,
  deal,
  floodExponent,
  NOISE_BOUND_LOG2,
  openDecryptor,
  type Quorum,
  redeal,
  type SetSeeds,
  setsWithout,
} from '../../src/sharing/index.ts'
import { entropyOf } from '../fhe/fixture.ts'
import { bytesOf, dense, wordsOf } from './reference.ts'

// Keys of four words: what depends on (t,n) is all there, and a share expands at once.
const WORDS = 4
const width = 128
const keyId = new Uint8Array(32).fill(3)
const epochId = new Uint8Array(32).fill(4)
const phase = 9n << 123n

type Sharing = { quorum: Quorum; seeds: readonly SetSeeds[]; correction: Uint8Array }

function dealt(quorum: Quorum, key: readonly bigint[]): Sharing {
  const entropy = entropyOf(quorum.t * 16 + quorum.n)
  const made = deal([{ width, words: bytesOf(key, width) }], { quorum, keyId, entropy })
  if (!made.ok) throw new Error(made.detail)
  return { quorum, seeds: made.value.seeds, correction: made.value.corrections[0]! }
}

const ofHolder = ({ quorum, seeds }: Sharing, holder: number): SetSeeds[] => {
  const own = new Set(setsWithout(quorum, holder))
  return seeds.filter(({ set }) => own.has(set))
}

function reshared(old: Sharing, to: Quorum): Sharing {
  const dealers = Array.from({ length: old.quorum.t }, (_, i) => old.quorum.n - old.quorum.t + 1 + i)
  const parts = dealers.map((dealer) => {
    const part = redeal({
      seeds: ofHolder(old, dealer),
      dealer,
      dealers,
      from: old.quorum,
      to,
      keyId,
      vectors: [{ width, words: WORDS }],
      entropy: entropyOf(100 + dealer),
    })
    if (!part.ok) throw new Error(part.detail)
    return part.value
  })
  const corrections = parts.map((part) => part.corrections[0]!)
  return {
    quorum: to,
    seeds: parts[0]!.seeds.map(({ set }, at) => ({
      set,
      seeds: parts.map((part) => part.seeds[at]!.seeds[0]!),
    })),
    correction: addCorrections(width, old.correction, corrections),
  }
}

/** Noise of a block of the key, decrypted by the last t holders; throws where the phases do not combine. */
function noiseOf(sharing: Sharing, key: readonly bigint[]): bigint {
  const { quorum, correction } = sharing
  const mask = entropyOf(99).bytes((WORDS * width) / 8)
  const body = bytesOf([BigInt.asUintN(width, dense(wordsOf(mask, width), key, width) + phase)], width)
  const partials = Array.from({ length: quorum.t }, (_, i) => {
    const holder = quorum.n - i
    const context = { keyId, epochId, quorum, width, holder, correction } as const
    const decryptor = openDecryptor(ofHolder(sharing, holder), context)
    decryptor.admit([{ mask, body }])
    return { holder, elements: decryptor.partials() }
  })
  const combined = combine({ width, quorum, blockCounts: [1], partials })
  if (!combined.ok) throw new Error(`${combined.rule}: ${combined.detail}`)
  return BigInt.asIntN(width, combined.value.phases[0]![0]! - phase)
}

function expectWithin(noise: bigint, { t, n }: Quorum): void {
  const most = BigInt(binomial(n, t - 1)) << BigInt(floodExponent({ t, n }, width))
  expect(noise).not.toBe(0n)
  expect(noise <= most && noise >= -most).toBe(true)
  expect(most + (1n << BigInt(NOISE_BOUND_LOG2[width])) <= 1n << BigInt(width - 6)).toBe(true)
}

const key = [1n, 0n, 1n, 1n]

describe('every quorum up to 15 holders', () => {
  test.each(Array.from({ length: 14 }, (_, i) => i + 2))(
    'of %i: any t combine, with noise within its bound',
    (n) => {
      for (let t = 2; t <= n; t++) {
        // The largest rows of Pascal's triangle once: their neighbours differ in nothing else.
        if (binomial(n, t - 1) > 2000 && t !== 7 && t !== 8) continue
        expectWithin(noiseOf(dealt({ t, n }, key), key), { t, n })
      }
    },
    60_000,
  )

  test.each<[Quorum, Quorum]>([
    [
      { t: 2, n: 2 },
      { t: 15, n: 15 },
    ],
    [
      { t: 5, n: 9 },
      { t: 7, n: 13 },
    ],
    [
      { t: 7, n: 13 },
      { t: 3, n: 5 },
    ],
    [
      { t: 15, n: 15 },
      { t: 2, n: 3 },
    ],
  ])(
    '%o is reshared to %o, and the new ones combine',
    (from, to) => {
      expectWithin(noiseOf(reshared(dealt(from, key), to), key), to)
    },
    60_000,
  )
})
