import { describe, expect, test } from 'vitest'
import {
  batchDigest,
  dealFheKey,
  fhePartialDecrypt,
  fheThresholdDecrypt,
  parsePartial,
  seeCiphertext,
  signPartial,
  signProvenance,
} from '../../src/fhe/index.ts'
import { sha256Hex } from '../../src/hash.ts'
import { toHex } from '../../src/hex.ts'
import { generateIdentity } from '../../src/sign/identity.ts'
import {
  asked,
  authorities,
  bare,
  clientKey,
  deal,
  digest,
  entropy,
  evaluator,
  file,
  holders,
  key128,
  opened,
  provenance,
  requestDigest,
  stranger,
  vouchedBy,
} from './api-bench.ts'
import { entropyOf, squashedFile } from './fixture.ts'

describe('provenance', () => {
  test('FHE-PROVENANCE-MISSING of version 2 a batch is vouched for whole and in its order, one after the other', () => {
    const files = [78n, 79n, 80n].map((value) => squashedFile(key128!, 'Int', value, 16))
    const digests = files.map((one) => seeCiphertext(one).digest)
    const { ciphertexts: _, inputs, ...said } = provenance()
    const batch = (...of: number[]) =>
      signProvenance(evaluator, {
        ...said,
        v: 2,
        batch: { count: of.length, digest: toHex(batchDigest(of.map((at) => digests[at]!))) },
        inputs: inputs.map((one) => ({ ...one, count: 7 })),
      })
    const answer = (documents: Uint8Array[], ...of: number[]) =>
      asked(1, documents, { ciphertexts: of.map((at) => files[at]!) })
    expect(answer([batch(0, 1), batch(2)], 0, 1, 2)).toMatchObject({ ok: true, value: { spends: 12 } })
    const missing = { rule: 'FHE-PROVENANCE-MISSING' }
    for (const of of [
      [0, 1],
      [1, 0, 2],
      [0, 1, 2, 2],
      [2, 0, 1],
    ])
      expect(answer([batch(0, 1), batch(2)], ...of).ok).toBe(false)
    expect(answer([batch(0, 1)], 0, 1, 2)).toMatchObject(missing)
    expect(answer([batch(0, 1)], 1, 0)).toMatchObject(missing)
    expect(answer([batch(0, 1, 2)], 0, 1)).toMatchObject(missing)
  })

  test('with provenance, signed answers combine and are checked against their holders’ keys', () => {
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

  test('FHE-PROVENANCE-MISSING and FHE-PARTIAL-SIGNATURE a share of production answers nothing bare, and no answer of it is combined unchecked', () => {
    const budgets = { at64: 0, at128: 100 }
    const { pub, shares, keyId } = opened(
      dealFheKey({
        clientKey,
        publicKeys: { compactPublicKey: new Uint8Array(32), serverKey: new Uint8Array(32).fill(1) },
        t: 2,
        n: 3,
        domain: 'production',
        roster: [1, 2, 3].map((i) => ({ index: i, name: `H${i}`, card: String(i).repeat(64) })),
        policyHash: new Uint8Array(32),
        budgets,
        entropy: entropyOf(55),
      }),
    )
    const document = vouchedBy(evaluator, { domain: 'production', keyId: toHex(keyId) })
    const of = (holder: number) => ({ share: shares[holder - 1]!, pub })
    expect(fhePartialDecrypt(bare(1, of(1)))).toMatchObject({ ok: false, rule: 'FHE-PROVENANCE-MISSING' })
    const partials = [1, 2].map((holder) => opened(asked(holder, [document], of(holder))).partial)
    const input = { pub, ciphertexts: [file], partials, requestDigest }
    expect(fheThresholdDecrypt({ ...input, holders: holders.map((one) => one.keys) })).toMatchObject({
      ok: true,
      value: { values: [-77n] },
    })
    expect(fheThresholdDecrypt(input)).toMatchObject({ ok: false, rule: 'FHE-PARTIAL-SIGNATURE' })
    expect(fheThresholdDecrypt({ ...input, holders: [holders[0]!.keys] })).toMatchObject({
      ok: false,
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
