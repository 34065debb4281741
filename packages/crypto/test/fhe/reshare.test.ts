import tfhe from 'node-tfhe'
import { beforeAll, describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/bytes.ts'
import {
  answerCanary,
  auditCanary,
  type Budgets,
  carriedBudgets,
  checkSeedFile,
  ciphertextDigest,
  combinePartials,
  type DealtKey,
  encodeCorrection,
  largestBudgets,
  NO_AUTHORITIES,
  nextPublic,
  nextShare,
  parseCiphertext,
  parseClientKey,
  parseCorrection,
  parsePublic,
  parseSeedFile,
  partialDecrypt,
  type Redealing,
  redealShare,
  signProvenance,
  type VerifiedShare,
  verifyShare,
} from '../../src/fhe/index.ts'
import { toHex } from '../../src/hex.ts'
import type { Quorum } from '../../src/sharing/index.ts'
import { generateIdentity } from '../../src/sign/identity.ts'
import { dealt, entropyOf, LIMIT, realClientKey, rosterOf, squashedFile, withSquashKey } from './fixture.ts'

const real = realClientKey()
const clientKey = withSquashKey(real.bytes)
const { key128 } = parseClientKey(clientKey)
const planHash = new Uint8Array(32).fill(0x50)
const zeros = new Uint8Array(32)
const ciphertext = parseCiphertext(squashedFile(key128!, 'Uint', 0xbeefn, 16))

type Epoch = { pub: Uint8Array; shares: readonly Uint8Array[] }

function verified({ pub, shares }: Epoch, holder: number): VerifiedShare {
  const result = verifyShare(shares[holder - 1]!, pub, { holder })
  if (!result.ok) throw new Error(`${result.rule}: ${result.detail}`)
  return result.value
}

function redealing(epoch: Epoch, dealers: number[], to: Quorum, seed = 40): Redealing[] {
  return dealers.map((q) => {
    const result = redealShare({
      verified: verified(epoch, q),
      dealers,
      to,
      planHash,
      entropy: entropyOf(seed + q),
    })
    if (!result.ok) throw new Error(`${result.rule}: ${result.detail}`)
    return result.value
  })
}

function budgetsOf(to: Quorum): Budgets {
  const budgets = largestBudgets(to, { mode: 'S', squash: true })
  if (!budgets.ok) throw new Error(budgets.detail)
  return budgets.value
}

function reshared(epoch: Epoch, dealers: number[], to: Quorum, seed = 40): Epoch {
  const parts = redealing(epoch, dealers, to, seed)
  const corrections = parts.map(({ correction }) => correction)
  const next = nextPublic({ pub: epoch.pub, corrections, dealers, to, planHash, roster: rosterOf(to.n) })
  if (!next.ok) throw new Error(`${next.rule}: ${next.detail}`)
  const shares = Array.from({ length: to.n }, (_, i) => {
    const share = nextShare({
      pub: next.value.pub,
      corrections,
      seedFiles: parts.map(({ seedFiles }) => seedFiles[i]!),
      holder: i + 1,
      policyHash: zeros,
      budgets: budgetsOf(to),
    })
    if (!share.ok) throw new Error(`${share.rule}: ${share.detail}`)
    return share.value
  })
  return { pub: next.value.pub, shares }
}

function decrypts(epoch: Epoch, holders: number[]) {
  const partials = holders.map((h) => {
    const answer = partialDecrypt(verified(epoch, h), [ciphertext], zeros)
    if (!answer.ok) throw new Error(`${answer.rule}: ${answer.detail}`)
    return answer.value
  })
  return combinePartials(parsePublic(epoch.pub), [ciphertext], partials)
}

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

  test('FHE-ENTROPY seeds that repeat are never used', () => {
    const entropy = { bytes: (n: number) => new Uint8Array(n) }
    const result = redealShare({ verified: verified(old, 1), dealers: [1, 2], to, planHash, entropy })
    expect(result).toMatchObject({ rule: 'FHE-ENTROPY' })
  })

  test('FHE-DEALERS a correction that is missing, doubled or of somebody else', () => {
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

  test('both files of a re-dealing encode to what they were parsed from', () => {
    expect(encodeCorrection(parseCorrection(corrections[0]!))).toEqual(corrections[0])
    expect(parseSeedFile(parts[0]!.seedFiles[3]!)).toMatchObject({
      holder: 4,
      header: { dealer: 1, t: 2, n: 4 },
    })
  })
})

describe('the canary', () => {
  const to = { t: 2, n: 3 }
  const old = dealt(clientKey, 2, 3, 'S', true)
  const values = [2n ** 255n + 12345n]
  const canary = [parseCiphertext(squashedFile(key128!, 'Uint', values[0]!, 256))]
  const answersOf = (epoch: Epoch) =>
    [1, 2, 3].map((h) => {
      const answer = answerCanary(verified(epoch, h), canary, planHash)
      if (!answer.ok) throw new Error(answer.rule)
      return answer.value
    })
  const next = reshared(old, [1, 2], to)
  const answers = answersOf(next)

  test('passes when all n answer alike and rightly, and says what it cost', () => {
    expect(auditCanary(parsePublic(next.pub), canary, values, answers)).toEqual({
      ok: true,
      value: { width: 128, blocks: 64, bits: 51 - 7 },
    })
  })

  test('FHE-CANARY-HOLDERS, FHE-CANARY-VALUE and FHE-CANARY-SIZE name what is missing', () => {
    const pub = parsePublic(next.pub)
    expect(auditCanary(pub, canary, values, answers.slice(1))).toMatchObject({ rule: 'FHE-CANARY-HOLDERS' })
    expect(auditCanary(pub, canary, [1n], answers)).toMatchObject({ rule: 'FHE-CANARY-VALUE' })
    expect(answerCanary(verified(next, 1), [ciphertext], planHash)).toMatchObject({ rule: 'FHE-CANARY-SIZE' })
    const many = Array.from({ length: 64 }, () => ciphertext)
    expect(
      auditCanary(
        pub,
        many,
        many.map(() => 0xbeefn),
        answers,
      ),
    ).toMatchObject({ rule: 'FHE-CANARY-SIZE' })
  })

  test('FHE-PROVENANCE-MISSING 256 chosen blocks would give half of the key, so somebody has to vouch for them', () => {
    const evaluator = generateIdentity(entropyOf(91), ['ed25519'])
    const authorities = { ...NO_AUTHORITIES, evaluators: [evaluator.keys] }
    const vouch = (mode: 'S' | 'F', type: string, ciphertext = canary[0]!) =>
      signProvenance(evaluator, {
        v: 1,
        domain: 'rehearsal',
        keyId: toHex(old.keyId),
        mode,
        type,
        ciphertexts: [toHex(ciphertextDigest(ciphertext))],
        program: 'canary',
        inputs: [{ digest: 'aa'.repeat(32), admitted: 'signature', by: 'Ann' }],
        time: '2026-01-31T09:30:00.000Z',
      })
    const answer = (provenance: Uint8Array[], ciphertexts = canary) =>
      answerCanary(verified(next, 1), ciphertexts, planHash, { authorities, provenance })
    expect(answer([])).toMatchObject({ rule: 'FHE-PROVENANCE-MISSING' })
    expect(answer([vouch('S', 'u256')]).ok).toBe(true)
    // A key of mode S names no encryptor: its evaluator vouches for the fresh half of the canary.
    const made = tfhe.FheUint256.encrypt_with_client_key(1n, real.key).safe_serialize(LIMIT)
    const fresh = parseCiphertext(made)
    expect(answer([vouch('F', 'u256', fresh)], [fresh]).ok).toBe(true)
    expect(answer([vouch('S', 'u256', fresh)], [fresh])).toMatchObject({ rule: 'FHE-PROVENANCE-MODE' })
    const { share, pub } = verified(next, 1)
    const production = {
      share: { ...share, header: { ...share.header, domain: 'production' as const } },
      pub,
    }
    expect(answerCanary(production, canary, planHash)).toMatchObject({ rule: 'FHE-PROVENANCE-MISSING' })
  })

  test('a correction wrong by half the modulus in one word is found', () => {
    const parts = redealing(old, [1, 2], to)
    const spoiled = parseCorrection(parts[0]!.correction)
    const corr128 = spoiled.corr128.slice()
    corr128[16 * 77 + 15]! ^= 0x80
    const corrections = [encodeCorrection({ ...spoiled, corr128 }), parts[1]!.correction]
    const made = nextPublic({ pub: old.pub, corrections, dealers: [1, 2], to, planHash, roster: rosterOf(3) })
    if (!made.ok) throw new Error(made.detail)
    const shares = [0, 1, 2].map((i) => {
      const share = nextShare({
        pub: made.value.pub,
        corrections,
        seedFiles: parts.map(({ seedFiles }) => seedFiles[i]!),
        holder: i + 1,
        policyHash: zeros,
        budgets: budgetsOf(to),
      })
      if (!share.ok) throw new Error(share.detail)
      return share.value
    })
    const epoch = { pub: made.value.pub, shares }
    const audited = auditCanary(parsePublic(epoch.pub), canary, values, answersOf(epoch))
    expect(audited).toMatchObject({ ok: false, rule: 'FHE-PADDING' })
  })
})

describe('carrying a budget', () => {
  const full = budgetsOf({ t: 2, n: 3 }).at128

  test('unspent, it stays what it was; spent by one, all share the loss', () => {
    const left = (...blocks: (number | null)[]) =>
      blocks.map((at128) => (at128 === null ? null : { at64: 0, at128 }))
    const from = { t: 2, n: 3 }
    const carry = (...blocks: (number | null)[]) =>
      carriedBudgets({ from, to: from, left: left(...blocks), squash: true }).at128
    expect(carry(full, full, full)).toBe(full)
    expect(carry(full, 0, full)).toBe(Math.floor(full / 2))
    expect(carry(full, null, full)).toBe(Math.floor(full / 2))
    expect(carry(0, 0, full)).toBe(0)
  })

  test('ten reshares spend no more than the one life of the key', () => {
    let life = 0
    let quorum: Quorum = { t: 2, n: 3 }
    let left = budgetsOf(quorum).at128
    const bits = (q: Quorum) => (q.t === 2 ? 51 : 49)
    for (let epoch = 0; epoch < 10; epoch++) {
      const spent = Math.floor(left / 3)
      life += (spent * (quorum.n - quorum.t + 1)) / 2 ** bits(quorum)
      const to = quorum.t === 2 ? { t: 3, n: 5 } : { t: 2, n: 3 }
      const all = Array.from({ length: quorum.n }, () => ({ at64: 0, at128: left - spent }))
      left = carriedBudgets({ from: quorum, to, left: all, squash: true }).at128
      quorum = to
    }
    expect(life).toBeLessThanOrEqual(2 ** -20)
    expect(left).toBeGreaterThan(0)
  })

  test('where a width is below the floor nothing is carried', () => {
    const left = Array.from({ length: 3 }, () => ({ at64: 9, at128: 9 }))
    const carried = carriedBudgets({ from: { t: 2, n: 3 }, to: { t: 3, n: 5 }, left, squash: false })
    expect(carried).toEqual({ at64: 0, at128: 0 })
  })
})
