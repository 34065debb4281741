import { describe, expect, test } from 'vitest'
import { dealFheKey, nextShare, parseSeedFile, redealShare, verifyShare } from '../../src/fhe/index.ts'
import type { Entropy } from '../../src/random.ts'
import { budgetsOf, clientKey, type Epoch, key128, planHash, redealing, reshared, zeros } from './epochs.ts'
import { dealt, rosterOf } from './fixture.ts'
import { allZero, leftBy, lost, seedsOf, sourceOf } from './traces.ts'

const first: Epoch = dealt(clientKey, 2, 3, 'S', true)
const second = reshared(first, [1, 3], { t: 2, n: 3 })

function expectOnly(left: readonly ArrayBufferLike[], files: readonly Uint8Array[]): void {
  const buffers = new Set(files.map(({ buffer }) => buffer))
  expect(left.filter((buffer) => !buffers.has(buffer))).toEqual([])
  expect(left).toHaveLength(files.length)
}

describe('of fresh seeds nothing is left but the files they go into', () => {
  const deal = (entropy: Entropy, budgets = budgetsOf({ t: 2, n: 3 })) =>
    dealFheKey({
      clientKey,
      publicKeys: { compactPublicKey: null, serverKey: null },
      t: 2,
      n: 3,
      domain: 'rehearsal',
      roster: rosterOf(3),
      policyHash: zeros,
      budgets,
      entropy,
    })
  const words = key128!.slice(0, 1024)

  test('dealFheKey leaves no secret in memory when it deals', () => {
    const same = deal(sourceOf(35))
    if (!same.ok) throw new Error(same.detail)
    const source = sourceOf(35)
    const { came, left } = leftBy(same.value.shares.flatMap(seedsOf), () => deal(source))
    const result = came as ReturnType<typeof deal>
    if (!result.ok) throw new Error(result.detail)
    expectOnly(left, result.value.shares)
    expect(source.gave.every(allZero)).toBe(true)
    expect(leftBy([words], () => deal(sourceOf(35))).left).toEqual([])
  })

  test('dealFheKey: refused or without randomness', () => {
    expect(leftBy([words], () => deal(sourceOf(35), { at64: 0, at128: 2 ** 31 }))).toMatchObject({
      came: { rule: 'FHE-BUDGET' },
      left: [],
    })
    const failing = sourceOf(35, 2)
    expect(leftBy([words], () => deal(failing))).toEqual({ came: lost, left: [] })
    const same = sourceOf(35)
    const repeating: Entropy = {
      bytes(length) {
        const bytes = new Uint8Array(length).fill(3)
        same.gave.push(bytes)
        return bytes
      },
    }
    expect(leftBy([words], () => deal(repeating))).toMatchObject({ came: { rule: 'FHE-ENTROPY' }, left: [] })
    for (const { gave } of [failing, same]) {
      expect(gave.length).toBeGreaterThan(1)
      expect(gave.every(allZero)).toBe(true)
    }
  })

  const parts = redealing(first, [1, 2], { t: 2, n: 3 })
  const seedFiles = parts.map((part) => part.seedFiles[0]!)
  const seedsOfFiles = (files: readonly Uint8Array[]) =>
    files.flatMap((one) => parseSeedFile(one).seeds.flatMap(({ seeds }) => seeds))

  test('redealShare', () => {
    const verified = verifyShare(first.shares[0]!, first.pub)
    if (!verified.ok) throw new Error(verified.detail)
    const redeal = (entropy: Entropy) =>
      redealShare({ verified: verified.value, dealers: [1, 2], to: { t: 2, n: 3 }, planHash, entropy })
    const same = redeal(sourceOf(41))
    if (!same.ok) throw new Error(same.detail)
    const source = sourceOf(41)
    const { came, left } = leftBy(seedsOfFiles(same.value.seedFiles), () => redeal(source))
    const result = came as ReturnType<typeof redeal>
    if (!result.ok) throw new Error(result.detail)
    expectOnly(left, result.value.seedFiles)
    expect(source.gave.every(allZero)).toBe(true)
  })

  test('redealShare: refused, or broken off after the seeds were drawn, after some files were written, or in the sum', () => {
    const verified = verifyShare(first.shares[0]!, first.pub)
    if (!verified.ok) throw new Error(verified.detail)
    const { share, pub } = verified.value
    const request = { verified: verified.value, dealers: [1, 2], to: { t: 2, n: 3 }, planHash }
    const made = redealShare({ ...request, entropy: sourceOf(41) })
    if (!made.ok) throw new Error(made.detail)
    const fresh = seedsOfFiles(made.value.seedFiles)
    const broken = (change: object) => {
      const source = sourceOf(41)
      const { came, left } = leftBy(fresh, () => redealShare({ ...request, ...change, entropy: source }))
      expect(left).toEqual([])
      expect(source.gave.every(allZero)).toBe(true)
      return { came, drawn: source.gave.length }
    }
    expect(broken({ dealers: [2, 3] })).toMatchObject({ came: { rule: 'FHE-DEALERS' }, drawn: 0 })
    const header = Object.defineProperty({ ...share.header }, 'domain', {
      get: () => {
        throw lost
      },
    })
    expect(broken({ verified: { pub, share: { ...share, header } } })).toEqual({ came: lost, drawn: 3 })
    const odd = { share, pub: { ...pub, pub64: pub.pub64.subarray(0, 12) } }
    expect(broken({ verified: odd })).toMatchObject({ came: expect.any(RangeError), drawn: 3 })
    for (const after of [2, 3, 4]) {
      let reads = 0
      const failing = Object.defineProperty(planHash.slice(), 'length', {
        get: () => {
          if (reads++ >= after) throw lost
          return 32
        },
      })
      expect(broken({ planHash: failing })).toEqual({ came: lost, drawn: 3 })
    }
  })

  test('dealFheKey: broken off when some shares are made', () => {
    const whole = deal(sourceOf(35))
    if (!whole.ok) throw new Error(whole.detail)
    const fresh = whole.value.shares.flatMap(seedsOf)
    for (const after of [1, 2, 3, 4, 5]) {
      let reads = 0
      const policyHash = Object.defineProperty(zeros.slice(), 'length', {
        get: () => {
          if (reads++ >= after) throw lost
          return 32
        },
      })
      const source = sourceOf(35)
      const request = {
        clientKey,
        publicKeys: { compactPublicKey: null, serverKey: null },
        t: 2,
        n: 3,
        domain: 'rehearsal' as const,
        roster: rosterOf(3),
        policyHash,
        budgets: budgetsOf({ t: 2, n: 3 }),
        entropy: source,
      }
      const { came, left } = leftBy(fresh, () => dealFheKey(request))
      expect([after, came, left]).toEqual([after, lost, []])
      expect(source.gave.every(allZero)).toBe(true)
    }
  })

  test('nextShare: made, refused, or of a cut seed file', () => {
    const epoch = reshared(first, [1, 2], { t: 2, n: 3 })
    const next = (change: object) =>
      leftBy(seedsOfFiles(parts.flatMap((part) => part.seedFiles)), () =>
        nextShare({
          pub: epoch.pub,
          corrections: parts.map(({ correction }) => correction),
          seedFiles,
          holder: 1,
          policyHash: zeros,
          budgets: budgetsOf({ t: 2, n: 3 }),
          ...change,
        }),
      )
    const made = next({})
    const result = made.came as ReturnType<typeof nextShare>
    if (!result.ok) throw new Error(result.detail)
    expect(made.left).toEqual([result.value.buffer])
    expect(next({ holder: 2 })).toMatchObject({ came: { rule: 'FHE-HOLDER-OTHER' }, left: [] })
    expect(next({ seedFiles: seedFiles.slice(1) })).toMatchObject({ came: { rule: 'FHE-DEALERS' }, left: [] })
    expect(next({ seedFiles: [seedFiles[0]!, seedFiles[1]!.subarray(0, -1)] })).toMatchObject({
      came: { rule: 'FHE-TRUNCATED' },
      left: [],
    })
    expect(next({ pub: second.pub })).toMatchObject({ came: { ok: false }, left: [] })
  })
})
