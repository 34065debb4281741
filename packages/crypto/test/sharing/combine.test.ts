import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { combine } from '../../src/sharing/combine.ts'
import { galoisRing, holderPoint, type RingElement, ZERO } from '../../src/sharing/galois-ring.ts'
import type { HolderPartial } from '../../src/sharing/partial.ts'
import { entropyOf } from '../fhe/fixture.ts'
import { wordsOf } from './reference.ts'

const ring = galoisRing(128)
const entropy = entropyOf(77)
const word = () => wordsOf(entropy.bytes(16), 128)[0]!
const random = (): RingElement => [word(), word(), word(), word()]

/** Partials of holders 1..m on random polynomials of degree t-1 whose values at 0 carry the phases. */
function answers(t: number, m: number, phases: readonly bigint[]): HolderPartial[] {
  const polynomials = Array.from({ length: Math.ceil(phases.length / 3) }, (_, j): RingElement[] => {
    const [a = 0n, b = 0n, c = 0n] = phases.slice(3 * j, 3 * j + 3)
    return [[a, b, c, 0n], ...Array.from({ length: t - 1 }, random)]
  })
  return Array.from({ length: m }, (_, i) => ({
    holder: i + 1,
    elements: polynomials.map((coefficients) =>
      coefficients.reduceRight<RingElement>(
        (sum, coefficient) => ring.add(ring.mul(sum, holderPoint(i + 1)), coefficient),
        ZERO,
      ),
    ),
  }))
}

const phases = Array.from({ length: 64 }, word)
const quorum = (t: number, n: number) => ({ width: 128, quorum: { t, n }, blockCounts: [64] }) as const
const half = 1n << 127n
const shift = (partial: HolderPartial, by: bigint, at = 0): HolderPartial => ({
  ...partial,
  elements: partial.elements.map((e, j) => (j === at ? [ring.reduce(e[0] + by), e[1], e[2], e[3]] : e)),
})
const spoil = (partials: HolderPartial[], holders: number[], by = half) =>
  partials.map((p) => (holders.includes(p.holder) ? shift(p, by * BigInt(p.holder % 2 || 3)) : p))

