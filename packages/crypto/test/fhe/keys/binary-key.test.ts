import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { parseCiphertext } from '../../../src/fhe/files/ciphertext.ts'
import {
  dealFheKey,
  encodeBinaryKey,
  generateFheKeyPair,
  getFhePublicKey,
  inspect,
  parseBinaryKey,
  parsePublic,
  partialDecrypt,
  recoverFheKey,
  rotateFheKey,
  type VerifiedShare,
  verifyShare,
} from '../../../src/fhe/index.ts'
import { parseClientKey } from '../../../src/fhe/keys/client-key.ts'
import { FormatError } from '../../../src/format-error.ts'
import { entropyOf, realClientKey, rosterOf, squashedFile, withSquashKey } from '../fixture.ts'

const binary = (set: number) =>
  tfhe.Boolean.serialize_client_key(tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(set)))
const clientKey = binary(0)
const zeros = new Uint8Array(32)

function deal(t: number, n: number, key = clientKey) {
  const dealt = dealFheKey({
    clientKey: key,
    publicKeys: { compactPublicKey: null, serverKey: null },
    t,
    n,
    domain: 'rehearsal',
    roster: rosterOf(n),
    policyHash: zeros,
    budgets: { at64: 0, at128: 0 },
    entropy: entropyOf(60),
  })
  if (!dealt.ok) throw new Error(dealt.detail)
  return dealt.value
}

function verified(
  shares: readonly Uint8Array[],
  pub: Uint8Array,
  holders: readonly number[],
): VerifiedShare[] {
  return holders.map((h) => {
    const share = verifyShare(shares[h - 1]!, pub)
    if (!share.ok) throw new Error(share.detail)
    return share.value
  })
}

describe.each([
  [0, 'default', 9488, 2341],
  [1, 'tfhe-lib', 11_664, 2885],
  [2, 'default-ks-pbs', 9224, 2275],
  [3, 'tfhe-lib-ks-pbs', 11_396, 2818],
])('parameter set %i, %s', (set, name, size, words) => {
  const bytes = binary(set)

  test('parses at its size and encodes to what it was parsed from', () => {
    expect(bytes.length).toBe(size)
    const parsed = parseBinaryKey(bytes)
    expect(parsed.parameters).toBe(name)
    expect(parsed.words.length).toBe(8 * words)
    expect(encodeBinaryKey(parsed.words)).toEqual(bytes)
    expect(inspect(bytes)).toMatchObject({ type: 'binary-client-key', secret: true })
  })

  test('a binary key is refused when it is cut short, too long, or has another parameter or a word that is not 0 or 1', () => {
    for (const length of [0, 7, 8, 100, bytes.length - 1]) {
      expect(() => parseBinaryKey(bytes.subarray(0, length))).toThrow(FormatError)
    }
    for (let at = 8 * words === 0 ? 0 : bytes.length - 124; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 0x40
      expect(() => parseBinaryKey(changed), `byte ${at}`).toThrow(FormatError)
    }
    const changed = bytes.slice()
    changed[8]! |= 2
    expect(() => parseBinaryKey(changed)).toThrow('FHE-FIELD')
  })
})

