import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Token } from '../../src/index.ts'
import { type Bench, startBench } from '../soft-token-bench.ts'

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
