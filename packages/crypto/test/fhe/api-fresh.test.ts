import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import {
  ciphertextDigest,
  dealFheKey,
  fhePartialDecrypt,
  NO_AUTHORITIES,
  parseCiphertext,
  signProvenance,
} from '../../src/fhe/index.ts'
import { toHex } from '../../src/hex.ts'
import { bare, evaluator, holders, key, opened, plainKey, provenance, requestDigest } from './api-bench.ts'
import { entropyOf, LIMIT } from './fixture.ts'

describe('fresh ciphertexts of mode F', () => {
  const fresh = tfhe.FheUint8.encrypt_with_client_key(9, key).safe_serialize(LIMIT)
  const other = tfhe.FheUint8.encrypt_with_client_key(10, key).safe_serialize(LIMIT)
  const digestOf = (file: Uint8Array) => toHex(ciphertextDigest(parseCiphertext(file)))
  type Admitted = 'client-key' | 'signature'
  /** Ciphertexts, each vouched for by a document of its own, which lists how its inputs were admitted. */
  const asked = (domain: 'production' | 'rehearsal', ...admitted: (Admitted | Admitted[])[]) => {
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
    return fhePartialDecrypt({ ...bare(1), share: shares[0]!, pub, ciphertexts, authority })
  }

  test('of the client key keep 40 bits a block, of the compact public key 32, and the answer says so', () => {
    expect(asked('rehearsal', 'client-key')).toMatchObject({ ok: true, value: { blockBits: 40 } })
    expect(asked('rehearsal', 'signature')).toMatchObject({ ok: true, value: { blockBits: 32 } })
    expect(asked('production', 'client-key')).toMatchObject({ ok: true, value: { blockBits: 40 } })
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
