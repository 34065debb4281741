import { createCipheriv, createHmac, diffieHellman, generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KeyRef, sealingTemplate, type Token } from '../../src/index.ts'
import { type Bench, newId, refusal, startBench } from '../soft-token-bench.ts'
import { closed, importKey, message, nodeKey } from './mechanism-bench.ts'

describe('derivation', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('derivation')
  })
  afterAll(() => bench.close())

  it('ECDH with a peer’s key makes the secret that the peer makes', async () => {
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'dh',
      kind: 'p-256',
      template: { ...closed, derive: true },
    })
    const peer = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { ref } = await token.derive({
      id: newId(),
      label: 'shared',
      key: pair.privateKey,
      mechanism: {
        kind: 'ecdh',
        peer: Uint8Array.from(peer.publicKey.export({ format: 'der', type: 'spki' })),
      },
      kind: 'secret',
      bytes: 32,
      template: { ...closed, sign: true, verify: true },
    })
    const shared = diffieHellman({ privateKey: peer.privateKey, publicKey: nodeKey(pair.spki) })
    expect(Buffer.from(await token.hmac({ key: ref, message: message() }))).toEqual(
      createHmac('sha256', shared).update(message()).digest(),
    )
  })

  it('AES derivation encrypts the data, and a key without DERIVE refuses', async () => {
    const value = randomBytes(32)
    const key = await importKey(token, 'aes', value, { ...closed, derive: true })
    const derive = (from: KeyRef) =>
      token.derive({
        id: newId(),
        label: 'd',
        key: from,
        mechanism: { kind: 'aes-ecb-data', data: new Uint8Array(32).fill(9) },
        kind: 'aes',
        bytes: 32,
        template: { ...sealingTemplate, allowedMechanisms: null },
      })
    const { ref } = await derive(key)
    const ecb = createCipheriv('aes-256-ecb', value, null).setAutoPadding(false)
    const expected = Buffer.concat([ecb.update(Buffer.alloc(32, 9)), ecb.final()])
    const nonce = () => new Uint8Array(12)
    const made = await token.encrypt({
      key: ref,
      mechanism: { kind: 'gcm', nonce: nonce() },
      plaintext: message(),
    })
    const c = createCipheriv('aes-256-gcm', expected, nonce())
    expect(Buffer.from(made)).toEqual(Buffer.concat([c.update(message()), c.final(), c.getAuthTag()]))
    expect(await refusal(derive(await importKey(token, 'aes', value, closed)))).toBe('HSM-KEY-FORBIDDEN')
  })
})
