import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { computePartial } from '../../../src/fhe/decryption/threshold-decrypt.ts'
import {
  type Authorities,
  answerCanary,
  auditCanary,
  type Carrying,
  type Ciphertext,
  ciphertextDigest,
  combinePartials,
  encodeCorrection,
  NO_AUTHORITIES,
  nextPublic,
  nextShare,
  type Provenance,
  parseCiphertext,
  parseCorrection,
  parsePublic,
  roundForCarrying,
  signProvenance,
} from '../../../src/fhe/index.ts'
import { toHex } from '../../../src/hex.ts'
import type { Width } from '../../../src/sharing/index.ts'
import { generateIdentity } from '../../../src/sign/identity.ts'
import { bytesOf, wordsOf } from '../../sharing/reference.ts'
import {
  budgetsOf,
  ciphertext,
  clientKey,
  type Epoch,
  key128,
  planHash,
  real,
  redealing,
  reshared,
  verified,
  zeros,
} from '../epochs.ts'
import { dealt, entropyOf, LIMIT, rosterOf, squashedFile } from '../fixture.ts'

describe('the canary', () => {
  const to = { t: 2, n: 3 }
  const old = dealt(clientKey, 2, 3, 'S', true)
  const values = [2n ** 255n + 12345n]
  const canary = [parseCiphertext(squashedFile(key128!, 'Uint', values[0]!, 256))]
  const freshOf = (bits: 'FheUint256' | 'FheUint128') =>
    parseCiphertext(
      tfhe[bits]
        .encrypt_with_client_key(values[0]! >> (bits === 'FheUint128' ? 128n : 0n), real.key)
        .safe_serialize(LIMIT),
    )
  const freshCanary = [freshOf('FheUint256')]
  const answersOf = (epoch: Epoch, ciphertexts = canary) =>
    [1, 2, 3].map((h) => {
      const answer = answerCanary(verified(epoch, h), ciphertexts, planHash)
      if (!answer.ok) throw new Error(answer.rule)
      return answer.value.content
    })
  const both = [...freshCanary, ...canary]
  const bothValues = [...values, ...values]
  const next = reshared(old, [1, 2], to)
  const freshAnswers = answersOf(next, freshCanary)
  const answers = [...answersOf(next), ...freshAnswers]

  test('passes when all n answer alike and rightly at both widths, and says what it cost', () => {
    expect(auditCanary(parsePublic(next.pub), both, bothValues, answers)).toEqual({
      ok: true,
      value: [
        { width: 64, blocks: 128, bits: 32 - 8 },
        { width: 128, blocks: 64, bits: 51 - 7 },
      ],
    })
  })

  test('FHE-CANARY-SIZE a key with a squash key is proved at both widths, or not at all', () => {
    const pub = parsePublic(next.pub)
    expect(auditCanary(pub, freshCanary, values, freshAnswers)).toMatchObject({
      rule: 'FHE-CANARY-SIZE',
      detail: '0 different blocks of 128 bits, expected 64 to 256',
    })
    expect(auditCanary(pub, canary, values, answers)).toMatchObject({
      rule: 'FHE-CANARY-SIZE',
      detail: '0 different blocks of 64 bits, expected 128 to 256',
    })
    expect(answerCanary(verified(next, 1), [freshOf('FheUint128')], planHash)).toMatchObject({
      rule: 'FHE-CANARY-SIZE',
      detail: '64 different blocks of 64 bits, expected 128 to 256',
    })
  })

  test('FHE-CANARY-SIZE 256 blocks stand in for the floor: not one more is answered or audited', () => {
    const of = (bits: number, seed: number) =>
      parseCiphertext(squashedFile(key128!, 'Uint', values[0]!, bits, { seed }))
    const most = [80, 81, 82, 83].map((seed) => of(256, seed))
    const over = [...most, of(2, 84)]
    const size = {
      ok: false,
      rule: 'FHE-CANARY-SIZE',
      detail: '257 different blocks of 128 bits, expected 64 to 256',
    }
    expect(answerCanary(verified(next, 1), most, planHash).ok).toBe(true)
    expect(answerCanary(verified(next, 1), over, planHash)).toMatchObject(size)
    const fresh = [freshOf('FheUint256'), freshOf('FheUint256'), freshOf('FheUint128')]
    expect(answerCanary(verified(next, 1), fresh, planHash)).toMatchObject({
      ...size,
      detail: '320 different blocks of 64 bits, expected 128 to 256',
    })
    const said = over.map((_, i) => (i < 4 ? values[0]! : 1n))
    const pub = parsePublic(next.pub)
    const asked = [...freshCanary, ...over]
    expect(auditCanary(pub, asked, [...values, ...said], answers)).toMatchObject(size)
  })

  test('FHE-INCONSISTENT a holder of another key is named, and the epoch is unproven although the values are right', () => {
    const wide = reshared(old, [1, 2], { t: 2, n: 4 })
    const answer = (h: number, ciphertexts: typeof canary) => {
      const answered = answerCanary(verified(wide, h), ciphertexts, planHash)
      if (!answered.ok) throw new Error(answered.rule)
      return answered.value.content
    }
    const off = (one: ReturnType<typeof answer>) => ({
      ...one,
      answers: one.answers.map((each) => ({
        ...each,
        elements: each.elements.map(([a, b, c, d]): (typeof each.elements)[number] => [a ^ 1n, b, c, d]),
      })),
    })
    const all = [1, 2, 3, 4].flatMap((h) => [answer(h, freshCanary), answer(h, canary)])
    const audited = (partials: typeof all) => auditCanary(parsePublic(wide.pub), both, bothValues, partials)
    expect(audited(all).ok).toBe(true)
    for (const width of [64, 128]) {
      const one = all.map((each) => (each.header.holder === 3 && each.width === width ? off(each) : each))
      expect(audited(one), `${width} bits`).toMatchObject({
        ok: false,
        rule: 'FHE-INCONSISTENT',
        detail: 'holders 3 compute with another key',
      })
    }
  })

  test('FHE-CARRY-ROUNDED and FHE-CARRY-UNROUNDED a canary is carried as the policy says', () => {
    const rounded = canary.map(roundForCarrying)
    const answer = (ciphertexts: typeof canary, carrying?: Carrying) =>
      answerCanary(
        verified(next, 1),
        ciphertexts,
        planHash,
        { rehearsal: true },
        carrying === undefined ? {} : { carrying },
      )
    expect(answer(rounded)).toMatchObject({ rule: 'FHE-CARRY-ROUNDED' })
    expect(answer(canary, 'always')).toMatchObject({ rule: 'FHE-CARRY-UNROUNDED' })
    expect(answer(rounded, 'always').ok).toBe(true)
  })

  test('FHE-CANARY-HOLDERS, FHE-CANARY-VALUE and FHE-CANARY-SIZE name what is missing', () => {
    const pub = parsePublic(next.pub)
    expect(auditCanary(pub, both, bothValues, answers.slice(1))).toMatchObject({ rule: 'FHE-CANARY-HOLDERS' })
    expect(auditCanary(pub, both, [values[0]!, 1n], answers)).toMatchObject({ rule: 'FHE-CANARY-VALUE' })
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

  test('FHE-PROVENANCE-MISSING a canary needs provenance: 256 chosen blocks would give half of the key away', () => {
    const evaluator = generateIdentity(entropyOf(91), ['ed25519'])
    const authorities = { ...NO_AUTHORITIES, evaluators: [evaluator.keys] }
    const vouch = (
      mode: 'S' | 'F',
      type: string,
      ciphertext = canary[0]!,
      change: Partial<Extract<Provenance, { v: 1 }>> = {},
    ) =>
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
        ...change,
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
    // What is vouched for as something else is no canary, whoever vouches for it.
    expect(answer([vouch('S', 'u256', canary[0]!, { program: 'anything' })])).toMatchObject({
      rule: 'FHE-CANARY-PROGRAM',
      detail: 'it is vouched for as anything',
    })
    const { share, pub } = verified(next, 1)
    const production = {
      share: { ...share, header: { ...share.header, domain: 'production' as const } },
      pub,
    }
    expect(answerCanary(production, canary, planHash)).toMatchObject({ rule: 'FHE-PROVENANCE-MISSING' })
    const asked = (mode: 'S' | 'F', one = canary[0]!) => {
      const provenance = [vouch(mode, 'u256', one, { domain: 'production' })]
      return answerCanary(production, [one], planHash, { authorities, provenance })
    }
    expect(asked('S')).toMatchObject({ ok: true, value: { blockBits: 51, belowFloor: false } })
    // Of a key of mode S no fresh block is answered in production, so that every one keeps the floor.
    const vouchedFor = { ...authorities, encryptors: authorities.evaluators }
    const of = (one: typeof production, trusted: Authorities = vouchedFor) =>
      answerCanary(one, [fresh], planHash, {
        authorities: trusted,
        provenance: [vouch('F', 'u256', fresh, { domain: 'production' })],
      })
    expect(of(production)).toMatchObject({ rule: 'FHE-NOT-SQUASHED' })
    // And of a key of mode F only where that mode holds, on an encryptor's word and on no evaluator's.
    const plain = { ...production, pub: { ...pub, pub128: new Uint8Array(0) } }
    expect(of(plain)).toMatchObject({ ok: true })
    expect(of(plain, authorities)).toMatchObject({ rule: 'FHE-PROVENANCE-SIGNER' })
    const header = { ...production.share.header, t: 8, n: 15 }
    expect(of({ ...plain, share: { ...production.share, header } })).toMatchObject({
      rule: 'FHE-FLOOD-FLOOR',
    })
  })

  test('FHE-CANARY-EPOCH the first epoch has no canary: no correction made its shares, and they already answer requests', () => {
    expect(answerCanary(verified(old, 1), canary, planHash)).toMatchObject({
      ok: false,
      rule: 'FHE-CANARY-EPOCH',
    })
  })

  /** The next epoch after a dealer published a correction that is wrong by half the modulus in one word. */
  const spoiledBy = (width: Width, word: number): Epoch => {
    const parts = redealing(old, [1, 2], to)
    const honest = parseCorrection(parts[0]!.correction)
    const [corr64, corr128] = [honest.corr64.slice(), honest.corr128.slice()]
    const spoiled = width === 64 ? corr64 : corr128
    spoiled[(width / 8) * (word + 1) - 1]! ^= 0x80
    const corrections = [encodeCorrection({ ...honest, corr64, corr128 }), parts[1]!.correction]
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
    return { pub: made.value.pub, shares }
  }

  test('FHE-CANARY-SIZE blocks that share a mask count once, and a mask of zeros is refused: both would pass a wrong correction', () => {
    const [{ blocks, ...rest }] = freshCanary as [Ciphertext]
    const [mask, body] = [blocks[0]!.mask, wordsOf(blocks[0]!.body, 64)[0]!]
    const digits = Array.from({ length: 128 }, (_, i) => (values[0]! >> BigInt(2 * i)) & 3n)
    // Of the same value, one mask for all: only the digit and the lowest bits of the bodies differ.
    const alike = {
      ...rest,
      blocks: digits.map((digit, i) => {
        const moved = body + ((digit - digits[0]!) << 59n) + BigInt(i)
        return { mask, body: bytesOf([BigInt.asUintN(64, moved)], 64) }
      }),
    }
    // The word of the mask is even, so half the modulus in the correction does not change the product.
    const word = wordsOf(mask, 64).findIndex((one) => one % 2n === 0n)
    const epoch = spoiledBy(64, word)
    const pub = parsePublic(epoch.pub)
    const partialsOf = (one: Ciphertext) =>
      [1, 2, 3].map((holder) => {
        const partial = computePartial(verified(epoch, holder), [one], planHash)
        if (!partial.ok) throw new Error(partial.detail)
        return partial.value
      })
    expect(combinePartials(pub, [alike], partialsOf(alike))).toMatchObject({
      value: { values, cheaters: [] },
    })
    const one = {
      ok: false,
      rule: 'FHE-CANARY-SIZE',
      detail: '1 different masks of 64 bits, expected at least 128',
    }
    expect(answerCanary(verified(epoch, 1), [alike], planHash)).toMatchObject(one)
    expect(auditCanary(pub, [alike], values, partialsOf(alike))).toMatchObject(one)
    const short = { ...alike, blocks: [...blocks.slice(1), { mask, body: alike.blocks[1]!.body }] }
    expect(answerCanary(verified(epoch, 1), [short], planHash).ok).toBe(true)
    const twice = { ...alike, blocks: [...blocks.slice(1), { ...blocks[1]!, body: blocks[0]!.body }] }
    expect(answerCanary(verified(epoch, 1), [twice], planHash)).toMatchObject({
      ...one,
      detail: '127 different masks of 64 bits, expected at least 128',
    })
    const trivial = {
      ...alike,
      blocks: [...blocks, { mask: new Uint8Array(mask.length), body: blocks[0]!.body }],
    }
    expect(answerCanary(verified(epoch, 1), [trivial], planHash)).toMatchObject({
      ...one,
      detail: 'a block of 64 bits has a mask of zeros, which shows nothing of a correction',
    })
  })

  test('a correction wrong by half the modulus in one word is found', () => {
    const epoch = spoiledBy(128, 77)
    const fresh = answersOf(epoch, freshCanary)
    const audited = auditCanary(parsePublic(epoch.pub), both, bothValues, [...fresh, ...answersOf(epoch)])
    expect(audited).toMatchObject({ ok: false, rule: 'FHE-PADDING' })
    // Correct at 64 bits, it passes there: without a canary of 128 bits there is no verdict.
    expect(auditCanary(parsePublic(epoch.pub), freshCanary, values, fresh)).toMatchObject({
      ok: false,
      rule: 'FHE-CANARY-SIZE',
    })
  })
})
