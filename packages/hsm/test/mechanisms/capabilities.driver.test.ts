import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Token } from '../../src/index.ts'
import { type FaultBench, startFaultBench } from '../faults/fault-bench.ts'
import { type Bench, refusal, startBench, userPin } from '../soft-token-bench.ts'

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

describe('capabilities of a token that fails while it is tried', () => {
  let bench: FaultBench
  let token: Token
  beforeEach(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('failing')
  })
  afterEach(() => bench.close())

  const only = { group: 'generate', name: 'aes-256' } as const
  const signs = { group: 'sign', name: 'ecdsa-p-256-sha256' } as const

  it.each([
    ['removed', 'HSM-TOKEN-ABSENT'],
    ['session-lost', 'HSM-SESSION-LOST'],
  ])('a token that is %s has no capabilities: it is %s', async (fault, code) => {
    for (const name of ['C_GenerateKey', 'C_GenerateKeyPair']) {
      bench.plan(`${name}@${bench.count(name) + 1}-=${fault}`)
      expect(await refusal(token.capabilities())).toBe(code)
      bench.plan()
      await token.logIn({ user: 'user', pin: userPin() })
    }
  })

  it('one whose answer is a fault of its own has decided nothing', async () => {
    bench.plan('C_GenerateKey@*=CKR_DEVICE_ERROR')
    const [made] = await token.capabilities({ only })
    expect([made?.state, made?.detail]).toEqual(['untried', expect.stringContaining('CKR_DEVICE_ERROR')])
    bench.plan('C_SignInit@*=CKR_DEVICE_MEMORY')
    const [signed] = await token.capabilities({ only: signs })
    expect([signed?.state, signed?.detail]).toEqual(['untried', expect.stringContaining('CKR_DEVICE_MEMORY')])
  })

  it('no key is put on the token because a session key met a fault', async () => {
    bench.plan('C_GenerateKeyPair@*=CKR_DEVICE_ERROR')
    const before = bench.count('C_GenerateKeyPair')
    const [made] = await token.capabilities({ only: signs })
    expect(made?.state).toBe('untried')
    expect(bench.count('C_GenerateKeyPair') - before).toBe(1)
  })
})
