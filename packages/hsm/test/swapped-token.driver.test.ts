import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { explainFailure } from '../src/host/host.ts'
import { logIn } from '../src/host/log-in.ts'
import { HsmError } from '../src/index.ts'
import { Module } from '../src/pkcs11/library/module.ts'
import { inventory } from '../src/pkcs11/objects/inventory.ts'
import { LoginForUse } from '../src/pkcs11/session/pin-pad.ts'
import { Tokens } from '../src/pkcs11/session/tokens.ts'
import { type Bench, startBench, userPin } from './soft-token-bench.ts'

/** Counts PINs, and can put the token of one slot into another, as hands do at a reader. */
class ReaderModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  pinsSent = 0

  override login(...given: Parameters<Module['login']>): void {
    this.pinsSent += 1
    super.login(...given)
  }

  swap(from: Buffer, to: Buffer): void {
    const { p11 } = this
    const slotOf = (slot: Buffer) => (slot.equals(from) ? to : slot)
    const info = p11.C_GetTokenInfo.bind(p11)
    const open = p11.C_OpenSession.bind(p11)
    p11.C_GetTokenInfo = (slot) => info(slotOf(slot))
    p11.C_OpenSession = (slot, ...flags) => open(slotOf(slot), ...flags)
    p11.C_CloseAllSessions(from)
  }
}

describe('HSM-TOKEN-ABSENT a token in whose slot another one is', () => {
  let bench: Bench
  let module: ReaderModule
  let tokens: Tokens
  let a: string
  let b: string
  beforeEach(async () => {
    bench = await startBench()
    a = (await bench.newToken('a')).serial
    b = (await bench.newToken('b')).serial
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    module = new ReaderModule(bench.library)
    tokens = new Tokens(module)
  })
  afterEach(async () => {
    module.p11.C_Finalize()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  const swap = () => module.swap(tokens.get(a).slot, tokens.get(b).slot)
  const refused = (act: () => unknown): HsmError => {
    try {
      act()
    } catch (error) {
      if (error instanceof HsmError) return error
      throw error
    }
    throw new Error('it was not refused')
  }

  it('gets no PIN at a login, and is forgotten', () => {
    expect(tokens.get(a).info().serial).toBe(a)
    swap()
    const error = refused(() => logIn(tokens, a, { user: 'user', pin: userPin() }))
    expect([error.code, error.detail]).toEqual([
      'HSM-TOKEN-ABSENT',
      `token ${a} is not in its slot any more: ${b} is`,
    ])
    explainFailure(tokens, a, error)
    expect(tokens.opened(a)).toBeUndefined()
    expect(module.pinsSent).toBe(0)
  })

  it('gets no PIN on the session that the first one had, which a library may carry over', () => {
    const token = tokens.get(a)
    expect(token.session.length).toBe(8)
    swap()
    const error = refused(() => token.logIn({ user: 'user', pin: userPin(), keep: false }))
    expect([error.code, module.pinsSent, token.loggedIn]).toEqual(['HSM-TOKEN-ABSENT', 0, null])
  })

  it('gets no PIN that was kept, and the PIN is wiped', () => {
    logIn(tokens, a, { user: 'user', pin: userPin(), keepPin: true })
    const token = tokens.get(a)
    swap()
    expect(refused(() => token.renew()).code).toBe('HSM-TOKEN-ABSENT')
    expect([module.pinsSent, token.keepsPin, token.loggedIn]).toEqual([1, false, null])
  })

  it('gets no PIN for one use', () => {
    const token = tokens.get(a)
    swap()
    expect(refused(() => new LoginForUse(token, { pin: userPin() })).code).toBe('HSM-TOKEN-ABSENT')
  })

  it('is not read and carries no session, whoever asks without a login', () => {
    const token = tokens.get(a)
    swap()
    expect(refused(() => inventory(token)).code).toBe('HSM-TOKEN-ABSENT')
    expect(refused(() => token.pool.take()).code).toBe('HSM-TOKEN-ABSENT')
    expect(token.isOpen).toBe(false)
  })
})
