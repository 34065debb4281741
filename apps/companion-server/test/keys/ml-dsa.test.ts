import { createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { concatBytes, fromHex, toHex } from '@lux/crypto'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import { expect, test } from 'vitest'
import { signData, verifyData } from '../../src/keys/signing.ts'

type Case = Readonly<Record<'xi' | 'pk' | 'msg' | 'ctx' | 'sm', string>>

const here = '../vectors/nist'
/** The last byte of the algorithm's identifier (2.16.840.1.101.3.4.3.17 to 19), and where its known answers are. */
const levels = [
  ['ML-DSA-44', '11', here, ml_dsa44],
  ['ML-DSA-65', '12', '../../../../packages/crypto/vectors/nist', ml_dsa65],
  ['ML-DSA-87', '13', here, ml_dsa87],
] as const

test.each(levels)(
  'NIST %s: keys and signatures are the known ones, and two implementations take each other’s',
  (name, oid, place, other) => {
    const file = new URL(`${place}/${name.toLowerCase()}.json`, import.meta.url)
    const cases: readonly Case[] = JSON.parse(readFileSync(file, 'utf8'))
    expect(cases).toHaveLength(4)
    for (const { xi, pk, msg, ctx, sm } of cases) {
      // The seed as RFC 9881 keeps it, which is what this server imports and keeps.
      const der = fromHex(`3034020100300b06096086480165030403${oid}04228020${xi}`)
      const privateKey = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
      const publicKey = createPublicKey(privateKey)
      expect(toHex(publicKey.export({ format: 'der', type: 'spki' })).endsWith(pk)).toBe(true)

      const data = fromHex(msg)
      const known = fromHex(sm.slice(0, sm.length - msg.length))
      const input = { algorithm: 'ML_DSA_SHAKE_256', data, isDigest: false } as const
      // Node takes a context; its types do not know it yet.
      expect(verify(null, data, { key: publicKey, context: Buffer.from(fromHex(ctx)) } as never, known)).toBe(
        true,
      )
      expect(verifyData(publicKey, input, known), 'its context is not empty').toBe(false)

      const keys = other.keygen(fromHex(xi))
      expect(toHex(keys.publicKey)).toBe(pk)
      expect(verifyData(publicKey, input, other.sign(data, keys.secretKey, { extraEntropy: false }))).toBe(
        true,
      )
      const signature = signData(privateKey, input)
      expect(other.verify(signature, data, keys.publicKey)).toBe(true)
      expect(verifyData(publicKey, input, signature)).toBe(true)
      const flipped = concatBytes(signature)
      flipped[7] = (flipped[7] ?? 0) ^ 1
      expect(verifyData(publicKey, input, flipped)).toBe(false)
      expect(verifyData(publicKey, { ...input, data: concatBytes(data, Uint8Array.of(0)) }, signature)).toBe(
        false,
      )
    }
  },
)