describe('combining', () => {
  test.each([
    [2, 3, 0],
    [3, 5, 0],
    [3, 9, 2],
    [2, 4, 1],
    [5, 15, 4],
    [4, 10, 3],
  ])('at (%i,%i) %i cheaters with errors of half the modulus are named and corrected', (t, n, count) => {
    const cheaters = Array.from({ length: count }, (_, i) => n - 2 * i)
    const result = combine({ ...quorum(t, n), partials: spoil(answers(t, n, phases), cheaters) })
    expect(result).toMatchObject({
      ok: true,
      value: { phases: [phases], verified: t - 1, cheaters: cheaters.sort((a, b) => a - b) },
    })
  })

  test('up to m-t cheaters never give a wrong value, whatever they add', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<[number, number]>([2, 3], [2, 5], [3, 5], [3, 7], [4, 6]),
        fc.bigInt({ min: 1n, max: 2n ** 128n - 1n }),
        fc.nat(),
        ([t, n], by, pick) => {
          const honest = answers(t, n, phases)
          const count = 1 + (pick % Math.min(n - t, t - 1))
          const cheaters = Array.from({ length: count }, (_, i) => 1 + ((pick + i) % n))
          const result = combine({ ...quorum(t, n), partials: spoil(honest, cheaters, by) })
          if (result.ok) expect(result.value.phases).toEqual([phases])
          else expect(result.rule).toBe('FHE-INCONSISTENT')
          if (n >= 3 * t - 2) expect(result.ok).toBe(true)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('FHE-INCONSISTENT below 3t-2 partials a cheater is a suspect only', () => {
    const result = combine({ ...quorum(3, 5), partials: spoil(answers(3, 5, phases), [4]) })
    expect(result).toMatchObject({
      ok: false,
      rule: 'FHE-INCONSISTENT',
      detail: expect.stringContaining('4'),
    })
    const bare = combine({ ...quorum(3, 4), partials: spoil(answers(3, 4, phases), [4]) })
    expect(bare).toMatchObject({ detail: expect.stringContaining('1, 2, 3, 4') })
  })

  test('FHE-INCONSISTENT three who collude at (4,8) cannot have two honest holders blamed and their value believed', () => {
    // One polynomial of degree 3 that adds 1 to the value and is 0 at 6, 7 and 8: then six of eight agree on a wrong one.
    const one: RingElement = [1n << 123n, 0n, 0n, 0n]
    const added = (holder: number) =>
      [6, 7, 8].reduce<RingElement>((all, zero) => {
        const point = holderPoint(zero)
        const ratio = ring.mul(ring.sub(holderPoint(holder), point), ring.inverse(ring.sub(ZERO, point)))
        return ring.mul(all, ratio)
      }, one)
    const partials = answers(4, 8, phases).map((partial) =>
      partial.holder > 3
        ? partial
        : { ...partial, elements: partial.elements.map((e) => ring.add(e, added(partial.holder))) },
    )
    expect(combine({ ...quorum(4, 8), partials })).toMatchObject({
      ok: false,
      rule: 'FHE-INCONSISTENT',
      detail: 'inconsistent, no value; suspects, unproven: 4, 5',
    })
  })

  test.each([
    [[1], 1],
    [[1], 2],
    [[2], 2],
    [[64], 1],
    [[64], 2],
    [[3, 2], 2],
  ])('FHE-INCONSISTENT with %j blocks, a place %i that carries none is not 0', (blockCounts, place) => {
    const elements = blockCounts.reduce((all, count) => all + Math.ceil(count / 3), 0)
    const used = blockCounts.flatMap((count) =>
      Array.from({ length: 3 * Math.ceil(count / 3) }, (_, i) => (i < count ? (phases[i] ?? 0n) : 0n)),
    )
    const input = { ...quorum(2, 3), blockCounts }
    const honest = combine({ ...input, partials: answers(2, 3, used) })
    expect(honest.ok).toBe(true)
    const spare = used.map((phase, i) => (i === 3 * (elements - 1) + place ? 1n : phase))
    expect(combine({ ...input, partials: answers(2, 3, spare) })).toMatchObject({ rule: 'FHE-INCONSISTENT' })
  })

  test('wrong answers in the last element alone are found in as few looks at all of them as there are cheaters, and one', () => {
    const [t, n] = [5, 15]
    let looks = 0
    const watched = answers(t, n, phases).map((partial): HolderPartial => {
      const at = partial.elements.length - 1 - (partial.holder % 2)
      const elements = [11, 12, 13, 14].includes(partial.holder)
        ? shift(partial, half, at).elements
        : partial.elements
      // Only the whole search reads the first element, and of the first holder once in each look.
      const counted = new Proxy(elements, {
        get: (list, name) => {
          if (name === '0' && partial.holder === 1) looks++
          return Reflect.get(list, name)
        },
      })
      return { holder: partial.holder, elements: counted }
    })
    const result = combine({ ...quorum(t, n), partials: watched })
    expect(result).toMatchObject({ ok: true, value: { phases: [phases], cheaters: [11, 12, 13, 14] } })
    // Every look interpolates the first element once for each holder past the first five: ten and fewer.
    expect(looks).toBeLessThan(6 * 10)
  })

  test('FHE-INCONSISTENT an unused coefficient that is not 0 is refused at a bare quorum', () => {
    const spoiled = answers(2, 2, phases).map((p) => ({
      ...p,
      elements: p.elements.map((e): RingElement => [e[0], e[1], e[2], ring.reduce(e[3] + 1n)]),
    }))
    expect(combine({ ...quorum(2, 3), partials: spoiled })).toMatchObject({ rule: 'FHE-INCONSISTENT' })
  })

  test.each([
    [2, 0, 0],
    [2, 1, 1],
    [3, 1, 1],
    [3, 2, 2],
    [3, 3, 2],
  ])('with t = %i and %i extra partials the result is verified against %i', (t, extra, verified) => {
    const result = combine({ ...quorum(t, 6), partials: answers(t, t + extra, phases) })
    expect(result).toMatchObject({ ok: true, value: { verified } })
  })

  test('too few, duplicate, foreign and short partials are refused by name', () => {
    const three = answers(3, 3, phases)
    const input = quorum(3, 5)
    expect(combine({ ...input, partials: three.slice(1) })).toMatchObject({ rule: 'FHE-PARTIALS-FEW' })
    expect(combine({ ...input, partials: [...three, three[0]!] })).toMatchObject({
      rule: 'FHE-HOLDER-DUPLICATE',
    })
    const foreign = [...three.slice(1), { ...three[0]!, holder: 6 }]
    expect(combine({ ...input, partials: foreign })).toMatchObject({ rule: 'FHE-HOLDER-RANGE' })
    const short = [...three.slice(1), { ...three[0]!, elements: three[0]!.elements.slice(1) }]
    expect(combine({ ...input, partials: short })).toMatchObject({ rule: 'FHE-BLOCK-COUNT' })
    expect(combine({ ...quorum(1, 3), partials: three })).toMatchObject({ rule: 'FHE-QUORUM-SMALL' })
  })
})
