import { constants, createHmac, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KeyKind, SignMechanism, Token } from '../../src/index.ts'
import { type Bench, newId, refusal, startBench, utf8 } from '../soft-token-bench.ts'
import { closed, importKey, message } from './mechanism-bench.ts'

describe('import under wrapping', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('import')
  })
  afterAll(() => bench.close())

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
    const imported = importKey(token, kind, value, { ...closed, sign: true })
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
    expect(await refusal(importKey(token, 'rsa', utf8('not a key at all'), closed))).toBe('HSM-DATA-INVALID')
    expect((await token.inventory()).objects.length).toBe(before)
  })
})
