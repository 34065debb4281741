import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import {
  combinePartials,
  type DealtKey,
  parseCiphertext,
  parseClientKey,
  partialDecrypt,
  typeName,
  verifyShare,
} from '../../src/fhe/index.ts'
import { dealt, entropyOf, LIMIT, realClientKey, squashedFile, withSquashKey } from './fixture.ts'

type Encrypting = {
  encrypt_with_client_key(
    value: number | bigint,
    key: tfhe.TfheClientKey,
  ): { safe_serialize(limit: bigint): Uint8Array }
}

const { key, bytes } = realClientKey()
const deal = dealt(bytes, 2, 3, 'F', false)
const squashKey = withSquashKey(bytes)
const { key128 } = parseClientKey(squashKey)
const squashDeal = dealt(squashKey, 2, 3, 'S', true)
const sharesOf = (made: DealtKey) =>
  [2, 3].map((holder) => {
    const share = verifyShare(made.shares[holder - 1]!, made.pub)
    if (!share.ok) throw new Error(share.detail)
    return share.value
  })
const shares = sharesOf(deal)
const squashShares = sharesOf(squashDeal)
const entropy = entropyOf(80)
const types = Object.keys(tfhe).flatMap((name) => {
  const [, kind, bits] = name.match(/^Fhe(Uint|Int)(\d+)$/) ?? []
  return kind && bits ? [{ name, signed: kind === 'Int', bits: Number(bits) }] : []
})

describe('every width that tfhe offers', () => {
  test('there are Uint and Int from 2 to 2048 bits', () => {
    const of = (signed: boolean) => types.filter((type) => type.signed === signed).map(({ bits }) => bits)
    for (const signed of [false, true]) {
      expect(of(signed).length).toBeGreaterThan(30)
      expect([Math.min(...of(signed)), Math.max(...of(signed))]).toEqual([2, 2048])
    }
  })

  test.each([
    ['up to 64 bits', 2, 64],
    ['to 256 bits', 65, 256],
    ['beyond', 257, 2048],
  ])(
    'threshold decryption gives back a random value: %s',
    (_, least, most) => {
      for (const { name, signed, bits } of types) {
        if (bits < least || bits > most) continue
        const random = entropy.bytes(256).reduce((n, byte) => (n << 8n) | BigInt(byte), 0n)
        const value = signed ? BigInt.asIntN(bits, random) : BigInt.asUintN(bits, random)
        // The cast holds: every such class of tfhe encrypts; small ones take a number, larger ones a bigint.
        const type = (tfhe as unknown as Record<string, Encrypting>)[name]!
        const made = type.encrypt_with_client_key(bits <= 32 ? Number(value) : value, key)
        const ciphertext = parseCiphertext(made.safe_serialize(LIMIT))
        expect(typeName(ciphertext)).toBe(`${signed ? 'i' : 'u'}${bits}`)
        const partials = shares.map((share) => {
          const answer = partialDecrypt(share, [ciphertext], new Uint8Array(32))
          if (!answer.ok) throw new Error(`${name}: ${answer.detail}`)
          return answer.value
        })
        const combined = combinePartials(shares[0]!.pub, [ciphertext], partials)
        expect(combined, name).toMatchObject({ ok: true, value: { values: [value] } })
      }
    },
    60_000,
  )

  test('squashed ciphertexts of every width up to 64 bits, and of 2048 bits, decrypt to their value', () => {
    for (const { name, signed, bits } of types) {
      // Each block is 4096 products of a slow reference. Wider ones differ in nothing but the count of blocks.
      if (bits > 64 && name !== 'FheUint2048') continue
      const random = entropy.bytes(256).reduce((n, byte) => (n << 8n) | BigInt(byte), 0n)
      const value = signed ? BigInt.asIntN(bits, random) : BigInt.asUintN(bits, random)
      const ciphertext = parseCiphertext(squashedFile(key128!, signed ? 'Int' : 'Uint', value, bits))
      const partials = squashShares.map((share) => {
        const answer = partialDecrypt(share, [ciphertext], new Uint8Array(32))
        if (!answer.ok) throw new Error(`${name}: ${answer.detail}`)
        return answer.value
      })
      const combined = combinePartials(squashShares[0]!.pub, [ciphertext], partials)
      expect(combined, name).toMatchObject({ ok: true, value: { values: [value] } })
    }
  }, 60_000)
})
