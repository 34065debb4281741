import { verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signingTemplate, type Token } from '../../src/index.ts'
import { type Bench, newId, refusal, startBench, userPin, utf8 } from '../soft-token-bench.ts'
import { message, nodeKey } from './mechanism-bench.ts'

describe('a key’s life', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('lifetime')
  })
  afterAll(() => bench.close())

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
