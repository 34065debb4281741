import { createPublicKey, verify } from 'node:crypto'
import { ed25519 as curve, ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  ed25519,
  fromHex,
  mlDsa65,
  p256,
  p256DerToRaw,
  p256RawToDer,
  toHex,
  utf8,
} from '../../src/index.ts'
import { vectorJson, type Wycheproof } from '../vectors.ts'

type SigCase = { msg: string; sig: string }
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

function lowS(raw: Uint8Array): Uint8Array {
  const s = BigInt(`0x${toHex(raw.slice(32))}`)
  const low = s > order / 2n ? order - s : s
  return concatBytes(raw.slice(0, 32), fromHex(low.toString(16).padStart(64, '0')))
}

describe('ECDSA P-256', () => {
  test('signs as RFC 6979 A.2.5, with s made low', () => {
    type Rfc = { d: string; cases: { message: string; r: string; s: string }[] }
    const { d, cases } = vectorJson<Rfc>('rfc/rfc6979-p256-sha256.json')
    for (const { message, r, s } of cases) {
      const signature = p256.sign(fromHex(d), utf8(message))
      expect(toHex(p256DerToRaw(signature))).toBe(toHex(lowS(fromHex(r + s))))
    }
  })

  test('gives the verdicts of NIST on keys and signatures', () => {
    type Case = { Msg: string; Qx: string; Qy: string; R: string; S: string; Result?: string }
    const { sigGen, sigVer, pkv } = vectorJson<{ sigGen: Case[]; sigVer: Case[]; pkv: Case[] }>(
      'nist/ecdsa-p256.json',
    )
    const hex = (text: string) => fromHex(text.toLowerCase().padStart(64, '0').slice(-64))
    for (const { Qx, Qy, Result } of pkv) {
      const inRange = Qx.length <= 64 && Qy.length <= 64
      expect(inRange && p256.isPublicKey(concatBytes(Uint8Array.of(4), hex(Qx), hex(Qy)))).toBe(
        Result!.startsWith('P'),
      )
    }
    for (const { Msg, Qx, Qy, R, S, Result } of [...sigGen, ...sigVer]) {
      const key = concatBytes(Uint8Array.of(4), hex(Qx), hex(Qy))
      const der = p256RawToDer(concatBytes(hex(R), hex(S)))
      expect(p256.verify(key, fromHex(Msg.toLowerCase()), der)).toBe(Result?.startsWith('P') ?? true)
    }
    expect([pkv.length, sigGen.length, sigVer.length]).toEqual([12, 15, 15])
  })

  test('refuses all that Wycheproof refuses, and takes the rest once s is low', () => {
    let made = 0
    let run = 0
    type Group = { publicKey: { uncompressed: string } }
    for (const { publicKey, tests } of vectorJson<Wycheproof<Group, SigCase>>(
      'wycheproof/ecdsa_secp256r1_sha256_test.json',
    ).testGroups) {
      const key = fromHex(publicKey.uncompressed)
      for (const { msg, sig, result, comment } of tests) {
        run++
        if (result !== 'valid') {
          expect(p256.verify(key, fromHex(msg), fromHex(sig)), comment).toBe(false)
          continue
        }
        const raw = p256DerToRaw(fromHex(sig))
        const isLow = toHex(lowS(raw)) === toHex(raw)
        expect(p256.verify(key, fromHex(msg), fromHex(sig)), comment).toBe(isLow)
        expect(p256.verify(key, fromHex(msg), p256RawToDer(raw)), comment).toBe(true)
        made++
      }
    }
    expect(run).toBe(471)
    expect(made).toBeGreaterThan(50)
  })

  test('takes raw signatures exactly as Wycheproof does', () => {
    let run = 0
    type Group = { publicKey: { uncompressed: string } }
    for (const { publicKey, tests } of vectorJson<Wycheproof<Group, SigCase>>(
      'wycheproof/ecdsa_secp256r1_sha256_p1363_test.json',
    ).testGroups) {
      for (const { msg, sig, result, comment } of tests) {
        run++
        let ok: boolean
        try {
          ok = p256.verify(fromHex(publicKey.uncompressed), fromHex(msg), p256RawToDer(fromHex(sig)))
        } catch (error) {
          expect(String(error)).toContain('ECDSA-RAW')
          ok = false
        }
        expect(ok, comment).toBe(result === 'valid')
      }
    }
    expect(run).toBe(252)
  })
})