describe('a TFHE_BINARY key', () => {
  const dealt = deal(2, 3)

  test('any quorum recovers the binary key byte for byte, and tfhe decrypts with it', () => {
    for (const holders of [
      [1, 2],
      [3, 2],
      [1, 2, 3],
    ]) {
      const key = recoverFheKey(verified(dealt.shares, dealt.pub, holders))
      expect(key).toEqual({ ok: true, value: clientKey })
    }
    const ciphertext = tfhe.Boolean.encrypt(tfhe.Boolean.deserialize_client_key(clientKey), true)
    const again = recoverFheKey(verified(dealt.shares, dealt.pub, [3, 1]))
    if (!again.ok) throw new Error(again.detail)
    expect(tfhe.Boolean.decrypt(tfhe.Boolean.deserialize_client_key(again.value), ciphertext)).toBe(true)
  })

  test('inspect says of its public file whose it is, and of no noise that would hide anything', () => {
    const { facts } = inspect(dealt.pub)
    expect(facts).toMatchObject({ key: 'TFHE_BINARY', squash: false, size: 83 + 32 + 8 * 2341 + 3 * 32 })
    expect(facts).not.toHaveProperty('floodingBits')
  })

  test('after a reshare the new holders recover the same binary key', () => {
    const rotated = rotateFheKey({
      pub: dealt.pub,
      shares: [dealt.shares[0]!, dealt.shares[2]!],
      to: { t: 3, n: 5 },
      roster: rosterOf(5),
      planHash: zeros,
      policyHash: zeros,
      budgets: { at64: 0, at128: 0 },
      entropy: entropyOf(61),
    })
    if (!rotated.ok) throw new Error(rotated.detail)
    const { pub, shares } = rotated.value
    expect(recoverFheKey(verified(shares, pub, [5, 2, 4]))).toEqual({ ok: true, value: clientKey })
  })

  test('FHE-NO-PARTIALS its shares answer nothing, and a budget is refused at dealing', () => {
    const { key128 } = parseClientKey(withSquashKey(realClientKey().bytes))
    const ciphertext = parseCiphertext(squashedFile(key128!, 'Bool', 1n, 1))
    const [share] = verified(dealt.shares, dealt.pub, [1])
    expect(partialDecrypt(share!, [ciphertext], zeros)).toMatchObject({ rule: 'FHE-NO-PARTIALS' })
    const request = {
      clientKey,
      publicKeys: { compactPublicKey: null, serverKey: null },
      t: 2,
      n: 3,
      domain: 'rehearsal' as const,
      roster: rosterOf(3),
      policyHash: zeros,
      entropy: entropyOf(62),
    }
    expect(dealFheKey({ ...request, budgets: { at64: 1, at128: 0 } })).toMatchObject({ rule: 'FHE-BUDGET' })
  })

  test('recovery is refused short of a quorum, with one share twice, or of two sharings', () => {
    const other = deal(2, 3, binary(0))
    const of = (holders: number[]) => verified(dealt.shares, dealt.pub, holders)
    expect(recoverFheKey(of([2]))).toMatchObject({ rule: 'FHE-PARTIALS-FEW' })
    expect(recoverFheKey([])).toMatchObject({ rule: 'FHE-PARTIALS-FEW' })
    expect(recoverFheKey(of([2, 2]))).toMatchObject({ rule: 'FHE-HOLDER-DUPLICATE' })
    expect(recoverFheKey([...of([1]), ...verified(other.shares, other.pub, [2])])).toMatchObject({
      rule: 'FHE-EPOCH-MIXED',
    })
    expect(parsePublic(dealt.pub).pub64.length).toBe(8 * 2341)
  })

  test('FHE-FIELD words of another key never become a key file', () => {
    expect(() => encodeBinaryKey(new Uint8Array(8 * 2341).fill(3))).toThrow('FHE-FIELD')
    expect(() => encodeBinaryKey(new Uint8Array(8 * 2000))).toThrow('FHE-PARAMETERS')
  })

  test('a binary key comes again from its seed, and has no compact public key', async () => {
    const options = { type: 'TFHE_BINARY', squash: false, inputs: 'signed', serverKey: false } as const
    const seed = entropyOf(63).bytes(16)
    const make = () => generateFheKeyPair(tfhe, { ...options, seed, entropy: entropyOf(1) })
    expect((await make()).clientKey).toEqual((await make()).clientKey)
    expect(() => getFhePublicKey(tfhe, clientKey)).toThrow('FHE-TYPE')
    const bad = generateFheKeyPair(tfhe, { ...options, squash: true, seed, entropy: entropyOf(1) })
    await expect(bad).rejects.toThrow(RangeError)
  })
})
