import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  deterministicEntropy,
  generateIdentity,
  signatureContext,
  signWith,
  utf8,
  verifySignature,
} from '../src/index.ts'
import { schemes } from '../src/sign/schemes.ts'
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

beforeEach(quickSignatures)
afterEach(ownSignatures)

test('a signature that was seen before has the verdict that it had, and what is not that signature has none', () => {
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

test('what this package says of signatures is computed each time', () => {
  const kept = schemes.ed25519.verify
  ownSignatures()
  expect(schemes.ed25519.verify).not.toBe(kept)
})
