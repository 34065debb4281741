import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import {
  type Authorities,
  ciphertextDigest,
  dealFheKey,
  fhePartialDecrypt,
  fheThresholdDecrypt,
  forgetShare,
  NO_AUTHORITIES,
  type PartialDecryptRequest,
  type Provenance,
  parseCiphertext,
  parseClientKey,
  parsePartial,
  parseShare,
  rotateFheKey,
  signPartial,
  signProvenance,
} from '../../src/fhe/index.ts'
import { sha256, sha256Hex } from '../../src/hash.ts'
import { toHex } from '../../src/hex.ts'
import { generateIdentity } from '../../src/sign/identity.ts'
import { dealt, entropyOf, LIMIT, realClientKey, rosterOf, squashedFile, withSquashKey } from './fixture.ts'

const entropy = entropyOf(50)
const { key, bytes: plainKey } = realClientKey()
const clientKey = withSquashKey(plainKey)
const { key128 } = parseClientKey(clientKey)
const deal = dealt(clientKey, 2, 3, 'S', true)
const file = squashedFile(key128!, 'Int', -77n, 16)
const nothing = { at64: 0, at128: 0 }

const evaluator = generateIdentity(entropy, ['ed25519', 'mlDsa65'])
const stranger = generateIdentity(entropy, ['ed25519', 'mlDsa65'])
const holders = [1, 2, 3].map(() => generateIdentity(entropy, ['ed25519', 'mlDsa65']))
const authorities: Authorities = { ...NO_AUTHORITIES, evaluators: [evaluator.keys] }
const requestDigest = sha256(Uint8Array.of(1))

function bare(holder: number, change: Partial<PartialDecryptRequest> = {}): PartialDecryptRequest {
  return {
    share: deal.shares[holder - 1]!,
    pub: deal.pub,
    ciphertexts: [file],
    authority: { rehearsal: true },
    answered: new Set(),
    spent: nothing,
    ...change,
  }
}

function opened<T>(outcome: { ok: true; value: T } | { ok: false; rule: string; detail: string }): T {
  if (!outcome.ok) throw new Error(`${outcome.rule}: ${outcome.detail}`)
  return outcome.value
}

const digest = opened(fhePartialDecrypt(bare(1))).digests[0]!
const provenance = (change: Partial<Provenance> = {}): Provenance => ({
  v: 1,
  domain: 'rehearsal',
  keyId: toHex(deal.keyId),
  mode: 'S',
  type: 'i16',
  ciphertexts: [digest],
  program: 'sum of two',
  inputs: [{ digest: 'aa'.repeat(32), admitted: 'signature', by: 'Ann' }],
  time: '2026-01-31T09:30:00.000Z',
  ...change,
})
const vouchedBy = (identity = evaluator, change: Partial<Provenance> = {}) =>
  signProvenance(identity, provenance(change))
const asked = (holder: number, documents: Uint8Array[], change: Partial<PartialDecryptRequest> = {}) =>
  fhePartialDecrypt(
    bare(holder, {
      authority: { authorities, provenance: documents, requestDigest, identity: holders[holder - 1]! },
      ...change,
    }),
  )

