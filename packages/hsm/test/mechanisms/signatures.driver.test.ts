import { constants, createHash, createHmac, type KeyObject, randomBytes, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type KeyPairKind,
  type KeyRef,
  type SignMechanism,
  signingTemplate,
  type Token,
} from '../../src/index.ts'
import { type Bench, newId, startBench } from '../soft-token-bench.ts'
import { closed, detail, importKey, message, nodeKey } from './mechanism-bench.ts'

describe('signatures', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('signatures')
  })
  afterAll(() => bench.close())

  const rsa: SignMechanism[] = (['sha1', 'sha256', 'sha384', 'sha512'] as const).flatMap((hash) => [
    { kind: 'rsa-pkcs1', hash },
    { kind: 'rsa-pss', hash },
  ])
  const cases: [KeyPairKind, SignMechanism[]][] = [
    ['rsa-2048', [...rsa, { kind: 'rsa-pss', hash: 'sha256', saltLength: 20 }]],
    ['p-256', [{ kind: 'ecdsa', hash: 'sha256' }]],
    ['p-384', [{ kind: 'ecdsa', hash: 'sha384' }]],
    [
      'p-521',
      [
        { kind: 'ecdsa', hash: 'sha512' },
        { kind: 'ecdsa', hash: 'sha256' },
      ],
    ],
    ['ed25519', [{ kind: 'eddsa' }]],
  ]
  const check = (key: KeyObject, m: SignMechanism, signature: Uint8Array) => {
    const hash = 'hash' in m ? m.hash : null
    const pss =
      m.kind === 'rsa-pss'
        ? {
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: m.saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST,
          }
        : {}
    return verify(hash, message(), { key, dsaEncoding: 'ieee-p1363', ...pss }, signature)
  }
  it.each(cases)(
    '%s: digest and message, verified by other software and by the token',
    async (kind, mechanisms) => {
      const pair = await token.generateKeyPair({
        id: newId(),
        label: kind,
        kind,
        template: signingTemplate,
      })
      const key = nodeKey(pair.spki)
      for (const mechanism of mechanisms) {
        const digest = () =>
          Uint8Array.from(
            createHash('hash' in mechanism ? mechanism.hash : 'sha256')
              .update(message())
              .digest(),
          )
        const inputs = mechanism.kind === 'eddsa' ? [{ message }] : [{ message }, { digest }]
        for (const make of inputs) {
          const input = () => ('message' in make ? { message: message() } : { digest: digest() })
          const { signature } = await token.sign({ key: pair.privateKey, mechanism, input: input() })
          expect([mechanism, check(key, mechanism, signature)]).toEqual([mechanism, true])
          const verified = (s: Uint8Array) =>
            token.verify({ key: pair.publicKey, mechanism, input: input(), signature: s })
          expect(await verified(Uint8Array.from(signature))).toBe(true)
          expect(await verified(Uint8Array.from(signature, (b, i) => (i === 7 ? b ^ 1 : b)))).toBe(false)
        }
      }
    },
  )

  it('a message is hashed by the token where it can, else by the host, and the answer says which', async () => {
    const by = async (kind: KeyPairKind, mechanism: SignMechanism) => {
      const pair = await token.generateKeyPair({
        id: newId(),
        label: `${kind} that hashes`,
        kind,
        template: signingTemplate,
      })
      return (await token.sign({ key: pair.privateKey, mechanism, input: { message: message() } })).hashedBy
    }
    expect(await by('rsa-2048', { kind: 'rsa-pkcs1', hash: 'sha256' })).toBe('token')
    expect(await by('p-256', { kind: 'ecdsa', hash: 'sha256' })).toBe('host')
  })

  it('a key that allows only the bare mechanism still signs messages: the host hashes', async () => {
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'bare',
      kind: 'rsa-2048',
      template: { ...signingTemplate, allowedMechanisms: ['rsa-pkcs1'] },
    })
    const mechanism = { kind: 'rsa-pkcs1', hash: 'sha256' } as const
    const made = await token.sign({ key: pair.privateKey, mechanism, input: { message: message() } })
    expect(made.hashedBy).toBe('host')
    expect(check(nodeKey(pair.spki), mechanism, made.signature)).toBe(true)
    const pss = token.sign({
      key: pair.privateKey,
      mechanism: { kind: 'rsa-pss', hash: 'sha256' },
      input: { digest: new Uint8Array(32) },
    })
    expect(await detail(pss)).toBe('HSM-KEY-FORBIDDEN this key does not allow CKM_RSA_PKCS_PSS with sha256')
  })

  it.each(['sha256', 'sha384', 'sha512'] as const)('HMAC-%s is other software’s', async (hash) => {
    const value = randomBytes(64)
    const key = await importKey(token, 'secret', value, { ...closed, sign: true, verify: true })
    const tag = await token.hmac({ key, message: message(), hash })
    expect(Buffer.from(tag)).toEqual(createHmac(hash, value).update(message()).digest())
    const verified = (signature: Uint8Array) =>
      token.verify({ key, mechanism: { kind: 'hmac', hash }, input: { message: message() }, signature })
    expect([await verified(Uint8Array.from(tag)), await verified(new Uint8Array(tag.length))]).toEqual([
      true,
      false,
    ])
  })

  it('a digest of a wrong length, and a digest for EdDSA, are misuse', async () => {
    const key: KeyRef = { id: newId(), class: 'private' }
    const sign = (mechanism: SignMechanism, bytes: number) =>
      detail(token.sign({ key, mechanism, input: { digest: new Uint8Array(bytes) } }))
    expect(await sign({ kind: 'ecdsa', hash: 'sha256' }, 31)).toMatch(/^HSM-CALL-INVALID digest: expected 32/)
    expect(await sign({ kind: 'eddsa' }, 32)).toMatch(/^HSM-CALL-INVALID input: eddsa/)
  })
})
