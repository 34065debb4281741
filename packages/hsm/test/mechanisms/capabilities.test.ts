import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Token } from '../../src/index.ts'
import { type Bench, refusal, startBench } from '../soft-token-bench.ts'

describe('capabilities', () => {
  let bench: Bench
  let token: Token
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('capabilities')
  })
  afterAll(() => bench.close())

  it('are what SoftHSM does by known answer: all but GCM as a wrap and OAEP with a hash other than SHA-1', async () => {
    const found = await token.capabilities()
    const named = (state: string) => found.filter((c) => c.state === state).map(({ name }) => name)
    expect(named('wrong')).toEqual([])
    expect(named('unsupported').sort()).toEqual(
      [
        'aes-gcm',
        ...['sha256', 'sha384', 'sha512'].flatMap((h) => [`rsa-aes-${h}`, `rsa-oaep-${h}`, `rsa-oaep-${h}`]),
      ].sort(),
    )
    expect(named('proved').length).toBe(39)
    expect(found.every(({ mechanism, detail: said }) => mechanism !== '' && said !== '')).toBe(true)
    expect((await token.inventory()).objects).toEqual([])
  }, 60_000)

  it('are tried one at a time where only one is asked for', async () => {
    const all = await token.trials()
    expect(all.length).toBe(49)
    expect(new Set(all.map(({ group, name }) => `${group} ${name}`)).size).toBe(49)
    const [one, ...more] = await token.capabilities({ only: { group: 'sign', name: 'ed25519' } })
    expect(one).toMatchObject({ group: 'sign', name: 'ed25519', mechanism: 'CKM_EDDSA', state: 'proved' })
    expect(more).toEqual([])
    expect(await refusal(token.capabilities({ only: { group: 'sign', name: 'no such' } }))).toBe(
      'HSM-CALL-INVALID',
    )
  })

  it('with session keys alone are the same where a token has session keys', async () => {
    const only = { group: 'generate', name: 'p-256' } as const
    expect((await token.capabilities({ only, sessionOnly: true }))[0]?.state).toBe('proved')
  })

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