describe('a partial decryption', () => {
  test('says what it spends and how many bits are left, and any two give the value', () => {
    const answers = [3, 1].map((holder) => opened(fhePartialDecrypt(bare(holder))))
    expect(answers[0]).toMatchObject({
      spends: 4,
      width: 128,
      types: ['i16'],
      blockBits: 51,
      lifeBits: 51 - 3,
    })
    const partials = answers.map(({ partial }) => partial)
    expect(fheThresholdDecrypt({ pub: deal.pub, ciphertexts: [file], partials })).toEqual({
      ok: true,
      value: {
        types: ['i16'],
        values: [-77n],
        verified: 0,
        cheaters: [],
        claim: 'not verified against a malicious holder',
      },
    })
  })

  test('a batch of uint, int and bool of several widths is one answer', () => {
    const ciphertexts = [
      squashedFile(key128!, 'Uint', 2n ** 128n - 3n, 128, { seed: 21 }),
      squashedFile(key128!, 'Bool', 1n, 1, { seed: 22 }),
      squashedFile(key128!, 'Int', -1n, 2, { seed: 23 }),
      squashedFile(key128!, 'Uint', 9n, 10, { seed: 24 }),
    ]
    const partials = [1, 2, 3].map(
      (holder) => opened(fhePartialDecrypt(bare(holder, { ciphertexts }))).partial,
    )
    expect(fheThresholdDecrypt({ pub: deal.pub, ciphertexts, partials })).toMatchObject({
      ok: true,
      value: {
        types: ['u128', 'bool', 'i2', 'u10'],
        values: [2n ** 128n - 3n, true, -1n, 9n],
        verified: 1,
        claim: 'verified against any 1',
      },
    })
  })

  test('FHE-BUDGET what was spent counts, and a ciphertext already answered costs nothing', () => {
    const full = { at64: 0, at128: 2 ** 30 }
    expect(fhePartialDecrypt(bare(1, { spent: full }))).toMatchObject({ rule: 'FHE-BUDGET' })
    const again = opened(fhePartialDecrypt(bare(1, { spent: full, answered: new Set([digest]) })))
    expect(again.spends).toBe(0)
    expect(again.partial).toEqual(opened(fhePartialDecrypt(bare(1))).partial)
  })

  test('leaves the share as it was given, and refuses a changed one', () => {
    const share = deal.shares[0]!.slice()
    opened(fhePartialDecrypt(bare(1, { share })))
    expect(share).toEqual(deal.shares[0])
    const parsed = parseShare(share)
    forgetShare(parsed)
    expect(parsed.seeds.every(({ seeds }) => seeds.every((seed) => seed.every((byte) => byte === 0)))).toBe(
      true,
    )
    share[130]! ^= 1
    expect(fhePartialDecrypt(bare(1, { share }))).toMatchObject({ rule: 'FHE-DIGEST' })
  })

  test('FHE-POLICY-FLOOR a policy may want more bits than the arithmetic needs', () => {
    const asks = (block: number, life: number) => fhePartialDecrypt(bare(1, { floors: { block, life } }))
    expect(asks(51, 48).ok).toBe(true)
    expect(asks(52, 20)).toMatchObject({ rule: 'FHE-POLICY-FLOOR' })
    expect(asks(40, 49)).toMatchObject({ rule: 'FHE-POLICY-FLOOR' })
  })

  test('FHE-CIPHERTEXT-DUPLICATE and FHE-CIPHERTEXT-MISSING', () => {
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [file, file] }))).toMatchObject({
      rule: 'FHE-CIPHERTEXT-DUPLICATE',
    })
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [] }))).toMatchObject({ rule: 'FHE-CIPHERTEXT-MISSING' })
  })

  test('an evaluated 64-bit ciphertext, a 32-bit one and a list are refused by name', () => {
    const fresh = tfhe.FheUint8.encrypt_with_client_key(1, key).safe_serialize(LIMIT)
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [fresh] }))).toMatchObject({ rule: 'FHE-BUDGET' })
    const wide = dealt(clientKey, 3, 5, 'S', true)
    const change = { share: wide.shares[0]!, pub: wide.pub, ciphertexts: [fresh] }
    expect(fhePartialDecrypt(bare(1, change))).toMatchObject({ rule: 'FHE-FLOOD-FLOOR' })
    const builder = tfhe.CompactCiphertextList.builder(tfhe.TfheCompactPublicKey.new(key))
    builder.push_u8(1)
    const list = builder.build().safe_serialize(LIMIT)
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [list] }))).toMatchObject({ rule: 'FHE-BARE-LIST' })
    const boolean = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
    const narrow = tfhe.Boolean.serialize_ciphertext(tfhe.Boolean.encrypt(boolean, true))
    expect(fhePartialDecrypt(bare(1, { ciphertexts: [narrow] }))).toMatchObject({ rule: 'FHE-BOOLEAN-API' })
  })
})

