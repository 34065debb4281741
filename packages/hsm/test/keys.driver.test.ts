import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  verify,
} from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  childKekTemplate,
  hmacTemplate,
  type KeyPairKind,
  rootTemplate,
  sealingTemplate,
  signingTemplate,
  type Token,
} from '../src/index.ts'
import { type Bench, ckr, newId, refusal, startBench, utf8 } from './soft-token-bench.ts'

describe('keys on SoftHSM', () => {
  let bench: Bench
  let token: Token
  let root: string
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('keys')
    root = newId()
    await token.generateAes({ id: root, label: 'root', bits: 256, template: rootTemplate })
  })
  afterAll(() => bench.close())

  const value = (report: readonly { attribute: string; actual: string }[], name: string) =>
    report.find(({ attribute }) => attribute === name)?.actual

  it('the root is read back attribute by attribute, as asked for', async () => {
    const [found, ...more] = await token.findById(root, rootTemplate)
    expect(more).toEqual([])
    expect(found).toMatchObject({
      local: true,
      generatedBy: 'CKM_AES_KEY_GEN',
      alwaysSensitive: true,
      neverExtractable: true,
    })
    expect(found!.attributes.length).toBeGreaterThan(14)
    expect(found!.attributes.filter(({ ok }) => !ok)).toEqual([])
    expect(value(found!.attributes, 'ALLOWED_MECHANISMS')).toBe('CKM_AES_KEY_WRAP_PAD')
    expect(value(found!.attributes, 'UNWRAP_TEMPLATE')).toContain('EXTRACTABLE=false')
  })

  it('evidence compared with another template names the attribute that differs', async () => {
    const [found] = await token.findById(root, { ...rootTemplate, decrypt: true })
    expect(found!.attributes.filter(({ ok }) => !ok)).toEqual([
      { attribute: 'DECRYPT', expected: 'true', actual: 'false', ok: false },
    ])
  })

  it('a second key of the same id is refused before it is made', async () => {
    const again = token.generateAes({ id: root, label: 'root', bits: 256, template: rootTemplate })
    expect(await refusal(again)).toBe('HSM-DUPLICATE-ID')
  })

  it('the wrap mechanism is chosen by known answer: 0x210A is KWP for whole blocks, 0x210B is refused', async () => {
    const { chosen, tried } = await token.chooseWrapMechanism()
    expect(chosen).toEqual({
      standard: 'KWP-RFC5649',
      name: 'CKM_AES_KEY_WRAP_PAD',
      number: 0x210a,
      exactLengths: false,
    })
    expect(tried.map(({ number, result }) => [number, result.slice(0, 30)])).toEqual([
      [0x210b, 'refused: CKR_MECHANISM_INVALID'],
      [0x210a, 'gives the known answers of KWP'],
      [0x2109, 'gives the known answers of KW-'],
    ])
  })

  it('a whole hierarchy is made wrapped, leaves nothing on the token, and opens with software KWP', async () => {
    const before = (await token.inventory()).objects.length
    const org = await token.generateWrapped({ parent: { id: root }, algorithm: 'aes-256' })
    const chain = [{ wrapped: org.wrapped, bits: 256 as const }]
    const project = await token.generateWrapped({ parent: { id: root, chain }, algorithm: 'aes-256' })
    const chain2 = [...chain, { wrapped: project.wrapped, bits: 256 as const }]
    const projectKey = await token.unwrapToMemory({ kek: { id: root, chain }, wrapped: project.wrapped })
    expect(projectKey.length).toBe(32)
    const kwp = (wrapped: Uint8Array) => {
      const d = createDecipheriv('id-aes256-wrap-pad', projectKey, Buffer.from('a65959a6', 'hex'))
      return Buffer.concat([d.update(wrapped), d.final()])
    }
    for (const [algorithm, bytes] of [
      ['aes-128-gcm', 16],
      ['aes-256-gcm', 32],
      ['hmac-sha256', 32],
    ] as const) {
      const made = await token.generateWrapped({ parent: { id: root, chain: chain2 }, algorithm })
      expect(kwp(made.wrapped).length).toBe(bytes)
    }
    for (const algorithm of ['p-256', 'p-384', 'rsa-2048'] as const) {
      const made = await token.generateWrapped({ parent: { id: root, chain: chain2 }, algorithm })
      const padded = kwp(made.wrapped)
      const der = padded.subarray(0, derLength(padded))
      expect([...padded.subarray(der.length)].every((b) => b === 0)).toBe(true)
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      expect(
        createPublicKey(key).export({ format: 'der', type: 'spki' }).equals(Buffer.from(made.spki!)),
      ).toBe(true)
    }
    expect((await token.inventory()).objects.length).toBe(before)
  })

  it('the root gives no child in the clear, an organisation KEK in use stays in the token and serves the server', async () => {
    const org = await token.generateWrapped({ parent: { id: root }, algorithm: 'aes-256' })
    expect(await ckr(token.unwrapToMemory({ kek: { id: root }, wrapped: org.wrapped }))).toBe(
      'CKR_TEMPLATE_INCONSISTENT',
    )
    const id = newId()
    const used = await token.unwrap({ kek: { id: root }, wrapped: org.wrapped, id, label: 'org', bits: 256 })
    expect(value(used.attributes, 'EXTRACTABLE')).toBe('false')
    expect(value(used.attributes, 'TOKEN')).toBe('false')
    const project = await token.generateWrapped({ parent: { id }, algorithm: 'aes-256' })
    const inMemory = await token.unwrapToMemory({ kek: { id }, wrapped: project.wrapped })
    expect(inMemory).toEqual(await token.unwrapToMemory({ kek: { id }, wrapped: project.wrapped }))
    await token.destroy({ id, class: 'secret' })
    expect(await refusal(token.generateWrapped({ parent: { id }, algorithm: 'aes-256' }))).toBe(
      'HSM-KEY-ABSENT',
    )
  })

  it('an organisation KEK cannot be unwrapped weaker than the root demands', async () => {
    const org = await token.generateWrapped({ parent: { id: root }, algorithm: 'aes-256' })
    for (const weak of [
      { extractable: true },
      { sensitive: false },
      { decrypt: true },
      { modifiable: true },
    ]) {
      const weaker = token.unwrap({
        kek: { id: root },
        wrapped: org.wrapped,
        id: newId(),
        label: 'weak',
        bits: 256,
        template: { ...childKekTemplate, ...weak },
      })
      expect(await ckr(weaker)).toBe('CKR_TEMPLATE_INCONSISTENT')
    }
  })

  it('a damaged, foreign or wrong-sized blob is HSM-DATA-INVALID', async () => {
    const org = await token.generateWrapped({ parent: { id: root }, algorithm: 'aes-256' })
    const flipped = Uint8Array.from(org.wrapped, (b, i) => (i === 5 ? b ^ 1 : b))
    const open = (wrapped: Uint8Array, bits: 128 | 256) =>
      token.unwrap({ kek: { id: root }, wrapped, id: newId(), label: 'x', bits })
    expect(await refusal(open(flipped, 256))).toBe('HSM-DATA-INVALID')
    expect(await refusal(open(org.wrapped, 128))).toBe('HSM-DATA-INVALID')
    expect(await refusal(open(new Uint8Array(3), 256))).toBe('HSM-DATA-INVALID')
  })

  it('equal possession digests prove the same KEK, another KEK gives another digest', async () => {
    const challenge = randomBytes(32)
    const other = newId()
    await token.generateAes({ id: other, label: 'other', bits: 256, template: rootTemplate })
    const first = await token.possessionDigest({ kek: { id: root }, challenge })
    expect(await token.possessionDigest({ kek: { id: root }, challenge })).toEqual(first)
    expect((await token.possessionDigest({ kek: { id: other }, challenge })).digest).not.toBe(first.digest)
    expect(await refusal(token.possessionDigest({ kek: { id: root }, challenge: randomBytes(31) }))).toBe(
      'HSM-CALL-INVALID',
    )
  })

  it.each<KeyPairKind>(['p-256', 'p-384'])(
    '%s signs a digest as raw r||s that other software verifies',
    async (kind) => {
      const pair = await token.generateKeyPair({ id: newId(), label: kind, kind, template: signingTemplate })
      const hash = kind === 'p-256' ? 'sha256' : 'sha384'
      const digest = createHash(hash).update('message').digest()
      const signature = await token.signEcdsa({ key: pair.privateKey, digest })
      const key = createPublicKey({ key: Buffer.from(pair.spki), format: 'der', type: 'spki' })
      expect(verify(hash, utf8('message'), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
      const check = (s: Uint8Array) =>
        token.verify({
          key: pair.publicKey,
          mechanism: { kind: 'ecdsa', hash },
          input: { digest },
          signature: s,
        })
      expect(await check(Uint8Array.from(signature))).toBe(true)
      expect(await check(Uint8Array.from(signature, (b, i) => (i === 9 ? b ^ 1 : b)))).toBe(false)
      expect(await token.destroy(pair.privateKey)).toEqual({ destroyed: 1, absent: true })
      expect(await refusal(token.signEcdsa({ key: pair.privateKey, digest }))).toBe('HSM-KEY-ABSENT')
    },
  )

  it.each<KeyPairKind>(['rsa-2048', 'rsa-3072', 'rsa-4096'])('%s signs with both paddings', async (kind) => {
    const pair = await token.generateKeyPair({ id: newId(), label: kind, kind, template: signingTemplate })
    const digest = createHash('sha256').update('message').digest()
    const key = createPublicKey({ key: Buffer.from(pair.spki), format: 'der', type: 'spki' })
    const made = (kind: 'rsa-pkcs1' | 'rsa-pss') =>
      token.sign({
        key: pair.privateKey,
        mechanism: { kind, hash: 'sha256' },
        input: { digest: Uint8Array.from(digest) },
      })
    const pkcs1 = await made('rsa-pkcs1')
    expect(verify('sha256', utf8('message'), key, pkcs1.signature)).toBe(true)
    const { signature } = await made('rsa-pss')
    expect(verify('sha256', utf8('message'), { key, padding: 6, saltLength: 32 }, signature)).toBe(true)
    const mechanism = { kind: 'rsa-pss', hash: 'sha256' } as const
    expect(await token.verify({ key: pair.publicKey, mechanism, input: { digest }, signature })).toBe(true)
    expect(await token.publicKeySpki(pair.publicKey)).toEqual(pair.spki)
  })

  it('an imported public key verifies and reads back as the same SPKI', async () => {
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'a',
      kind: 'p-256',
      template: signingTemplate,
    })
    const ref = await token.importPublicKey({ id: newId(), label: 'b', spki: pair.spki, token: false })
    const digest = randomBytes(32)
    const signature = await token.signEcdsa({ key: pair.privateKey, digest: Uint8Array.from(digest) })
    expect(
      await token.verify({
        key: ref,
        mechanism: { kind: 'ecdsa', hash: 'sha256' },
        input: { digest },
        signature,
      }),
    ).toBe(true)
    expect(await token.publicKeySpki(ref)).toEqual(pair.spki)
    expect(
      await refusal(token.importPublicKey({ id: newId(), label: 'c', spki: utf8('junk'), token: false })),
    ).toBe('HSM-DATA-INVALID')
  })

  it('AES-GCM opens only with the same nonce and associated data', async () => {
    const { ref: key } = await token.generateAes({
      id: newId(),
      label: 'seal',
      bits: 256,
      template: sealingTemplate,
    })
    const nonce = () => new Uint8Array(12).fill(7)
    const sealed = await token.encryptGcm({ key, nonce: nonce(), aad: utf8('a'), plaintext: utf8('secret') })
    const open = (aad: string) =>
      token.decryptGcm({ key, nonce: nonce(), aad: utf8(aad), ciphertext: Uint8Array.from(sealed) })
    expect(Buffer.from(await open('a')).toString()).toBe('secret')
    expect(await refusal(open('b'))).toBe('HSM-DATA-INVALID')
    expect(Buffer.from(await open('a')).toString()).toBe('secret')
  })

  it('the KEK cannot be used as a cipher', async () => {
    const misuse = token.encryptGcm({
      key: { id: root, class: 'secret' },
      nonce: new Uint8Array(12),
      aad: new Uint8Array(0),
      plaintext: utf8('x'),
    })
    expect(['HSM-KEY-FORBIDDEN', 'HSM-FUNCTION-MISSING']).toContain(await refusal(misuse))
  })

  it('HMAC is deterministic, 32 bytes, and differs by key', async () => {
    const make = async (label: string) =>
      (await token.generateHmac({ id: newId(), label, template: hmacTemplate })).ref
    const [a, b] = [await make('h'), await make('i')]
    const tag = await token.hmac({ key: a, message: utf8('m') })
    expect(tag.length).toBe(32)
    expect(await token.hmac({ key: a, message: utf8('m') })).toEqual(tag)
    expect(await token.hmac({ key: b, message: utf8('m') })).not.toEqual(tag)
    expect(createHmac('sha256', '').digest().length).toBe(tag.length)
  })

  it('random bytes have the length asked for; absurd lengths are refused', async () => {
    expect((await token.random(48)).length).toBe(48)
    expect(await refusal(token.random(0))).toBe('HSM-CALL-INVALID')
    expect(await refusal(token.random(2 ** 31))).toBe('HSM-CALL-INVALID')
  })

  it('session keys are gone after logout', async () => {
    const other = await bench.loggedIn('session keys')
    const id = newId()
    await other.generateAes({ id, label: 's', bits: 256, template: { ...rootTemplate, token: false } })
    await other.logOut()
    await other.logIn({ user: 'user', pin: utf8('12345678') })
    expect(await other.findById(id)).toEqual([])
  })
})

/** Whole length of the DER value at the start. */
function derLength(der: Uint8Array): number {
  const first = der[1]!
  if (first < 0x80) return 2 + first
  const n = first & 0x7f
  return 2 + n + der.subarray(2, 2 + n).reduce((sum, b) => sum * 256 + b, 0)
}
