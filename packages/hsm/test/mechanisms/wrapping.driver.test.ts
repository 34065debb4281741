import { createDecipheriv, randomBytes, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  childKekTemplate,
  type KeyKind,
  type KeyPairKind,
  type KeyRef,
  type KeyWrapMechanism,
  type SignMechanism,
  type Token,
} from '../../src/index.ts'
import { type Bench, newId, refusal, soPin, startBench } from '../soft-token-bench.ts'
import { closed, detail, importKey, leaving, message, nodeKey, secret } from './mechanism-bench.ts'

describe('wrapping', () => {
  let bench: Bench
  let token: Token
  let kek: KeyRef
  let rsa: { publicKey: KeyRef; privateKey: KeyRef }
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('wrapping')
    const template = { ...childKekTemplate, token: false }
    kek = (await token.generateAes({ id: newId(), label: 'kek', bits: 256, template })).ref
    rsa = await token.generateKeyPair({ id: newId(), label: 'rsa', kind: 'rsa-2048', template })
  })
  afterAll(() => bench.close())

  const ways: [string, KeyWrapMechanism][] = [
    ['KW', { kind: 'kw' }],
    ['KWP', { kind: 'kwp' }],
    ['RSA-OAEP', { kind: 'oaep', hash: 'sha1' }],
    ['RSA-AES', { kind: 'rsa-aes', hash: 'sha1', bits: 256 }],
  ]
  const pairOf = (m: KeyWrapMechanism) =>
    m.kind === 'oaep' || m.kind === 'rsa-aes'
      ? { out: rsa.publicKey, back: rsa.privateKey }
      : { out: kek, back: kek }

  it('is refused HSM-NOT-LOGGED-IN to nobody and HSM-LOGIN-OTHER to the security officer, both ways', async () => {
    const other = await bench.newToken('wrapping by nobody')
    const mechanism = { kind: 'kw' } as const
    const ask = async () => [
      await refusal(other.wrapKey({ by: kek, mechanism, key: kek })),
      await refusal(
        other.unwrapKey({
          by: kek,
          mechanism,
          wrapped: new Uint8Array(24),
          kind: 'aes',
          id: newId(),
          label: 'back',
          template: closed,
        }),
      ),
    ]
    expect(await ask()).toEqual(['HSM-NOT-LOGGED-IN', 'HSM-NOT-LOGGED-IN'])
    await other.logIn({ user: 'so', pin: soPin() })
    expect(await ask()).toEqual(['HSM-LOGIN-OTHER', 'HSM-LOGIN-OTHER'])
  })

  it.each(ways)('%s carries an AES key out and back as the same key', async (_, mechanism) => {
    const value = randomBytes(32)
    const key = await importKey(token, 'aes', value, leaving)
    const { out, back } = pairOf(mechanism)
    const wrapped = await token.wrapKey({ by: out, mechanism, key })
    const { ref, attributes } = await token.unwrapKey({
      by: back,
      mechanism,
      wrapped: Uint8Array.from(wrapped),
      kind: 'aes',
      id: newId(),
      label: 'back',
      template: { ...closed, encrypt: true },
    })
    expect(attributes.filter(({ ok }) => !ok)).toEqual([])
    const nonce = () => new Uint8Array(12)
    const made = await token.encrypt({
      key: ref,
      mechanism: { kind: 'gcm', nonce: nonce() },
      plaintext: message(),
    })
    const d = createDecipheriv('aes-256-gcm', value, nonce()).setAuthTag(Buffer.from(made.slice(-16)))
    expect(d.update(made.slice(0, -16)).toString()).toBe('what is signed')
  })

  it.each<[KeyPairKind, KeyKind, SignMechanism]>([
    ['rsa-2048', 'rsa', { kind: 'rsa-pkcs1', hash: 'sha256' }],
    ['p-256', 'ec', { kind: 'ecdsa', hash: 'sha256' }],
    ['p-521', 'ec', { kind: 'ecdsa', hash: 'sha512' }],
  ])(
    'a private key (%s) goes out and back by KWP and RSA-AES, and signs as before',
    async (kind, as, mechanism) => {
      const made = await token.generateKeyPair({
        id: newId(),
        label: kind,
        kind,
        template: { ...leaving, sign: true },
      })
      for (const way of [{ kind: 'kwp' }, { kind: 'rsa-aes', hash: 'sha1', bits: 256 }] as const) {
        const { out, back } = pairOf(way)
        const wrapped = Uint8Array.from(
          await token.wrapKey({ by: out, mechanism: way, key: made.privateKey }),
        )
        const template = { ...closed, sign: true }
        const { ref } = await token.unwrapKey({
          by: back,
          mechanism: way,
          wrapped,
          kind: as,
          id: newId(),
          label: 'b',
          template,
        })
        const { signature } = await token.sign({ key: ref, mechanism, input: { message: message() } })
        const key = nodeKey(made.spki)
        expect(
          verify(
            'hash' in mechanism ? mechanism.hash : null,
            message(),
            { key, dsaEncoding: 'ieee-p1363' },
            signature,
          ),
        ).toBe(true)
      }
    },
  )

  it('a damaged blob of every way is HSM-DATA-INVALID', async () => {
    const key = (await token.generateAes({ id: newId(), label: 'x', bits: 256, template: leaving })).ref
    for (const [, mechanism] of ways) {
      const { out, back } = pairOf(mechanism)
      const wrapped = Uint8Array.from(await token.wrapKey({ by: out, mechanism, key }))
      const damaged = wrapped.map((b, i) => (i === wrapped.length - 3 ? b ^ 1 : b))
      const opened = token.unwrapKey({
        by: back,
        mechanism,
        wrapped: damaged,
        kind: 'aes',
        id: newId(),
        label: 'x',
        template: closed,
      })
      expect([mechanism.kind, await refusal(opened)]).toEqual([mechanism.kind, 'HSM-DATA-INVALID'])
    }
  })

  it('what the token lacks is HSM-UNSUPPORTED with the mechanism’s name', async () => {
    const key = (await token.generateAes({ id: newId(), label: 'x', bits: 256, template: leaving })).ref
    const gcm = { kind: 'gcm', nonce: new Uint8Array(12) } as const
    expect(await detail(token.wrapKey({ by: kek, mechanism: gcm, key }))).toBe(
      `HSM-UNSUPPORTED token ${token.serial} lists CKM_AES_GCM, but not to wrap`,
    )
    const odd = await secret(token, leaving, 20)
    expect(await detail(token.wrapKey({ by: kek, mechanism: { kind: 'kwp' }, key: odd }))).toBe(
      `HSM-UNSUPPORTED CKM_AES_KEY_WRAP_PAD of token ${token.serial} does not do keys of 20 bytes as KWP-RFC5649 does`,
    )
  })

  it('a key that may not leave does not', async () => {
    const key = (await token.generateAes({ id: newId(), label: 'x', bits: 256, template: closed })).ref
    for (const [, mechanism] of ways)
      expect(await refusal(token.wrapKey({ by: pairOf(mechanism).out, mechanism, key }))).toBe(
        'HSM-KEY-FORBIDDEN',
      )
  })
})