describe('Ed25519', () => {
  test('gives the signatures of RFC 8032', () => {
    type Case = { seed: string; publicKey: string; message: string; signature: string }
    for (const { seed, publicKey, message, signature } of vectorJson<Case[]>('rfc/rfc8032-ed25519.json')) {
      expect(toHex(ed25519.publicKey(fromHex(seed)))).toBe(publicKey)
      expect(toHex(ed25519.sign(fromHex(seed), fromHex(message)))).toBe(signature)
      expect(ed25519.verify(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(true)
    }
  })

  test('gives the verdicts of Wycheproof', () => {
    let run = 0
    for (const { publicKey, tests } of vectorJson<Wycheproof<{ publicKey: { pk: string } }, SigCase>>(
      'wycheproof/ed25519_test.json',
    ).testGroups) {
      for (const { msg, sig, result, comment } of tests) {
        run++
        expect(ed25519.verify(fromHex(publicKey.pk), fromHex(msg), fromHex(sig)), comment).toBe(
          result === 'valid',
        )
      }
    }
    expect(run).toBe(150)
  })

  test('a public key of small order is refused', () => {
    const one = new Uint8Array(32)
    one[0] = 1
    expect(ed25519.isPublicKey(one)).toBe(false)
    expect(ed25519.isPublicKey(new Uint8Array(32))).toBe(false)
    expect(ed25519.isPublicKey(new Uint8Array(31))).toBe(false)
    expect(ed25519.isPublicKey(ed25519.publicKey(new Uint8Array(32)))).toBe(true)
    const signature = concatBytes(one, new Uint8Array(32))
    expect(ed25519.verify(one, utf8('any message'), signature)).toBe(false)
  })
})

describe('a key with a part of small order', () => {
  const { Point } = curve
  const order = Point.Fn.ORDER
  const secret = 12345678901234567890n
  const key = Point.BASE.multiply(secret).add(Point.fromHex(ED25519_TORSION_SUBGROUP[1]!))
  const publicKey = key.toBytes()

  /** As the holder of such a key may sign: right with the cofactor, and right without it for one message in eight. */
  function signed(message: Uint8Array): { signature: Uint8Array; exact: boolean } {
    const nonce = 987654321n
    const r = Point.BASE.multiply(nonce).toBytes()
    const challenge = bytesToNumberLE(sha512(concatBytes(r, publicKey, message))) % order
    const s = (nonce + challenge * secret) % order
    return { signature: concatBytes(r, numberToBytesLE(s, 32)), exact: challenge % 8n === 0n }
  }

  test('verifies only what every verifier of RFC 8032 takes', () => {
    const verdicts = Array.from({ length: 40 }, (_, index) => {
      const message = utf8(`message ${index}`)
      const { signature, exact } = signed(message)
      expect(curve.verify(signature, message, publicKey, { zip215: false })).toBe(true)
      expect(ed25519.verify(publicKey, message, signature)).toBe(exact)
      expect(verify(null, message, asNodeKey(publicKey), signature)).toBe(exact)
      return exact
    })
    expect(new Set(verdicts).size).toBe(2)
  })
})

/** The key as Node's own library takes it (RFC 8410). */
function asNodeKey(publicKey: Uint8Array) {
  const der = concatBytes(fromHex('302a300506032b6570032100'), publicKey)
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
}

describe('ML-DSA-65', () => {
  test('keys and signatures are those of NIST', () => {
    type Case = { xi: string; pk: string; msg: string; ctx: string; sm: string }
    for (const { xi, pk, msg, ctx, sm } of vectorJson<Case[]>('nist/ml-dsa-65.json')) {
      expect(toHex(mlDsa65.publicKey(fromHex(xi)))).toBe(pk)
      const { secretKey } = ml_dsa65.keygen(fromHex(xi))
      const signature = ml_dsa65.sign(fromHex(msg), secretKey, { context: fromHex(ctx), extraEntropy: false })
      expect(toHex(signature) + msg).toBe(sm)
      expect(mlDsa65.verify(fromHex(pk), fromHex(msg), signature), 'its context is empty').toBe(false)
      expect(mlDsa65.verify(fromHex(pk), fromHex(msg), mlDsa65.sign(fromHex(xi), fromHex(msg)))).toBe(true)
    }
  })
})

test('any flipped byte of any signature or message is refused', () => {
  const seed = new Uint8Array(32).fill(7)
  const message = utf8('checkpoint 12')
  const signed = [p256, ed25519, mlDsa65].map((scheme) => ({
    scheme,
    key: scheme.publicKey(seed),
    signature: scheme.sign(seed, message),
  }))
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      for (const { scheme, key, signature } of signed) {
        const changed = signature.slice()
        changed[at % changed.length]! ^= flip
        expect(scheme.verify(key, message, changed)).toBe(false)
        const other = message.slice()
        other[at % other.length]! ^= flip
        expect(scheme.verify(key, other, signature)).toBe(false)
      }
    }),
    { numRuns: 40 },
  )
})
