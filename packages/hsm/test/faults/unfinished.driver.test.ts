import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HsmError, type Token, type TokenInfo } from '../../src/index.ts'
import { refusal, soPin, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('an initialisation that is interrupted before the user PIN is set', () => {
  let bench: FaultBench
  beforeEach(async () => {
    bench = await startFaultBench({ callTimeoutMs: 5_000 })
  })
  afterEach(() => bench.close())
  const initialise = (token: Token, label = 'half') =>
    token.initialise({ label, soPin: soPin(), userPin: userPin() })
  const halfMade = async (): Promise<TokenInfo> => {
    bench.next('C_InitPIN', 'segv')
    expect(await refusal(initialise(bench.hsm.token('new')))).toBe('HSM-CRASHED')
    await expect.poll(() => bench.hsm.state, { timeout: 30_000 }).toBe('ready')
    bench.plan()
    const half = (await bench.hsm.tokens()).find(({ label }) => label === 'half')
    if (half === undefined) throw new Error('no half-made token')
    expect(half).toMatchObject({ initialised: true, pin: { user: 'not-set', so: 'ok' } })
    return half
  }
  const errorOf = (made: Promise<unknown>) =>
    made.then(
      () => null,
      (error: unknown) => (error instanceof HsmError ? error : null),
    )

  it('HSM-TOKEN-UNFINISHED is what a second try under the same label says, and which token it is', async () => {
    const { serial } = await halfMade()
    const again = await errorOf(initialise(bench.hsm.token('new')))
    expect(again).toMatchObject({
      code: 'HSM-TOKEN-UNFINISHED',
    })
    expect(again?.detail).toContain(serial)
  })

  it('HSM-PIN-NOT-SET sends to the security officer, who sets it: nothing is erased for it', async () => {
    const { serial } = await halfMade()
    const token = bench.hsm.token(serial)
    const user = await errorOf(token.logIn({ user: 'user', pin: userPin() }))
    expect(user).toMatchObject({
      code: 'HSM-PIN-NOT-SET',
    })
    const before = bench.count('C_InitToken')
    await token.logIn({ user: 'so', pin: soPin() })
    await token.resetUserPin({ newPin: userPin() })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    expect(await token.pinState()).toEqual({ user: 'ok', so: 'ok' })
    expect(bench.count('C_InitToken')).toBe(before)
  })

  it('a token that is slow to set a PIN has six times the ordinary deadline for it', async () => {
    bench.next('C_InitPIN', 'slow:8000')
    expect(await initialise(bench.hsm.token('new'), 'slow')).toMatchObject({ pin: { user: 'ok' } })
    expect(bench.restarts).toEqual([])
  })

  it('HSM-READ-ONLY a write-protected token is not erased, and no try of its SO PIN is spent', async () => {
    const token = await bench.newToken('kept')
    const before = bench.count('C_InitToken')
    bench.plan('C_GetTokenInfo@*=flags:WRITE_PROTECTED')
    expect(await refusal(initialise(token, 'kept'))).toBe('HSM-READ-ONLY')
    expect(bench.count('C_InitToken')).toBe(before)
  })
})

describe('whose PIN it is', () => {
  it('is said as people say it', async () => {
    const bench = await startFaultBench()
    try {
      const token = await bench.newToken('words')
      bench.plan('C_GetTokenInfo@*=flags:SO_PIN_LOCKED')
      const error = await token.logIn({ user: 'so', pin: soPin() }).catch((thrown: unknown) => thrown)
      expect((error as HsmError).detail).toBe(`the SO PIN of token ${token.serial} is locked`)
    } finally {
      await bench.close()
    }
  })
})
