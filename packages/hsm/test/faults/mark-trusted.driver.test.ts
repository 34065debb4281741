import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { soPin, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('whether the security officer can mark a key as trusted, measured when a token is initialised', () => {
  let bench: FaultBench
  beforeEach(async () => {
    bench = await startFaultBench()
  })
  afterEach(() => bench.close())
  const initialise = () =>
    bench.hsm.token('new').initialise({ label: 'measured', soPin: soPin(), userPin: userPin() })

  it('is yes of SoftHSM, and nothing is left on the token', async () => {
    const made = await initialise()
    expect(made.marksTrusted).toBe(true)
    const token = bench.hsm.token(made.serial)
    await token.logIn({ user: 'user', pin: userPin() })
    expect((await token.inventory()).objects).toEqual([])
  })

  it('is no of a token that refuses the key, which is initialised all the same', async () => {
    bench.next('C_CreateObject', 'CKR_ATTRIBUTE_READ_ONLY')
    const made = await initialise()
    expect(made).toMatchObject({ marksTrusted: false, initialised: true, pin: { user: 'ok' } })
  })
})