describe('provenance', () => {
  test('with it, signed answers combine and are checked against their holders', () => {
    const partials = [1, 2, 3].map((holder) => opened(asked(holder, [vouchedBy()])).partial)
    const keys = holders.map((one) => one.keys)
    const input = { pub: deal.pub, ciphertexts: [file], partials, requestDigest, holders: keys }
    expect(fheThresholdDecrypt(input)).toMatchObject({ ok: true, value: { values: [-77n], verified: 1 } })
    expect(fheThresholdDecrypt({ ...input, holders: [...keys].reverse() })).toMatchObject({
      rule: 'FHE-PARTIAL-SIGNATURE',
    })
    expect(fheThresholdDecrypt({ ...input, requestDigest: new Uint8Array(32) })).toMatchObject({
      rule: 'FHE-REQUEST-OTHER',
    })
    const unsigned = [1, 2].map((holder) => opened(fhePartialDecrypt(bare(holder))).partial)
    const { requestDigest: _, ...rest } = input
    expect(fheThresholdDecrypt({ ...rest, partials: unsigned })).toMatchObject({
      rule: 'FHE-PARTIAL-SIGNATURE',
    })
  })

  test.each<[string, Uint8Array[]]>([
    ['FHE-PROVENANCE-MISSING', []],
    ['FHE-PROVENANCE-MISSING', [vouchedBy(evaluator, { ciphertexts: ['ee'.repeat(32)] })]],
    ['FHE-PROVENANCE-SIGNER', [vouchedBy(stranger)]],
    ['FHE-PROVENANCE-SIGNER', [vouchedBy(evaluator, { mode: 'F' })]],
    ['FHE-PROVENANCE-KEY', [vouchedBy(evaluator, { keyId: '00'.repeat(32) })]],
    ['FHE-PROVENANCE-DOMAIN', [vouchedBy(evaluator, { domain: 'production' })]],
    ['FHE-PROVENANCE-TYPE', [vouchedBy(evaluator, { type: 'u16' })]],
    ['FHE-PROVENANCE', [new Uint8Array(10)]],
    ['FHE-PROVENANCE', [vouchedBy().subarray(1)]],
  ])('%s refuses before any arithmetic', (rule, documents) => {
    expect(asked(1, documents)).toMatchObject({ ok: false, rule })
  })

  test('FHE-PROVENANCE-MODE a fresh statement for a squashed ciphertext', () => {
    const both = { ...authorities, encryptors: [evaluator.keys] }
    const document = vouchedBy(evaluator, { mode: 'F' })
    const authority = { authorities: both, provenance: [document], requestDigest, identity: holders[0]! }
    expect(fhePartialDecrypt(bare(1, { authority }))).toMatchObject({ rule: 'FHE-PROVENANCE-MODE' })
  })

  test('any changed byte of a signed provenance is refused', () => {
    const document = vouchedBy()
    for (let at = 0; at < document.length; at += 211) {
      const changed = document.slice()
      changed[at]! ^= 1
      expect(asked(1, [changed]).ok, `byte ${at}`).toBe(false)
    }
  })

  test.each<[string, object]>([
    ['an unknown member', { more: 1 }],
    ['no input', { inputs: [] }],
    ['a proof in mode F', { mode: 'F', inputs: [{ digest: 'aa'.repeat(32), admitted: 'proof', by: 'x' }] }],
    ['a ciphertext twice', { ciphertexts: [digest, digest] }],
    ['a hidden character', { program: 'a\u202eb' }],
    ['a time without milliseconds', { time: '2026-01-31T09:30:00Z' }],
  ])('FHE-PROVENANCE %s is not even signed', (_, change) => {
    expect(() => signProvenance(evaluator, { ...provenance(), ...change })).toThrow('FHE-PROVENANCE')
  })

  test('a holder signs with Ed25519 and ML-DSA-65, nothing else', () => {
    const { partial } = opened(asked(1, [vouchedBy()]))
    const content = parsePartial(partial)
    expect(sha256Hex(signPartial(holders[0]!, content))).toBe(sha256Hex(partial))
    expect(() => signPartial(generateIdentity(entropy, ['ed25519']), content)).toThrow(RangeError)
  })
})

