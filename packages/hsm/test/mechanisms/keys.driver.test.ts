import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KeyPairKind, signingTemplate, type Token } from '../../src/index.ts'
import { type Bench, newId, startBench } from '../soft-token-bench.ts'
import { closed, detail, nodeKey } from './mechanism-bench.ts'

describe('keys are read back attribute by attribute', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('keys')
  })
  afterAll(() => bench.close())

  it.each<KeyPairKind>(['rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'p-521', 'ed25519'])('%s', async (kind) => {
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
  })

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
