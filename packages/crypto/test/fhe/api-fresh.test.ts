import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import {
  ciphertextDigest,
  dealFheKey,
  fhePartialDecrypt,
  NO_AUTHORITIES,
  type PartialDecryptRequest,
  parseCiphertext,
  signProvenance,
} from '../../src/fhe/index.ts'
import { toHex } from '../../src/hex.ts'
import { bare, evaluator, holders, key, opened, plainKey, provenance, requestDigest } from './api-bench.ts'
import { dealt, entropyOf, LIMIT } from './fixture.ts'

describe('fresh ciphertexts of mode F', () => {
  const fresh = tfhe.FheUint8.encrypt_with_client_key(9, key).safe_serialize(LIMIT)
  const other = tfhe.FheUint8.encrypt_with_client_key(10, key).safe_serialize(LIMIT)
  const digestOf = (file: Uint8Array) => toHex(ciphertextDigest(parseCiphertext(file)))
  type Admitted = 'client-key' | 'signature'
  /** Ciphertexts, each vouched for by a document of its own, which lists how its inputs were admitted. */
  const askedWith = (
    more: Partial<PartialDecryptRequest>,
    domain: 'production' | 'rehearsal',
    ...admitted: (Admitted | Admitted[])[]
  ) => {
    const ciphertexts = [fresh, other].slice(0, admitted.length)
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
    const provenances = ciphertexts.map((file, i) =>
      signProvenance(evaluator, {
        ...provenance({ domain, keyId: toHex(keyId), mode: 'F', type: 'u8' }),
        ciphertexts: [digestOf(file)],
        inputs: [admitted[i]!].flat().map((one) => ({ digest: 'aa'.repeat(32), admitted: one, by: 'Enno' })),
      }),
    )
    const authority = {
      authorities: { ...NO_AUTHORITIES, encryptors: [evaluator.keys] },
      provenance: provenances,
      requestDigest,
      identity: holders[0]!,
    }
    return fhePartialDecrypt({ ...bare(1), share: shares[0]!, pub, ciphertexts, authority, ...more })
  }
  const asked = (domain: 'production' | 'rehearsal', ...admitted: (Admitted | Admitted[])[]) =>
    askedWith({}, domain, ...admitted)

  test('keep 40 bits a block under the client key and 32 under the compact public key, and the answer says so', () => {
    expect(asked('rehearsal', 'client-key')).toMatchObject({
      ok: true,
      value: { source: 'client-key', blockBits: 40, floorBits: 40, belowFloor: false },
    })
    expect(asked('rehearsal', 'signature')).toMatchObject({
      ok: true,
      value: { source: 'public-key', blockBits: 32, floorBits: 40, belowFloor: true },
    })
    expect(asked('production', 'client-key')).toMatchObject({ ok: true, value: { blockBits: 40 } })
  })

  test('in a bare rehearsal nobody vouches, so ciphertexts count as encrypted by the public key', () => {
    const { shares, pub } = dealt(plainKey, 2, 3, 'F', false)
    const ciphertexts = [fresh]
    expect(fhePartialDecrypt({ ...bare(1), share: shares[0]!, pub, ciphertexts })).toMatchObject({
      ok: true,
      value: { source: 'public-key', blockBits: 32, lifeBits: 29, belowFloor: true },
    })
  })

  test('FHE-POLICY-FLOOR a policy’s own floor is compared with them, and told in the answer', () => {
    const floors = (block: number) => ({ floors: { block, life: 20 } })
    expect(askedWith(floors(41), 'production', 'client-key')).toMatchObject({ rule: 'FHE-POLICY-FLOOR' })
    expect(askedWith(floors(40), 'rehearsal', 'signature')).toMatchObject({
      ok: true,
      value: { belowFloor: true },
    })
    expect(askedWith(floors(41), 'rehearsal', 'signature')).toMatchObject({ rule: 'FHE-POLICY-FLOOR' })
  })

  test('FHE-FLOOD-FLOOR production answers none of the compact public key', () => {
    expect(asked('production', 'signature')).toMatchObject({ ok: false, rule: 'FHE-FLOOD-FLOOR' })
  })

  test.each<[string, (Admitted | Admitted[])[]]>([
    ['one of two inputs', [['client-key', 'signature']]],
    ['the other of two inputs', [['signature', 'client-key']]],
    ['the first of two ciphertexts', ['signature', 'client-key']],
    ['the last of two ciphertexts', ['client-key', 'signature']],
  ])('FHE-FLOOD-FLOOR %s of the compact public key leaves 32 bits of all', (_, admitted) => {
    expect(asked('rehearsal', ...admitted)).toMatchObject({ ok: true, value: { blockBits: 32 } })
    expect(asked('production', ...admitted)).toMatchObject({ ok: false, rule: 'FHE-FLOOD-FLOOR' })
  })
})
