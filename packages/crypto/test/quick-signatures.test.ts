import { createPrivateKey, sign } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  concatBytes,
  deterministicEntropy,
  fromHex,
  generateIdentity,
  signatureContext,
  signWith,
  toHex,
  utf8,
  verifySignature,
} from '../src/index.ts'
import { type Scheme, schemes } from '../src/sign/schemes.ts'
import { ownSignatures, quickSignatures } from './quick-signatures.ts'

const identity = generateIdentity(deterministicEntropy(new Uint8Array(32).fill(7)), [
  'p256',
  'ed25519',
  'mlDsa65',
])
const context = signatureContext('plan', 'production')
const payload = utf8('what was signed')
const signature = signWith(identity, context, payload)
const rule = (bytes: Uint8Array, keys = identity.keys, what = context, signed = signature) => {
  const verdict = verifySignature(keys, what, bytes, signed)
  return verdict.ok ? 'accepted' : verdict.rule
}
const verdicts = () => [
  rule(payload),
  rule(utf8('what was signec')),
  rule(payload, identity.keys, signatureContext('plan', 'rehearsal')),
  rule(payload, { ...identity.keys, ed25519: identity.keys.p256! }),
]

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

beforeEach(quickSignatures)
afterEach(ownSignatures)

test('a signature that was checked before keeps its verdict, and any other bytes get none from it', () => {
  ownSignatures()
  const computed = verdicts()
  expect(new Set(computed)).toEqual(new Set(['accepted', 'SIGN-06', 'SIGN-07']))
  quickSignatures()
  expect([verdicts(), verdicts()]).toEqual([computed, computed])
})

test('what OpenSSL signs is a signature for the product, and the same each time it is asked', () => {
  const quick = signWith(identity, context, payload)
  expect(signWith(identity, context, payload)).toEqual(quick)
  ownSignatures()
  expect(rule(payload, identity.keys, context, quick)).toBe('accepted')
  expect(rule(utf8('what was signec'), identity.keys, context, quick)).toBe('SIGN-06')
})

test('what OpenSSL would take and the product refuses is refused: another s of the same signature, and keys that are none', () => {
  const seed = new Uint8Array(32).fill(5)
  const little = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes.toReversed())}`)
  const [r, s] = [
    schemes.ed25519.sign(seed, payload).slice(0, 32),
    schemes.ed25519.sign(seed, payload).slice(32),
  ]
  const beyond = (little(s) + 2n ** 252n + 27742317777372353535851937790883648493n).toString(16)
  const edAgain = concatBytes(r, fromHex(beyond.padStart(64, '0')).toReversed())
  const ecKey = schemes.p256.publicKey(seed)
  const ec = createPrivateKey({
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: base64url(seed),
      x: base64url(ecKey.slice(1, 33)),
      y: base64url(ecKey.slice(33)),
    },
    format: 'jwk',
  })
  // Half of them have a high s.
  const of16 = Array.from({ length: 16 }, () => new Uint8Array(sign('sha256', payload, ec)))
  const all: [Scheme, Uint8Array, Uint8Array][] = [
    ['ed25519', schemes.ed25519.publicKey(seed), edAgain],
    ['ed25519', schemes.ed25519.publicKey(seed), concatBytes(r, s)],
    [
      'ed25519',
      new Uint8Array(32).fill(1, 0, 1),
      concatBytes(new Uint8Array(32).fill(1, 0, 1), new Uint8Array(32)),
    ],
    ['p256', new Uint8Array(65).fill(4), of16[0]!],
    ...of16.map((one): [Scheme, Uint8Array, Uint8Array] => ['p256', ecKey, one]),
  ]
  const said = () => all.map(([name, key, one]) => schemes[name].verify(key, payload, one))
  const quick = said()
  ownSignatures()
  expect(said()).toEqual(quick)
  expect(quick.slice(0, 4)).toEqual([false, true, false, false])
})

test('what this package says of signatures is computed each time', () => {
  const kept = schemes.ed25519.verify
  ownSignatures()
  expect(schemes.ed25519.verify).not.toBe(kept)
})
