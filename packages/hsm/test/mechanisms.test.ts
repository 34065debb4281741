import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  childKekTemplate,
  type HashName,
  HsmError,
  type KeyKind,
  type KeyPairKind,
  type KeyRef,
  type KeyTemplate,
  type KeyWrapMechanism,
  type SignMechanism,
  sealingTemplate,
  signingTemplate,
  type Token,
} from '../src/index.ts'
import { type Bench, newId, refusal, startBench, userPin, utf8 } from './soft-token-bench.ts'

const closed: KeyTemplate = { ...childKekTemplate, wrap: false, unwrap: false }
const leaving: KeyTemplate = { ...closed, extractable: true }
const message = () => utf8('what is signed')
const nodeKey = (spki: Uint8Array) => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })

describe('every mechanism on SoftHSM', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('mechanisms')
  })
  afterAll(() => bench.close())

  const detail = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'no error',
      (error: unknown) => (error instanceof HsmError ? `${error.code} ${error.detail}` : String(error)),
    )
  const secret = async (template: KeyTemplate, bytes = 32) =>
    (await token.generateSecret({ id: newId(), label: 's', bytes, template })).ref
  const importKey = async (kind: KeyKind, value: Uint8Array, template: KeyTemplate) =>
    (
      await token.importUnderWrapping({
        id: newId(),
        label: 'i',
        kind,
        value: Uint8Array.from(value),
        template,
      })
    ).ref

  describe('capabilities', () => {
    it('are what SoftHSM does by known answer: all but GCM as a wrap and OAEP with a hash other than SHA-1', async () => {
      const found = await token.capabilities()
      const named = (state: string) => found.filter((c) => c.state === state).map(({ name }) => name)
      expect(named('wrong')).toEqual([])
      expect(named('unsupported').sort()).toEqual(
        [
          'aes-gcm',
          ...['sha256', 'sha384', 'sha512'].flatMap((h) => [
            `rsa-aes-${h}`,
            `rsa-oaep-${h}`,
            `rsa-oaep-${h}`,
          ]),
        ].sort(),
      )
      expect(named('proved').length).toBe(39)
      expect(found.every(({ mechanism, detail: said }) => mechanism !== '' && said !== '')).toBe(true)
      expect((await token.inventory()).objects).toEqual([])
    }, 60_000)

    it('the mechanism list names each number, its sizes and what it does', async () => {
      const list = await token.mechanisms()
      expect(list.length).toBe(70)
      expect(list.find(({ number }) => number === 0x1087)).toEqual({
        number: 0x1087,
        name: 'CKM_AES_GCM',
        minKeySize: 16,
        maxKeySize: 32,
        does: ['encrypt', 'decrypt'],
        hardware: false,
      })
      expect(list.filter(({ name }) => name.startsWith('0x'))).toEqual([])
    })
  })

  describe('keys are read back attribute by attribute', () => {
    it.each<KeyPairKind>(['rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'p-521', 'ed25519'])(
      '%s',
      async (kind) => {
        const pair = await token.generateKeyPair({
          id: newId(),
          label: kind,
          kind,
          template: signingTemplate,
        })
        expect(pair.attributes.filter(({ expected }) => expected !== null).length).toBeGreaterThan(12)
        expect(pair.attributes.filter(({ ok }) => !ok)).toEqual([])
        expect(await token.publicKeySpki(pair.publicKey)).toEqual(pair.spki)
        const type = nodeKey(pair.spki).asymmetricKeyType
        expect(type).toBe(kind.startsWith('rsa') ? 'rsa' : kind === 'ed25519' ? 'ed25519' : 'ec')
      },
    )

    it.each([1, 20, 32, 64])('a generic secret of %i bytes', async (bytes) => {
      const { attributes } = await token.generateSecret({
        id: newId(),
        label: 's',
        bytes,
        template: { ...closed, sign: true, verify: true },
      })
      expect(attributes.filter(({ ok }) => !ok)).toEqual([])
    })

    it('a size that is none is misuse and names the argument', async () => {
      const odd = { id: newId(), label: 'x', template: closed }
      expect(await detail(token.generateSecret({ ...odd, bytes: 0 }))).toMatch(/^HSM-CALL-INVALID bytes/)
      expect(await detail(token.generateAes({ ...odd, bits: 192 as 256 }))).toMatch(/^HSM-CALL-INVALID bits/)
      expect(await detail(token.generateKeyPair({ ...odd, kind: 'rsa-1024' as 'rsa-2048' }))).toMatch(
        /^HSM-CALL-INVALID kind/,
      )
    })
  })

  describe('signatures', () => {
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
          label: kind,
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
      const key = await importKey('secret', value, { ...closed, sign: true, verify: true })
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
      expect(await sign({ kind: 'ecdsa', hash: 'sha256' }, 31)).toMatch(
        /^HSM-CALL-INVALID digest: expected 32/,
      )
      expect(await sign({ kind: 'eddsa' }, 32)).toMatch(/^HSM-CALL-INVALID input: eddsa/)
    })
  })

  describe('ciphers', () => {
    it('GCM, CBC and CBC with padding are other software’s, and open again', async () => {
      const value = randomBytes(32)
      const key = await importKey('aes', value, { ...closed, encrypt: true, decrypt: true })
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
        const expected = Buffer.concat(
          tag ? [...parts, (c as import('node:crypto').CipherGCM).getAuthTag()] : parts,
        )
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

  describe('wrapping', () => {
    let kek: KeyRef
    let rsa: { publicKey: KeyRef; privateKey: KeyRef }
    beforeAll(async () => {
      const template = { ...childKekTemplate, token: false }
      kek = (await token.generateAes({ id: newId(), label: 'kek', bits: 256, template })).ref
      rsa = await token.generateKeyPair({ id: newId(), label: 'rsa', kind: 'rsa-2048', template })
    })
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

    it.each(ways)('%s carries an AES key out and back as the same key', async (_, mechanism) => {
      const value = randomBytes(32)
      const key = await importKey('aes', value, leaving)
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
      const odd = await secret(leaving, 20)
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

  describe('import under wrapping', () => {
    it.each([16, 20, 32, 33])(
      'a secret of %i bytes is the one that was sent, and wiped here',
      async (bytes) => {
        const value = randomBytes(bytes)
        const sent = Uint8Array.from(value)
        const { ref, attributes } = await token.importUnderWrapping({
          id: newId(),
          label: 'i',
          kind: 'secret',
          value: sent,
          template: { ...closed, sign: true, verify: true },
        })
        expect([...sent].every((b) => b === 0)).toBe(true)
        expect(attributes.find(({ attribute }) => attribute === 'LOCAL')?.actual).toBe('false')
        const hash = 'sha256'
        if (bytes >= 32)
          expect(Buffer.from(await token.hmac({ key: ref, message: message(), hash }))).toEqual(
            createHmac(hash, value).update(message()).digest(),
          )
      },
    )

    it.each<[KeyKind, () => { publicKey: KeyObject; privateKey: KeyObject }, SignMechanism]>([
      ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), { kind: 'rsa-pss', hash: 'sha256' }],
      ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), { kind: 'ecdsa', hash: 'sha384' }],
      ['ed25519', () => generateKeyPairSync('ed25519'), { kind: 'eddsa' }],
    ])('a private key (%s) signs', async (kind, make, mechanism) => {
      const { publicKey, privateKey } = make()
      const value = privateKey.export({ format: 'der', type: 'pkcs8' })
      const imported = importKey(kind, value, { ...closed, sign: true })
      if (kind === 'ed25519') {
        // SoftHSM 2.6.1 wraps Ed25519 keys and unwraps none: CKR_FUNCTION_FAILED.
        expect(await refusal(imported)).toBe('HSM-DATA-INVALID')
        return
      }
      const { signature } = await token.sign({
        key: await imported,
        mechanism,
        input: { message: message() },
      })
      const pss =
        mechanism.kind === 'rsa-pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
      const hash = 'hash' in mechanism ? mechanism.hash : null
      expect(verify(hash, message(), { key: publicKey, dsaEncoding: 'ieee-p1363', ...pss }, signature)).toBe(
        true,
      )
    })

    it('junk for a private key is HSM-DATA-INVALID and leaves nothing', async () => {
      const before = (await token.inventory()).objects.length
      expect(await refusal(importKey('rsa', utf8('not a key at all'), closed))).toBe('HSM-DATA-INVALID')
      expect((await token.inventory()).objects.length).toBe(before)
    })
  })

  describe('derivation', () => {
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
      const key = await importKey('aes', value, { ...closed, derive: true })
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
      expect(await refusal(derive(await importKey('aes', value, closed)))).toBe('HSM-KEY-FORBIDDEN')
    })
  })

  it('destroying proves absence, for every class', async () => {
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'x',
      kind: 'ed25519',
      template: signingTemplate,
    })
    for (const ref of [pair.privateKey, pair.publicKey])
      expect(await token.destroy(ref)).toEqual({ destroyed: 1, absent: true })
    expect(await token.findById(pair.publicKey.id)).toEqual([])
  })

  it('a key that asks for the PIN at every use signs only with it, once per PIN', async () => {
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'ask',
      kind: 'p-256',
      template: { ...signingTemplate, alwaysAuthenticate: true },
    })
    const sign = (pin?: Uint8Array) =>
      token.sign({
        key: pair.privateKey,
        mechanism: { kind: 'ecdsa', hash: 'sha256' },
        input: { message: message() },
        ...(pin ? { pin } : {}),
      })
    expect(await refusal(sign())).toBe('HSM-NOT-LOGGED-IN')
    const { signature } = await sign(userPin())
    expect(
      verify('sha256', message(), { key: nodeKey(pair.spki), dsaEncoding: 'ieee-p1363' }, signature),
    ).toBe(true)
    expect(await refusal(sign())).toBe('HSM-NOT-LOGGED-IN')
    expect(await refusal(sign(utf8('00000000')))).toBe('HSM-PIN-WRONG')
    expect((await sign(userPin())).signature.length).toBe(64)
    expect((await token.info()).loggedIn).toBe('user')
  })
})
