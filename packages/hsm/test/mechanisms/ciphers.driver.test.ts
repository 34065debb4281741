import { type CipherGCM, constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HashName, Token } from '../../src/index.ts'
import { type Bench, newId, refusal, startBench, utf8 } from '../soft-token-bench.ts'
import { closed, detail, importKey, nodeKey } from './mechanism-bench.ts'

describe('ciphers', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('ciphers')
  })
  afterAll(() => bench.close())

  it('GCM, CBC and CBC with padding are other software’s, and open again', async () => {
    const value = randomBytes(32)
    const key = await importKey(token, 'aes', value, { ...closed, encrypt: true, decrypt: true })
    const iv = () => new Uint8Array(16).fill(3)
    const nonce = () => new Uint8Array(12).fill(4)
    const plain = () => new Uint8Array(48).fill(5)
    const ways = [
      {
        mechanism: () => ({ kind: 'cbc', iv: iv() }) as const,
        cipher: () => createCipheriv('aes-256-cbc', value, iv()).setAutoPadding(false),
        tag: false,
      },
      {
        mechanism: () => ({ kind: 'cbc-pad', iv: iv() }) as const,
        cipher: () => createCipheriv('aes-256-cbc', value, iv()),
        tag: false,
      },
      {
        mechanism: () => ({ kind: 'gcm', nonce: nonce() }) as const,
        cipher: () => createCipheriv('aes-256-gcm', value, nonce()),
        tag: true,
      },
    ]
    for (const { mechanism, cipher, tag } of ways) {
      const made = await token.encrypt({ key, mechanism: mechanism(), plaintext: plain() })
      const c = cipher()
      const parts = [c.update(plain()), c.final()]
      const expected = Buffer.concat(tag ? [...parts, (c as CipherGCM).getAuthTag()] : parts)
      expect(Buffer.from(made)).toEqual(expected)
      const opened = await token.decrypt({ key, mechanism: mechanism(), ciphertext: Uint8Array.from(made) })
      expect(Uint8Array.from(opened)).toEqual(plain())
    }
    const ragged = token.encrypt({
      key,
      mechanism: { kind: 'cbc', iv: iv() },
      plaintext: new Uint8Array(5),
    })
    expect(await detail(ragged)).toMatch(/^HSM-CALL-INVALID plaintext/)
    const cut = token.decrypt({
      key,
      mechanism: { kind: 'gcm', nonce: nonce() },
      ciphertext: new Uint8Array(15),
    })
    expect(await refusal(cut)).toBe('HSM-DATA-INVALID')
    const altered = token.decrypt({
      key,
      mechanism: { kind: 'cbc-pad', iv: iv() },
      ciphertext: new Uint8Array(32),
    })
    expect(await refusal(altered)).toBe('HSM-DATA-INVALID')
  })

  it('RSA-OAEP opens what other software encrypted; another hash is HSM-UNSUPPORTED and named', async () => {
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'oaep',
      kind: 'rsa-2048',
      template: { ...closed, decrypt: true },
    })
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const open = (hash: HashName, ciphertext: Uint8Array) =>
      token.decrypt({ key: pair.privateKey, mechanism: { kind: 'oaep', hash }, ciphertext })
    const to = (oaepHash: string) =>
      Uint8Array.from(publicEncrypt({ key: nodeKey(pair.spki), padding, oaepHash }, utf8('hello')))
    expect(Buffer.from(await open('sha1', to('sha1'))).toString()).toBe('hello')
    expect(await detail(open('sha256', to('sha256')))).toBe(
      `HSM-UNSUPPORTED token ${token.serial} does not do CKM_RSA_PKCS_OAEP with sha256`,
    )
    expect(await refusal(open('sha1', new Uint8Array(256).fill(1)))).toBe('HSM-DATA-INVALID')
    const own = await token.encrypt({
      key: pair.publicKey,
      mechanism: { kind: 'oaep', hash: 'sha1' },
      plaintext: utf8('back'),
    })
    expect(Buffer.from(await open('sha1', Uint8Array.from(own))).toString()).toBe('back')
  })
})
