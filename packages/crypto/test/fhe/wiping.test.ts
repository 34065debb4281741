import { describe, expect, test } from 'vitest'
import {
  type CanaryPartialRequest,
  encodeShareEnvelope,
  fheCanaryPartial,
  fhePartialDecrypt,
  forgetEnvelope,
  forgetShare,
  inspect,
  NO_AUTHORITIES,
  type PartialDecryptRequest,
  parsePublic,
  parseShare,
  parseShareEnvelope,
  partialDecrypt,
  proveShare,
  rotateFheKey,
  type ShareExpectation,
  verifyShare,
} from '../../src/fhe/index.ts'
import { expandShare } from '../../src/sharing/expand.ts'
import { type LweBlock, ringVector } from '../../src/sharing/kernel.ts'
import { budgetsOf, ciphertext, clientKey, type Epoch, key128, planHash, reshared, zeros } from './epochs.ts'
import { dealt, entropyOf, rosterOf, squashedFile } from './fixture.ts'
import { allZero, leftBy, lost, seedsOf, sourceOf } from './traces.ts'

const first: Epoch = dealt(clientKey, 2, 3, 'S', true)
const other: Epoch = dealt(clientKey, 3, 4, 'S', true)
// Two dealers' seeds to a set.
const second = reshared(first, [1, 3], { t: 2, n: 3 })
const epochs = [
  ['the first epoch', first],
  ['a later one', second],
] as const
const file = squashedFile(key128!, 'Uint', 0xbeefn, 16)
const ceremonyId = 'c0'.repeat(16)
const proof = { sealed: zeros, expected: { ceremonyId, name: 'Ada' } }
const throwing: ShareExpectation = {
  get holder(): number {
    throw lost
  },
}

class LostDisk extends Set<string> {
  override has(): boolean {
    throw lost
  }
}

test('the check itself finds a seed that was left unwiped, in an array and in wasm memory', () => {
  const share = first.shares[0]!
  const { left } = leftBy(seedsOf(share), () => parseShare(share))
  expect(left).toHaveLength(2)
  const words = new Uint8Array(64).fill(7)
  const { left: inWasm } = leftBy([words], () => ringVector(64, 8).addScaled(words, [1n, 0n, 0n, 0n]))
  expect(inWasm).toHaveLength(1)
})