describe('fresh ciphertexts of mode F', () => {
  const fresh = tfhe.FheUint8.encrypt_with_client_key(9, key).safe_serialize(LIMIT)
  const asked = (domain: 'production' | 'rehearsal', admitted: 'client-key' | 'signature') => {
    const dealtF = dealFheKey({
      clientKey: plainKey,
      publicKeys: { compactPublicKey: new Uint8Array(32), serverKey: new Uint8Array(32).fill(1) },
      t: 2,
      n: 3,
      domain,
      roster: [1, 2, 3].map((i) => ({ index: i, name: `H${i}`, card: String(i).repeat(64) })),
      policyHash: new Uint8Array(32),
      budgets: { at64: 100, at128: 0 },
      entropy: entropyOf(54),
    })
    const { pub, shares, keyId } = opened(dealtF)
    const document = signProvenance(evaluator, {
      ...provenance({ domain, keyId: toHex(keyId), mode: 'F', type: 'u8' }),
      ciphertexts: [toHex(ciphertextDigest(parseCiphertext(fresh)))],
      inputs: [{ digest: 'aa'.repeat(32), admitted, by: 'Enno' }],
    })
    const authority = {
      authorities: { ...NO_AUTHORITIES, encryptors: [evaluator.keys] },
      provenance: [document],
      requestDigest,
      identity: holders[0]!,
    }
    return fhePartialDecrypt({ ...bare(1), share: shares[0]!, pub, ciphertexts: [fresh], authority })
  }

  test('of the client key keep 40 bits a block, of the compact public key 32, and the answer says so', () => {
    expect(asked('rehearsal', 'client-key')).toMatchObject({ ok: true, value: { blockBits: 40 } })
    expect(asked('rehearsal', 'signature')).toMatchObject({ ok: true, value: { blockBits: 32 } })
    expect(asked('production', 'client-key')).toMatchObject({ ok: true, value: { blockBits: 40 } })
  })

  test('FHE-FLOOD-FLOOR production answers none of the compact public key', () => {
    expect(asked('production', 'signature')).toMatchObject({ ok: false, rule: 'FHE-FLOOD-FLOOR' })
  })
})

describe('rotating', () => {
  test('a refresh that carries the budget on does not raise the bits that are left for life', () => {
    const spent = { at64: 0, at128: 2 ** 20 }
    const before = opened(fhePartialDecrypt(bare(1, { spent }))).lifeBits
    const refreshed = opened(
      rotateFheKey({
        pub: deal.pub,
        shares: [deal.shares[0]!, deal.shares[1]!],
        to: { t: 2, n: 3 },
        roster: rosterOf(3),
        planHash: new Uint8Array(32),
        policyHash: new Uint8Array(32),
        budgets: { at64: 0, at128: 2 ** 30 - 2 ** 20 },
        entropy: entropyOf(55),
      }),
    )
    const next = bare(1, { share: refreshed.shares[0]!, pub: refreshed.pub })
    expect(opened(fhePartialDecrypt(next)).lifeBits).toBe(before)
    expect(before).toBeLessThan(30.01)
    expect(fhePartialDecrypt({ ...next, floors: { block: 40, life: 31 } })).toMatchObject({
      rule: 'FHE-POLICY-FLOOR',
    })
  })

  test('gives new people the same key, and old and new answers do not mix', () => {
    const rotated = opened(
      rotateFheKey({
        pub: deal.pub,
        shares: [deal.shares[2]!, deal.shares[0]!],
        to: { t: 3, n: 4 },
        roster: rosterOf(4),
        planHash: new Uint8Array(32),
        policyHash: new Uint8Array(32),
        budgets: { at64: 0, at128: 1000 },
        entropy: entropyOf(51),
      }),
    )
    const partials = [4, 2, 1].map(
      (h) => opened(fhePartialDecrypt(bare(1, { share: rotated.shares[h - 1]!, pub: rotated.pub }))).partial,
    )
    expect(fheThresholdDecrypt({ pub: rotated.pub, ciphertexts: [file], partials })).toMatchObject({
      ok: true,
      value: { values: [-77n] },
    })
    const old = opened(fhePartialDecrypt(bare(2))).partial
    expect(
      fheThresholdDecrypt({ pub: rotated.pub, ciphertexts: [file], partials: [...partials, old] }),
    ).toMatchObject({ ok: false, rule: 'FHE-PARTIALS-MIXED' })
  })
})
