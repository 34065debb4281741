import { describe, expect, test } from 'vitest'
import {
  assembleSignature,
  deterministicEntropy,
  exportIdentity,
  fromBase64,
  generateIdentity,
  type HybridSignature,
  identityId,
  importIdentity,
  p256DerToRaw,
  p256RawToDer,
  parseVerificationKeys,
  type Scheme,
  signatureContext,
  signedMessage,
  signWith,
  toBase64,
  toHex,
  useSecretKey,
  utf8,
  verifySignature,
} from '../../src/index.ts'

const entropy = deterministicEntropy(new Uint8Array(32).fill(3))
const context = signatureContext('plan', 'production')
const payload = utf8('{"a":1}')
const hybrid = generateIdentity(entropy, ['p256', 'mlDsa65'])
const signature = signWith(hybrid, context, payload)

function rule(given: HybridSignature, keys = hybrid.keys, what = context, bytes = payload): string {
  const verdict = verifySignature(keys, what, bytes, given)
  return verdict.ok ? 'accepted' : verdict.rule
}

describe('hybrid signatures', () => {
  test.each([[['p256']], [['ed25519']], [['mlDsa65']], [['p256', 'ed25519', 'mlDsa65']]] as [Scheme[]][])(
    'an identity of %j signs and verifies',
    (algorithms) => {
      const identity = generateIdentity(entropy, algorithms)
      expect(rule(signWith(identity, context, payload), identity.keys)).toBe('accepted')
    },
  )

  test('the message is context, zero byte, payload', () => {
    expect(toHex(signedMessage('a', Uint8Array.of(9)))).toBe('610009')
    for (const bad of ['', 'a b', 'a\0', 'é', 'x'.repeat(129)])
      expect(() => signedMessage(bad, payload)).toThrow(RangeError)
    expect(() => signatureContext('Plan', 'production')).toThrow(RangeError)
  })

  test('SIGN-01 a signature by another identity is refused', () => {
    const other = generateIdentity(entropy, ['p256', 'mlDsa65'])
    expect(rule(signWith(other, context, payload))).toBe('SIGN-01')
  })

  test.each(['p256', 'mlDsa65'] as const)('SIGN-02 without the %s part it is refused', (scheme) => {
    const { [scheme]: _, ...rest } = signature
    expect(rule(rest)).toBe('SIGN-02')
  })

  test('SIGN-03 a part that the identity has no key for is refused', () => {
    const extra = signWith(generateIdentity(entropy, ['ed25519']), context, payload).ed25519!
    expect(rule({ ...signature, ed25519: extra })).toBe('SIGN-03')
    expect(rule({ ...signature, note: 'x' } as HybridSignature)).toBe('SIGN-03')
  })

  test('SIGN-04 a malformed part is refused', () => {
    for (const p256 of [
      '',
      '!',
      'AAAA',
      signature.p256!.slice(0, -4),
      `${signature.p256}AAAA`,
      'A'.repeat(8000),
    ]) {
      expect(rule({ ...signature, p256 })).toBe('SIGN-04')
    }
    expect(rule({ ...signature, mlDsa65: toBase64(new Uint8Array(3308)) })).toBe('SIGN-04')
  })

  test('SIGN-05 the twin with a high s is refused', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const raw = p256DerToRaw(fromBase64(signature.p256!))
    const s = (order - BigInt(`0x${toHex(raw.slice(32))}`)).toString(16).padStart(64, '0')
    const r = raw.slice(0, 32)
    const integer = (hex: string) => {
      const digits = hex.replace(/^(00)+/, '')
      const signed = Number.parseInt(digits.slice(0, 2), 16) >= 0x80 ? `00${digits}` : digits
      return `02${(signed.length / 2).toString(16).padStart(2, '0')}${signed}`
    }
    const body = integer(toHex(r)) + integer(s)
    const der = Buffer.from(`30${(body.length / 2).toString(16).padStart(2, '0')}${body}`, 'hex')
    expect(rule({ ...signature, p256: der.toString('base64') })).toBe('SIGN-05')
  })

  test('SIGN-06 another payload, context or domain is refused', () => {
    expect(rule(signature, hybrid.keys, context, utf8('{"a":2}'))).toBe('SIGN-06')
    expect(rule(signature, hybrid.keys, signatureContext('plan', 'rehearsal'))).toBe('SIGN-06')
    expect(rule(signature, hybrid.keys, signatureContext('policy', 'production'))).toBe('SIGN-06')
  })

  test('SIGN-07 malformed keys are refused, whoever the signer claims to be', () => {
    for (const keys of [
      {},
      { p256: 'AAAA' },
      { ed25519: toBase64(new Uint8Array(32)) },
      { p256: toBase64(new Uint8Array(65).fill(4)) },
    ]) {
      expect(rule({ signer: identityId(keys) }, keys)).toBe('SIGN-07')
    }
    expect(() => parseVerificationKeys({ ...hybrid.keys, rsa: 'AAAA' })).toThrow('KEYS-SHAPE')
    expect(() => parseVerificationKeys([])).toThrow('KEYS-SHAPE')
  })

  test('parts made in different places are put together, and nothing less', () => {
    const raw = p256DerToRaw(fromBase64(signature.p256!))
    const parts = { p256: p256RawToDer(raw), mlDsa65: fromBase64(signature.mlDsa65!) }
    expect(assembleSignature(hybrid.keys, parts)).toEqual(signature)
    expect(() => assembleSignature(hybrid.keys, { p256: parts.p256 })).toThrow('mlDsa65')
    expect(() => assembleSignature(hybrid.keys, { ...parts, ed25519: new Uint8Array(64) })).toThrow('ed25519')
    expect(() => assembleSignature(hybrid.keys, { ...parts, p256: raw })).toThrow('malformed')
  })
})

describe('identities', () => {
  test('an exported identity is the same when it is imported', () => {
    const again = importIdentity(exportIdentity(hybrid))
    expect(again.id).toBe(hybrid.id)
    expect(signWith(again, context, payload)).toEqual(signature)
  })

  test('malformed exports are refused', () => {
    const key = toBase64(new Uint8Array(32).fill(1))
    for (const text of [
      '[]',
      '{}',
      '{"v":1}',
      `{"p256":"${key}"}`,
      `{"p256":"${key}","v":2}`,
      `{"rsa":"${key}","v":1}`,
    ]) {
      expect(() => importIdentity(utf8(text))).toThrow('IDENTITY-SHAPE')
    }
    expect(() => importIdentity(utf8(`{"p256":"${toBase64(new Uint8Array(32))}","v":1}`))).toThrow(
      'IDENTITY-SHAPE',
    )
    expect(() => importIdentity(utf8('{"p256":"AAAA","v":1}'))).toThrow('BASE64-LENGTH')
  })

  test('the secret is neither printed nor usable once wiped', () => {
    const identity = generateIdentity(entropy, ['ed25519'])
    const seed = useSecretKey(identity, 'ed25519', toBase64)
    expect(JSON.stringify(identity)).not.toContain(seed)
    identity.secret.wipe()
    expect(() => signWith(identity, context, payload)).toThrow('wiped')
    expect(() => useSecretKey(hybrid, 'ed25519', toBase64)).toThrow(RangeError)
    expect(() => generateIdentity(entropy, [])).toThrow(RangeError)
    expect(() => generateIdentity(entropy, ['p256', 'p256'])).toThrow(RangeError)
  })
})
