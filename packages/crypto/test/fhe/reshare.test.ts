import { beforeAll, describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/bytes.ts'
import {
  checkSeedFile,
  combinePartials,
  type DealtKey,
  encodeCorrection,
  encodeShare,
  nextPublic,
  nextShare,
  parseCorrection,
  parsePublic,
  parseSeedFile,
  parseShare,
  partialDecrypt,
  type Redealing,
  redealShare,
  verifyShare,
} from '../../src/fhe/index.ts'
import type { Quorum, SetSeeds } from '../../src/sharing/index.ts'
import {
  ciphertext,
  clientKey,
  decrypts,
  type Epoch,
  planHash,
  redealing,
  reshared,
  verified,
  zeros,
} from './epochs.ts'
import { dealt, entropyOf, rosterOf } from './fixture.ts'

describe.each<[Quorum, number[], Quorum]>([
  [{ t: 2, n: 3 }, [1, 3], { t: 3, n: 5 }],
  [{ t: 3, n: 5 }, [2, 3, 5], { t: 2, n: 3 }],
  [{ t: 2, n: 3 }, [2, 3], { t: 2, n: 3 }],
  [{ t: 2, n: 2 }, [1, 2], { t: 5, n: 7 }],
])('from %o by %j to %o', (from, dealers, to) => {
  const old = dealt(clientKey, from.t, from.n, 'S', true)
  const next = reshared(old, dealers, to)

  test('the new people decrypt, and every share verifies with a dealer for each old one', () => {
    const holders = Array.from({ length: to.t }, (_, i) => to.n - i)
    expect(decrypts(next, holders)).toMatchObject({ ok: true, value: { values: [0xbeefn] } })
    const all = Array.from({ length: to.n }, (_, i) => i + 1)
    expect(decrypts(next, all)).toMatchObject({ ok: true, value: { cheaters: [] } })
    const { header } = parsePublic(next.pub)
    expect(header).toMatchObject({ epoch: 1, ...to, d: from.t })
  })

  test('FHE-EPOCH-MIXED an old and a new answer do not combine', () => {
    const answer = (epoch: Epoch) => partialDecrypt(verified(epoch, 1), [ciphertext], zeros)
    const [one, two] = [answer(old), answer(next)]
    if (!one.ok || !two.ok) throw new Error('no answer')
    expect(combinePartials(parsePublic(next.pub), [ciphertext], [one.value, two.value])).toMatchObject({
      rule: 'FHE-EPOCH-MIXED',
      detail: expect.stringContaining('the partial of holder 1 and the public file'),
    })
  })
})

describe('a second reshare', () => {
  test('out of shares of several dealers gives the same key, and size does not compound', () => {
    const first = reshared(dealt(clientKey, 2, 3, 'S', true), [1, 2], { t: 3, n: 4 })
    const second = reshared(first, [1, 2, 4], { t: 2, n: 4 }, 60)
    expect(parsePublic(second.pub).header).toMatchObject({ epoch: 2, d: 3, dealerMask: 0b1011 })
    expect(decrypts(second, [2, 4])).toMatchObject({ ok: true, value: { values: [0xbeefn] } })
    // C(3,1) sets of 3 dealers' seeds.
    expect(second.shares[0]!.length).toBe(83 + 32 + 8 + 2 + 3 * 3 * 32 + 32)
  })
})

describe('a reshare is refused by name', () => {
  const from = { t: 2, n: 3 }
  const to = { t: 2, n: 4 }
  const old: DealtKey = dealt(clientKey, 2, 3, 'S', true)
  let parts: Redealing[]
  let corrections: Uint8Array[]
  let pub: Uint8Array
  beforeAll(() => {
    parts = redealing(old, [1, 2], to)
    corrections = parts.map(({ correction }) => correction)
    const next = nextPublic({ pub: old.pub, corrections, dealers: [1, 2], to, planHash, roster: rosterOf(4) })
    if (!next.ok) throw new Error(next.detail)
    pub = next.value.pub
  })
  const next = (change: Partial<Parameters<typeof nextPublic>[0]>) =>
    nextPublic({ pub: old.pub, corrections, dealers: [1, 2], to, planHash, roster: rosterOf(4), ...change })
  const share = (change: Partial<Parameters<typeof nextShare>[0]>) =>
    nextShare({
      pub,
      corrections,
      seedFiles: parts.map(({ seedFiles }) => seedFiles[0]!),
      holder: 1,
      policyHash: zeros,
      budgets: { at64: 0, at128: 1 },
      ...change,
    })

  test.each([
    [[1], 'too few'],
    [[1, 2, 3], 'too many'],
    [[2, 1], 'descending'],
    [[1, 1], 'one twice'],
    [[1, 4], 'no holder'],
    [[2, 3], 'not this one'],
  ])('FHE-DEALERS %j: %s', (dealers) => {
    const result = redealShare({ verified: verified(old, 1), dealers, to, planHash, entropy: entropyOf(1) })
    expect(result).toMatchObject({ rule: 'FHE-DEALERS' })
  })

  test('FHE-BUDGET-NONE a new holder makes no share that could answer nothing', () => {
    expect(share({ budgets: { at64: 0, at128: 0 } })).toMatchObject({ rule: 'FHE-BUDGET-NONE' })
    expect(share({})).toMatchObject({ ok: true })
  })

  test('FHE-ENTROPY seeds that repeat are never used', () => {
    const entropy = { bytes: (n: number) => new Uint8Array(n) }
    const result = redealShare({ verified: verified(old, 1), dealers: [1, 2], to, planHash, entropy })
    expect(result).toMatchObject({ rule: 'FHE-ENTROPY' })
  })

  test('FHE-DEALERS a correction that is missing, doubled or from no dealer is refused', () => {
    const [first, second] = corrections as [Uint8Array, Uint8Array]
    const third = redealing(old, [1, 3], to)[1]!.correction
    expect(next({ corrections: [first] })).toMatchObject({ rule: 'FHE-DEALERS' })
    expect(next({ corrections: [first, first] })).toMatchObject({ rule: 'FHE-DEALERS' })
    expect(next({ corrections: [first, second, second] })).toMatchObject({ rule: 'FHE-DEALERS' })
    expect(next({ corrections: [first, third] })).toMatchObject({ rule: 'FHE-DEALERS' })
  })

  test('FHE-RUN-MIXED a correction of another plan, epoch or quorum', () => {
    const [first, second] = corrections as [Uint8Array, Uint8Array]
    expect(next({ planHash: zeros })).toMatchObject({ rule: 'FHE-RUN-MIXED' })
    const otherEpoch = redealing(reshared(old, [1, 2], from), [1, 2], to)[0]!.correction
    expect(next({ corrections: [otherEpoch, second] })).toMatchObject({ rule: 'FHE-RUN-MIXED' })
    const otherQuorum = redealing(old, [1, 2], { t: 3, n: 4 })[0]!.correction
    expect(next({ corrections: [otherQuorum, second] })).toMatchObject({ rule: 'FHE-RUN-MIXED' })
    const cut = parseCorrection(first)
    const short = encodeCorrection({ ...cut, corr128: new Uint8Array(0) })
    expect(next({ corrections: [short, second] })).toMatchObject({ rule: 'FHE-CORRECTION-LENGTH' })
  })

  test('FHE-COMMITMENT-DUPLICATE one commitment for two sets', () => {
    const parsed = parseCorrection(corrections[0]!)
    const commitments = parsed.commitments.map(() => parsed.commitments[0]!)
    const doubled = encodeCorrection({ ...parsed, commitments })
    expect(next({ corrections: [doubled, corrections[1]!] })).toMatchObject({
      rule: 'FHE-COMMITMENT-DUPLICATE',
    })
  })

  test('FHE-SEED-COMMITMENT a wrong seed is the ground of a complaint against its dealer', () => {
    const seedFile = parts[1]!.seedFiles[0]!
    expect(checkSeedFile(seedFile, corrections[1]!, 1)).toEqual({ ok: true })
    const wrong = seedFile.slice()
    wrong[wrong.length - 1]! ^= 1
    expect(checkSeedFile(wrong, corrections[1]!, 1)).toMatchObject({
      rule: 'FHE-SEED-COMMITMENT',
      detail: expect.stringContaining('holder 2'),
    })
    expect(share({ seedFiles: [parts[0]!.seedFiles[0]!, wrong] })).toMatchObject({
      rule: 'FHE-SEED-COMMITMENT',
    })
    expect(checkSeedFile(seedFile, corrections[1]!, 2)).toMatchObject({ rule: 'FHE-HOLDER-OTHER' })
    expect(checkSeedFile(seedFile, corrections[0]!, 1)).toMatchObject({ rule: 'FHE-RUN-MIXED' })
    expect(checkSeedFile(seedFile.subarray(1), corrections[1]!, 1)).toMatchObject({ rule: 'FHE-TYPE' })
    expect(checkSeedFile(seedFile.subarray(0, 150), corrections[1]!, 1)).toMatchObject({
      rule: 'FHE-TRUNCATED',
    })
    expect(checkSeedFile(concatBytes(seedFile, Uint8Array.of(0)), corrections[1]!, 1)).toMatchObject({
      rule: 'FHE-TRAILING',
    })
  })

  test('a share needs every dealer once, the public file of this run and a budget within the noise', () => {
    const [one, two] = parts.map(({ seedFiles }) => seedFiles[0]!) as [Uint8Array, Uint8Array]
    expect(share({}).ok).toBe(true)
    expect(share({ seedFiles: [one] })).toMatchObject({ rule: 'FHE-DEALERS' })
    expect(share({ seedFiles: [one, two, two] })).toMatchObject({ rule: 'FHE-DEALERS' })
    expect(share({ pub: reshared(old, [1, 2], to, 90).pub })).toMatchObject({ rule: 'FHE-COMMITMENT-COUNT' })
    expect(share({ pub: old.pub })).toMatchObject({ rule: 'FHE-DEALERS' })
    expect(share({ budgets: { at64: 0, at128: 0xffff_ffff } })).toMatchObject({ rule: 'FHE-BUDGET' })
  })

  test('FHE-SEED-COMMITMENT every seed of every dealer is checked: a share with one changed, re-hashed, is refused', () => {
    const three = reshared(reshared(old, [1, 2], { t: 3, n: 4 }), [1, 3, 4], to, 60)
    const honest = parseShare(three.shares[1]!)
    expect(honest.header).toMatchObject({ d: 3, dealerMask: 0b1101 })
    expect(honest.seeds.map(({ seeds }) => seeds.length)).toEqual([3, 3, 3])
    const verify = (seeds: readonly SetSeeds[]) => verifyShare(encodeShare({ ...honest, seeds }), three.pub)
    expect(verify(honest.seeds).ok).toBe(true)
    for (const { set } of honest.seeds) {
      for (const at of [0, 1, 2]) {
        const altered = honest.seeds.map((own) =>
          own.set === set
            ? { set, seeds: own.seeds.map((seed, i) => (i === at ? seed.map((byte) => byte ^ 1) : seed)) }
            : own,
        )
        expect(verify(altered), `set ${set}, dealer ${at + 1} of 3`).toMatchObject({
          ok: false,
          rule: 'FHE-SEED-COMMITMENT',
          detail: `the seed of set ${set} differs from its commitment`,
        })
      }
      // Nor are the seeds of two dealers taken for each other's.
      const swapped = honest.seeds.map((own) =>
        own.set === set ? { set, seeds: [own.seeds[0]!, own.seeds[2]!, own.seeds[1]!] } : own,
      )
      expect(verify(swapped), `set ${set}, swapped`).toMatchObject({ rule: 'FHE-SEED-COMMITMENT' })
    }
  })

  test('both files of a re-dealing encode to what they were parsed from', () => {
    expect(encodeCorrection(parseCorrection(corrections[0]!))).toEqual(corrections[0])
    expect(parseSeedFile(parts[0]!.seedFiles[3]!)).toMatchObject({
      holder: 4,
      header: { dealer: 1, t: 2, n: 4 },
    })
  })
})