describe.each(epochs)('of a share of %s no seed is left', (_, { pub, shares }) => {
  const share = shares[0]!
  const seeds = seedsOf(share)
  const envelope = encodeShareEnvelope({ ceremonyId, name: 'Ada', authorities: NO_AUTHORITIES, share, pub })
  const changed = share.slice()
  changed[share.length - 1]! ^= 1

  test.each<[string, () => unknown, unknown]>([
    ['FHE-DIGEST', () => verifyShare(changed, pub), { rule: 'FHE-DIGEST' }],
    ['FHE-TRUNCATED', () => verifyShare(share.subarray(0, -40), pub), { rule: 'FHE-TRUNCATED' }],
    ['FHE-TRAILING', () => verifyShare(Buffer.concat([share, zeros]), pub), { rule: 'FHE-TRAILING' }],
    ['FHE-EPOCH-MIXED', () => verifyShare(share, other.pub), { rule: 'FHE-EPOCH-MIXED' }],
    ['FHE-TYPE', () => verifyShare(share, share), { rule: 'FHE-TYPE' }],
    ['FHE-HOLDER-OTHER', () => verifyShare(share, pub, { holder: 2 }), { rule: 'FHE-HOLDER-OTHER' }],
    [
      'FHE-POLICY-OTHER',
      () => verifyShare(share, pub, { policyHash: new Uint8Array(32).fill(1) }),
      { rule: 'FHE-POLICY-OTHER' },
    ],
    [
      'FHE-BUDGET-OTHER',
      () => verifyShare(share, pub, { budgets: { at64: 1, at128: 1 } }),
      { rule: 'FHE-BUDGET-OTHER' },
    ],
    [
      'FHE-ROSTER-OTHER',
      () => verifyShare(share, pub, { roster: rosterOf(2) }),
      { rule: 'FHE-ROSTER-OTHER' },
    ],
    ['an error', () => verifyShare(share, pub, throwing), lost],
  ])('verifyShare: %s', (_name, work, expected) => {
    const { came, left } = leftBy(seeds, work)
    expect(came).toMatchObject(expected as object)
    expect(left).toEqual([])
  })

  test('verifyShare: accepted and forgotten', () => {
    const { came, left } = leftBy(seeds, () => {
      const verified = verifyShare(share, pub)
      if (verified.ok) forgetShare(verified.value.share)
      return verified
    })
    expect(came).toMatchObject({ ok: true })
    expect(left).toEqual([])
  })

  const request: PartialDecryptRequest = {
    share,
    pub,
    ciphertexts: [file],
    authority: { rehearsal: true },
    answered: new Set(),
    spent: { at64: 0, at128: 0 },
  }

  test.each<[string, Partial<PartialDecryptRequest>, unknown]>([
    ['answered', {}, { ok: true }],
    ['FHE-BUDGET', { spent: { at64: 0, at128: budgetsOf({ t: 2, n: 3 }).at128 } }, { rule: 'FHE-BUDGET' }],
    ['FHE-TRUNCATED', { ciphertexts: [file.subarray(0, -9)] }, { rule: 'FHE-TRUNCATED' }],
    ['FHE-POLICY-FLOOR', { floors: { block: 60, life: 20 } }, { rule: 'FHE-POLICY-FLOOR' }],
    ['an error', { answered: new LostDisk() }, lost],
  ])('fhePartialDecrypt: %s', (_name, change, expected) => {
    const { came, left } = leftBy(seeds, () => fhePartialDecrypt({ ...request, ...change }))
    expect(came).toMatchObject(expected as object)
    expect(left).toEqual([])
  })

  test('partialDecrypt: nor of the share expanded, answered or with a block of another length', () => {
    const verified = verifyShare(share, pub)
    if (!verified.ok) throw new Error(verified.detail)
    const { header, seeds: own } = verified.value.share
    const { pub128: correction } = parsePublic(pub)
    const expanded = expandShare(own, { ...header, width: 128, correction })
      .coefficient(0)
      .slice(0, 64)
    const answer = (blocks: readonly LweBlock[]) =>
      leftBy([expanded], () => partialDecrypt(verified.value, [{ ...ciphertext, blocks }], zeros))
    expect(
      leftBy([expanded], () => expandShare(own, { ...header, width: 128, correction })).left,
    ).toHaveLength(1)
    expect(answer(ciphertext.blocks)).toMatchObject({ came: { ok: true }, left: [] })
    const [{ mask, body }] = ciphertext.blocks as [LweBlock]
    expect(answer([{ mask: mask.slice(16), body }])).toMatchObject({ came: expect.any(RangeError), left: [] })
  })

  const canary: CanaryPartialRequest = { share, pub, ciphertexts: [file], authority: { rehearsal: true } }

  test.each<[string, Partial<CanaryPartialRequest>, unknown]>([
    ['a refusal', {}, { ok: false }],
    ['FHE-TRUNCATED', { ciphertexts: [file.subarray(0, -9)] }, { rule: 'FHE-TRUNCATED' }],
    ['an error', { expected: throwing }, lost],
  ])('fheCanaryPartial: %s', (_name, change, expected) => {
    const { came, left } = leftBy(seeds, () => fheCanaryPartial({ ...canary, ...change }))
    expect(came).toMatchObject(expected as object)
    expect(left).toEqual([])
  })

  test.each<[string, Partial<Parameters<typeof proveShare>[0]>, unknown]>([
    [
      'FHE-CEREMONY-OTHER',
      { expected: { ceremonyId: '00'.repeat(16), name: 'Ada' } },
      { rule: 'FHE-CEREMONY-OTHER' },
    ],
    ['FHE-HOLDER-OTHER', { expected: { ceremonyId, name: 'Bob' } }, { rule: 'FHE-HOLDER-OTHER' }],
    ['FHE-PUBLIC-OTHER', { pub: other.pub }, { rule: 'FHE-PUBLIC-OTHER' }],
    [
      'FHE-DIGEST',
      { envelope: envelope.map((byte, at) => (at === envelope.length - 1 ? byte ^ 1 : byte)) },
      { rule: 'FHE-DIGEST' },
    ],
    [
      'FHE-POLICY-OTHER',
      { expected: { ceremonyId, name: 'Ada', policyHash: new Uint8Array(32).fill(1) } },
      { rule: 'FHE-POLICY-OTHER' },
    ],
    [
      'an error',
      {
        expected: {
          ceremonyId,
          get name(): string {
            throw lost
          },
        },
      },
      lost,
    ],
  ])('proveShare: %s', (_name, change, expected) => {
    const { came, left } = leftBy(seeds, () => proveShare({ envelope, pub, ...proof, ...change }))
    expect(came).toMatchObject(expected as object)
    expect(left).toEqual([])
  })

  test('proveShare: proven, and the envelope forgotten', () => {
    const { came, left } = leftBy(seeds, () => {
      const proven = proveShare({ envelope, pub, ...proof })
      if (proven.ok) forgetEnvelope(proven.value.envelope)
      return proven
    })
    expect(came).toMatchObject({ ok: true })
    expect(left).toEqual([])
  })

  test('an envelope holds its share alone, while it is made and when its header lies', () => {
    const made = leftBy(seeds, () =>
      encodeShareEnvelope({ ceremonyId, name: 'Ada', authorities: NO_AUTHORITIES, share, pub }),
    )
    expect(made.left).toEqual([(made.came as Uint8Array).buffer])
    const lying = Buffer.from(envelope)
    lying.write('Bob', lying.indexOf('Ada'))
    lying.write('"epoch":9', lying.indexOf('"epoch":'))
    expect(leftBy(seeds, () => parseShareEnvelope(lying))).toMatchObject({
      came: expect.any(Error),
      left: [],
    })
  })

  test('inspect', () => {
    for (const bytes of [share, envelope]) {
      expect(leftBy(seeds, () => inspect(bytes))).toMatchObject({ came: { secret: true }, left: [] })
    }
  })

  test('rotateFheKey: done, refused, or without randomness', () => {
    const to = { t: 2, n: 3 }
    const rotate = (change: object) =>
      leftBy([shares[0]!, shares[1]!].flatMap(seedsOf), () =>
        rotateFheKey({
          pub,
          shares: shares.slice(0, 2),
          to,
          roster: rosterOf(3),
          planHash,
          policyHash: zeros,
          budgets: budgetsOf(to),
          entropy: entropyOf(77),
          ...change,
        }),
      )
    expect(rotate({})).toMatchObject({ came: { ok: true }, left: [] })
    expect(rotate({ roster: rosterOf(2) })).toMatchObject({ came: { ok: false }, left: [] })
    const source = sourceOf(77, 4)
    expect(rotate({ entropy: source })).toEqual({ came: lost, left: [] })
    expect(source.gave).toHaveLength(4)
    expect(source.gave.every(allZero)).toBe(true)
  })
})
