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
