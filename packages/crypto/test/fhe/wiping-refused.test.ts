import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/bytes.ts'
import {
  checkSeedFile,
  dealFheKey,
  type FheKeyOptions,
  generateFheKeyPair,
  nextShare,
  parseBinaryKey,
  parseSeedFile,
  rotateFheKey,
} from '../../src/fhe/index.ts'
import { parseClientKey, squashKeyFromSeed } from '../../src/fhe/keys/client-key.ts'
import { hmacSha256 } from '../../src/hash.ts'
import { budgetsOf, clientKey, type Epoch, planHash, redealing, reshared, zeros } from './epochs.ts'
import { dealt, entropyOf, rosterOf } from './fixture.ts'
import { allZero, leftAfter, leftBy, lost, seedsOf, sourceOf } from './traces.ts'

const first: Epoch = dealt(clientKey, 2, 3, 'S', true)
const quorum = { t: 2, n: 3 }
const parts = redealing(first, [1, 2], quorum)
const seedFiles = parts.map((part) => part.seedFiles[0]!)
const corrections = parts.map(({ correction }) => correction)
const seedsIn = (files: readonly Uint8Array[]) =>
  files.flatMap((one) => parseSeedFile(one).seeds.flatMap(({ seeds }) => seeds))

/** A hash whose length cannot be read any more after so many times. */
function failingHash(after: number): Uint8Array {
  let reads = 0
  return Object.defineProperty(zeros.slice(), 'length', {
    get: () => {
      if (reads++ >= after) throw lost
      return 32
    },
  })
}

describe('when something beside the seeds is refused, no seed is left', () => {
  test.each([
    ['cut by one byte', corrections[0]!.subarray(0, -1), 'FHE-LENGTH'],
    ['of another dealer', corrections[1]!, 'FHE-RUN-MIXED'],
    ['that is none', zeros, 'FHE-TYPE'],
  ])('checkSeedFile: a correction %s', (_, correction, rule) => {
    const { came, left } = leftBy(seedsIn(seedFiles), () => checkSeedFile(seedFiles[0]!, correction, 1))
    expect(came).toMatchObject({ rule })
    expect(left).toEqual([])
  })

  test('checkSeedFile: for another holder, of another commitment, and accepted', () => {
    const check = (file: Uint8Array, holder: number) =>
      leftBy(seedsIn([file]), () => checkSeedFile(file, corrections[0]!, holder))
    const changed = seedFiles[0]!.slice()
    changed[changed.length - 1]! ^= 1
    expect(check(seedFiles[0]!, 2)).toMatchObject({ came: { rule: 'FHE-HOLDER-OTHER' }, left: [] })
    expect(check(changed, 1)).toMatchObject({ came: { rule: 'FHE-SEED-COMMITMENT' }, left: [] })
    expect(check(seedFiles[0]!, 1)).toMatchObject({ came: { ok: true }, left: [] })
  })

  test('nextShare: broken off while the share is written', () => {
    const { pub } = reshared(first, [1, 2], quorum)
    for (const after of [1, 2]) {
      const { came, left } = leftBy(seedsIn(seedFiles), () =>
        nextShare({
          pub,
          corrections,
          seedFiles,
          holder: 1,
          budgets: budgetsOf(quorum),
          policyHash: failingHash(after),
        }),
      )
      expect([after, came, left]).toEqual([after, lost, []])
    }
  })

  test('rotateFheKey: broken off when some of the new shares are made', () => {
    const rotate = (policyHash: Uint8Array, entropy = sourceOf(77)) =>
      rotateFheKey({
        pub: first.pub,
        shares: first.shares.slice(0, 2),
        to: quorum,
        roster: rosterOf(3),
        planHash,
        policyHash,
        budgets: budgetsOf(quorum),
        entropy,
      })
    const whole = rotate(zeros)
    if (!whole.ok) throw new Error(whole.detail)
    const fresh = whole.value.shares.flatMap(seedsOf)
    for (const after of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const source = sourceOf(77)
      const { came, left } = leftBy(fresh, () => rotate(failingHash(after), source))
      expect([after, came, left]).toEqual([after, lost, []])
    }
  })

  test('dealFheKey: a roster that has no encoding', () => {
    const deal = (name: string) => {
      const entropy = sourceOf(35)
      const request = {
        clientKey,
        publicKeys: { compactPublicKey: null, serverKey: null },
        ...quorum,
        domain: 'rehearsal' as const,
        policyHash: zeros,
        budgets: budgetsOf(quorum),
        entropy,
        roster: rosterOf(3).map((one) => ({ ...one, name: `${name}${one.index}` })),
      }
      return { source: entropy, run: () => dealFheKey(request) }
    }
    const whole = deal('Ada').run()
    if (!whole.ok) throw new Error(whole.detail)
    const { source, run } = deal('\ud800')
    const { came, left } = leftBy(whole.value.shares.flatMap(seedsOf), run)
    expect(came).toBeInstanceOf(Error)
    expect(left).toEqual([])
    expect(source.gave).toHaveLength(3)
    expect(source.gave.every(allZero)).toBe(true)
  })
})

describe('of a client key nothing is left', () => {
  test('parseBinaryKey: refused by what stands behind both keys', () => {
    const key = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
    const bytes = tfhe.Boolean.serialize_client_key(key)
    const { words } = parseBinaryKey(bytes)
    const secrets = [words.slice(0, 1024), words.slice(-1024)]
    const changed = bytes.slice()
    changed[changed.length - 1]! ^= 1
    const longer = new Uint8Array(Buffer.concat([bytes, zeros]))
    for (const [file, rule] of [
      [changed, 'FHE-PARAMETERS'],
      [longer, 'FHE-TRAILING'],
      [bytes.subarray(0, -1), 'FHE-TRUNCATED'],
    ] as const) {
      expect(leftBy(secrets, () => parseBinaryKey(file))).toMatchObject({ came: { rule }, left: [] })
    }
  })

  test('squashKeyFromSeed: the key of its stream', () => {
    const seed = entropyOf(4).bytes(16)
    const key = hmacSha256(seed, utf8('lux-fhe/v1/squash-key'))
    const { came, left } = leftBy([key], () => squashKeyFromSeed(seed))
    expect(came).toHaveLength(512)
    expect(left).toEqual([])
  })

  test.each([
    ['TFHE_INTEGER', 'squash-key'],
    ['TFHE_INTEGER', 'compact-public-key'],
    ['TFHE_BINARY', 'server-key'],
  ] as const)('generateFheKeyPair: %s, broken off before the %s', async (type, broken) => {
    const options: FheKeyOptions = {
      type,
      squash: type === 'TFHE_INTEGER',
      inputs: 'signed',
      serverKey: false,
      seed: entropyOf(4).bytes(16),
      entropy: entropyOf(5),
    }
    const { clientKey: made } = await generateFheKeyPair(tfhe, options)
    // A binary key is words of 32 bits in the file.
    const secret = type === 'TFHE_INTEGER' ? parseClientKey(made).key64.slice(0, 1024) : made.slice(100, 1124)
    const { came, left } = await leftAfter([secret], () =>
      generateFheKeyPair(tfhe, {
        ...options,
        serverKey: true,
        onPhase: (phase) => {
          if (phase === broken) throw lost
        },
      }),
    )
    expect(came).toBe(lost)
    expect(left).toEqual([])
  })
})
