import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import {
  type CanaryPartialRequest,
  ciphertextDigest,
  fheCanaryPartial,
  NO_AUTHORITIES,
  parseCiphertext,
  parsePartial,
  signProvenance,
} from '../../../src/fhe/index.ts'
import { toHex } from '../../../src/hex.ts'
import { blockBitsOf, lifeBits } from '../../../src/sharing/index.ts'
import { generateIdentity } from '../../../src/sign/identity.ts'
import { clientKey, key128, planHash, real, reshared } from '../epochs.ts'
import { dealt, entropyOf, LIMIT, squashedFile } from '../fixture.ts'

const old = dealt(clientKey, 2, 3, 'S', true)
const next = reshared(old, [1, 2], { t: 2, n: 3 })
const squashed = (seed: number, bits = 256) => squashedFile(key128!, 'Uint', 5n, bits, { seed })
const bare = (ciphertexts: readonly Uint8Array[]): CanaryPartialRequest => ({
  share: next.shares[0]!,
  pub: next.pub,
  ciphertexts,
  authority: { rehearsal: true },
})

describe('one holder’s answer to a canary', () => {
  const fresh = tfhe.FheUint256.encrypt_with_client_key(5n, real.key).safe_serialize(LIMIT)

  test('an answer to a canary says by how many bits it hides the share, and how much of the key’s life is left after it', () => {
    expect(fheCanaryPartial(bare([squashed(1)]))).toMatchObject({
      ok: true,
      value: {
        width: 128,
        source: 'squashing',
        blockBits: 51,
        belowFloor: false,
        lifeBits: 51 - 7,
        spends: 0,
      },
    })
    expect(fheCanaryPartial(bare([fresh]))).toMatchObject({
      ok: true,
      value: {
        width: 64,
        source: 'public-key',
        blockBits: 32,
        floorBits: 40,
        belowFloor: true,
        lifeBits: 24,
      },
    })
  })

  test('a provenance that has it of the client key is believed, as that of a request is', () => {
    const evaluator = generateIdentity(entropyOf(91), ['ed25519'])
    const provenance = signProvenance(evaluator, {
      v: 1,
      domain: 'rehearsal',
      keyId: toHex(old.keyId),
      mode: 'F',
      type: 'u256',
      ciphertexts: [toHex(ciphertextDigest(parseCiphertext(fresh)))],
      program: 'canary',
      inputs: [{ digest: 'aa'.repeat(32), admitted: 'client-key', by: 'Ann' }],
      time: '2026-01-31T09:30:00.000Z',
    })
    const authority = {
      authorities: { ...NO_AUTHORITIES, encryptors: [evaluator.keys] },
      provenance: [provenance],
      requestDigest: planHash,
      identity: generateIdentity(entropyOf(92), ['ed25519', 'mlDsa65']),
    }
    expect(fheCanaryPartial({ ...bare([fresh]), authority })).toMatchObject({
      ok: true,
      value: { source: 'client-key', blockBits: 40, belowFloor: false, lifeBits: 40 - 8 },
    })
  })

  test('FHE-CIPHERTEXTS-MANY, FHE-CIPHERTEXT-DUPLICATE: whatever is answered can be read again', () => {
    const blocks = Array.from({ length: 64 }, (_, seed) => squashed(seed, 4))
    const answered = fheCanaryPartial(bare(blocks))
    if (!answered.ok) throw new Error(answered.detail)
    expect(parsePartial(answered.value.partial).answers.length).toBe(64)
    const many = Array.from({ length: 1100 }, (_, i) => blocks[i % 64]!)
    expect(fheCanaryPartial(bare(many))).toMatchObject({ rule: 'FHE-CIPHERTEXTS-MANY' })
    expect(fheCanaryPartial(bare([...blocks, blocks[0]!]))).toMatchObject({
      rule: 'FHE-CIPHERTEXT-DUPLICATE',
    })
    expect(fheCanaryPartial(bare([]))).toMatchObject({ rule: 'FHE-CIPHERTEXT-MISSING' })
  })

  // THRESHOLD-FHE section 7.
  test.each([
    [2, 3, 24.0, 44.0],
    [3, 5, 21.4, 41.4],
    [5, 9, 17.7, 37.7],
    [7, 13, 13.2, 33.2],
    [8, 15, 11.0, 31.0],
  ])('at (%i, %i) the least one at 64 bits leaves %d bits, at 128 %d', (t, n, at64, at128) => {
    const left = (source: 'public-key' | 'squashing', blocks: number) =>
      lifeBits(blockBitsOf({ t, n }, source), blocks * (n - t + 1))
    expect(left('public-key', 128)).toBeCloseTo(at64, 1)
    expect(left('squashing', 64)).toBeCloseTo(at128, 1)
  })
})
