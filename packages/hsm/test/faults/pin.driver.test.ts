import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HsmError, signingTemplate, type Token } from '../../src/index.ts'
import { newId, refusal, soPin, userPin, utf8 } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

describe('the state of a PIN, as the token tells it', () => {
  let bench: FaultBench
  let token: Token
  beforeEach(async () => {
    bench = await startFaultBench()
    token = await bench.newToken('pins')
  })
  afterEach(() => bench.close())
  const flags = (names: string) => bench.plan(`C_GetTokenInfo@*=flags:${names}`)
  const logIn = (options: { acceptFinalTry?: boolean; pin?: Uint8Array } = {}) =>
    token.logIn({ user: 'user', pin: userPin(), ...options })

  it('a count that is low warns: it is told before and after the login, which is made', async () => {
    flags('USER_PIN_COUNT_LOW')
    expect(await token.pinState()).toEqual({ user: 'low', so: 'ok' })
    expect(await logIn()).toMatchObject({ before: 'low', user: 'low' })
  })

  it('the final try is refused unless the caller accepts it, and no PIN is sent', async () => {
    flags('USER_PIN_COUNT_LOW|USER_PIN_FINAL_TRY')
    const before = bench.count('C_Login')
    expect(await refusal(logIn())).toBe('HSM-PIN-FINAL-TRY')
    expect(bench.count('C_Login')).toBe(before)
    expect(await logIn({ acceptFinalTry: true })).toMatchObject({ before: 'final' })
    expect(bench.count('C_Login')).toBe(before + 1)
  })

  it('a change is no way to a last try: nothing is sent at final and at locked', async () => {
    await logIn()
    const change = () => token.changePin({ user: 'user', oldPin: userPin(), newPin: utf8('11223344') })
    const before = bench.count('C_SetPIN')
    flags('USER_PIN_FINAL_TRY')
    expect(await refusal(change())).toBe('HSM-PIN-FINAL-TRY')
    flags('USER_PIN_LOCKED')
    expect(await refusal(change())).toBe('HSM-PIN-LOCKED')
    expect(bench.count('C_SetPIN')).toBe(before)
  })

  describe('a PIN that has expired lets nobody log in', () => {
    const change = (oldPin = userPin()) => token.changePin({ user: 'user', oldPin, newPin: utf8('11223344') })

    it('and is changed without a login, by one call that sends it once', async () => {
      bench.plan('C_Login@*=CKR_PIN_EXPIRED')
      expect(await refusal(logIn())).toBe('HSM-PIN-EXPIRED')
      const before = ['C_Login', 'C_SetPIN'].map(bench.count)
      await change()
      expect(['C_Login', 'C_SetPIN'].map(bench.count)).toEqual([before[0], (before[1] ?? 0) + 1])
      bench.plan()
      await logIn({ pin: utf8('11223344') })
    })

    it('with the same guards: a wrong one counts as a try, and none is sent at final, at locked or at a length it cannot have', async () => {
      expect(await refusal(change(utf8('00000000')))).toBe('HSM-PIN-WRONG')
      const before = bench.count('C_SetPIN')
      expect(await refusal(change(utf8('123')))).toBe('HSM-PIN-INVALID')
      flags('USER_PIN_FINAL_TRY')
      expect(await refusal(change())).toBe('HSM-PIN-FINAL-TRY')
      flags('USER_PIN_LOCKED')
      expect(await refusal(change())).toBe('HSM-PIN-LOCKED')
      expect(bench.count('C_SetPIN')).toBe(before)
    })

    it('which is the user’s alone: the SO PIN takes its own login, and nobody changes the user’s while the SO is logged in', async () => {
      const ofSo = token.changePin({ user: 'so', oldPin: soPin(), newPin: utf8('11223344') })
      expect(await refusal(ofSo)).toBe('HSM-NOT-LOGGED-IN')
      await token.logIn({ user: 'so', pin: soPin() })
      expect(await refusal(change())).toBe('HSM-LOGIN-OTHER')
    })

    it('HSM-PIN-NOT-SET one that was never set is not changed', async () => {
      bench.next('C_InitPIN', 'CKR_FUNCTION_FAILED')
      const half = bench.hsm.token('new').initialise({ label: 'half', soPin: soPin(), userPin: userPin() })
      expect(await refusal(half)).toBe('HSM-DEVICE-ERROR')
      const { serial = '' } = (await bench.hsm.tokens()).find(({ label }) => label === 'half') ?? {}
      const before = bench.count('C_SetPIN')
      const never = bench.hsm.token(serial).changePin({ user: 'user', oldPin: userPin(), newPin: userPin() })
      expect(await refusal(never)).toBe('HSM-PIN-NOT-SET')
      expect(bench.count('C_SetPIN')).toBe(before)
    })
  })

  it('a locked PIN is named without a try; one that this try locks is named after it', async () => {
    flags('USER_PIN_LOCKED')
    const before = bench.count('C_Login')
    expect(await refusal(logIn())).toBe('HSM-PIN-LOCKED')
    expect(await refusal(logIn({ acceptFinalTry: true }))).toBe('HSM-PIN-LOCKED')
    expect(bench.count('C_Login')).toBe(before)
    bench.next('C_Login', 'flags:USER_PIN_LOCKED')
    expect(await refusal(logIn({ pin: utf8('00000000') }))).toBe('HSM-PIN-LOCKED')
    expect((await token.pinState()).user).toBe('locked')
  })

  it('the security officer’s PIN has a state of its own', async () => {
    flags('SO_PIN_FINAL_TRY')
    expect(await token.pinState()).toEqual({ user: 'ok', so: 'final' })
    expect(await refusal(token.logIn({ user: 'so', pin: soPin() }))).toBe('HSM-PIN-FINAL-TRY')
    flags('SO_PIN_LOCKED')
    expect(await refusal(token.logIn({ user: 'so', pin: soPin() }))).toBe('HSM-PIN-LOCKED')
    await logIn()
  })

  it('HSM-PIN-INVALID a PIN that the token says it cannot have is not sent: no try is spent', async () => {
    const sent = () => ['C_Login', 'C_SetPIN', 'C_InitPIN', 'C_InitToken'].map(bench.count)
    const [short, long] = ['123', '1'.repeat(256)]
    const before = sent()
    for (const pin of [short, long].map(utf8)) {
      expect(await refusal(logIn({ pin }))).toBe('HSM-PIN-INVALID')
      expect(await refusal(token.logIn({ user: 'so', pin }))).toBe('HSM-PIN-INVALID')
      expect(await refusal(token.initialise({ label: 'pins', soPin: pin, userPin: userPin() }))).toBe(
        'HSM-PIN-INVALID',
      )
    }
    expect(sent()).toEqual(before)
    expect(await token.pinState()).toEqual({ user: 'ok', so: 'ok' })
    await logIn()
    for (const [oldPin, newPin] of [
      [short, '11223344'],
      ['12345678', short],
    ] as const) {
      const at = sent()
      const change = token.changePin({ user: 'user', oldPin: utf8(oldPin), newPin: utf8(newPin) })
      expect(await refusal(change)).toBe('HSM-PIN-INVALID')
      expect(sent()).toEqual(at)
    }
    expect((await token.pinState()).user).toBe('ok')
  })

  it('a wrong PIN is sent once, whatever the token answers', async () => {
    const answers = [
      'CKR_PIN_INCORRECT',
      'CKR_PIN_INVALID',
      'CKR_PIN_EXPIRED',
      'CKR_PIN_LOCKED',
      'CKR_DEVICE_ERROR',
    ]
    const codes: string[] = []
    for (const answer of answers) {
      bench.next('C_Login', answer)
      const before = bench.count('C_Login')
      codes.push(await refusal(logIn()))
      expect(bench.count('C_Login')).toBe(before + 1)
    }
    expect(codes).toEqual([
      'HSM-PIN-WRONG',
      'HSM-PIN-INVALID',
      'HSM-PIN-EXPIRED',
      'HSM-PIN-LOCKED',
      'HSM-DEVICE-ERROR',
    ])
  })

  it('a library that dies of a PIN is not given it again', async () => {
    bench.next('C_Login', 'after:segv')
    const before = bench.count('C_Login')
    expect(await refusal(logIn())).toBe('HSM-CRASHED')
    await expect.poll(() => bench.hsm.state, { timeout: 30_000 }).toBe('ready')
    expect((await token.info()).loggedIn).toBe(null)
    expect(bench.count('C_Login')).toBe(before + 1)
  })

  it('erasing is no way to a last try: nothing is sent at locked, and at final only when it is wanted', async () => {
    const erase = (options: { acceptFinalTry?: boolean } = {}) =>
      token.initialise({ label: 'pins', soPin: soPin(), userPin: userPin(), ...options })
    const before = bench.count('C_InitToken')
    flags('SO_PIN_LOCKED')
    expect(await refusal(erase({ acceptFinalTry: true }))).toBe('HSM-PIN-LOCKED')
    flags('SO_PIN_FINAL_TRY')
    expect(await refusal(erase())).toBe('HSM-PIN-FINAL-TRY')
    expect(bench.count('C_InitToken')).toBe(before)
    await erase({ acceptFinalTry: true })
    expect(bench.count('C_InitToken')).toBe(before + 1)
  })

  describe('a PIN for one use of a key', () => {
    const template = { ...signingTemplate, decrypt: true, alwaysAuthenticate: true }
    let id: string
    beforeEach(async () => {
      id = newId()
      await logIn()
      await token.generateKeyPair({ id, label: 'guarded', kind: 'rsa-2048', template })
    })
    const sign = (options: { acceptFinalTry?: boolean; pin?: Uint8Array } = {}) =>
      token.sign({
        key: { id, class: 'private' },
        mechanism: { kind: 'rsa-pkcs1', hash: 'sha256' },
        input: { digest: new Uint8Array(32) },
        pin: userPin(),
        ...options,
      })
    const decrypt = (options: { pin?: Uint8Array } = {}) =>
      token.decrypt({
        key: { id, class: 'private' },
        mechanism: { kind: 'oaep', hash: 'sha1' },
        ciphertext: new Uint8Array(256),
        pin: userPin(),
        ...options,
      })

    it('HSM-PIN-INVALID is not sent where the token cannot have it', async () => {
      const before = bench.count('C_Login')
      expect(await refusal(sign({ pin: utf8('123') }))).toBe('HSM-PIN-INVALID')
      expect(await refusal(decrypt({ pin: utf8('123') }))).toBe('HSM-PIN-INVALID')
      expect(bench.count('C_Login')).toBe(before)
      expect((await sign()).signature.length).toBe(256)
    })

    it('is not sent at locked, and at final only when it is wanted', async () => {
      expect((await sign()).signature.length).toBe(256)
      const before = bench.count('C_Login')
      flags('USER_PIN_LOCKED')
      expect(await refusal(sign({ acceptFinalTry: true }))).toBe('HSM-PIN-LOCKED')
      expect(await refusal(decrypt())).toBe('HSM-PIN-LOCKED')
      flags('USER_PIN_FINAL_TRY')
      expect(await refusal(sign())).toBe('HSM-PIN-FINAL-TRY')
      expect(await refusal(decrypt())).toBe('HSM-PIN-FINAL-TRY')
      expect(bench.count('C_Login')).toBe(before)
      expect((await sign({ acceptFinalTry: true })).signature.length).toBe(256)
      expect(bench.count('C_Login')).toBe(before + 1)
    })

    it.each(['C_Login', 'C_Sign'])(
      'is sent once when %s answers that an operation is active',
      async (name) => {
        const before = bench.count('C_Login')
        bench.next(name, 'CKR_OPERATION_ACTIVE')
        expect(await refusal(sign())).not.toBe('no error')
        expect(bench.count('C_Login')).toBe(before + 1)
        bench.plan()
        expect((await sign()).signature.length).toBe(256)
      },
    )

    it('may begin again while it has not been sent', async () => {
      const before = bench.count('C_Login')
      bench.next('C_SignInit', 'CKR_OPERATION_ACTIVE')
      expect((await sign()).signature.length).toBe(256)
      expect(bench.count('C_Login')).toBe(before + 1)
    })
  })

  it.each(['USER_PIN_FINAL_TRY', 'USER_PIN_LOCKED'])(
    'a PIN that is kept for a lost session is wiped and not sent at %s',
    async (flag) => {
      await token.logIn({ user: 'user', pin: userPin(), keepPin: true })
      const before = bench.count('C_Login')
      bench.plan(
        `C_GetTokenInfo@*=flags:${flag}`,
        `C_GenerateRandom@${bench.count('C_GenerateRandom') + 1}=CKR_SESSION_HANDLE_INVALID`,
      )
      expect(await refusal(token.random(8))).toBe('HSM-SESSION-LOST')
      expect(bench.count('C_Login')).toBe(before)
      bench.plan()
      expect((await token.info()).loggedIn).toBe(null)
      expect(bench.count('C_Login')).toBe(before)
    },
  )

  it('a library that writes a PIN and dies of it leaves no word of it in errors and restarts', async () => {
    const told: unknown[] = []
    bench.next('C_Login', 'tell-pin')
    await logIn().catch((error: unknown) => told.push(error))
    await expect.poll(() => bench.hsm.state, { timeout: 30_000 }).toBe('ready')
    bench.plan('C_GetSlotList@*=tell-pin', 'C_Initialize@*=tell-pin')
    for (let i = 0; i < 4; i++) await bench.hsm.tokens().catch((error: unknown) => told.push(error))
    expect(bench.hsm.state).toBe('broken')
    const texts = told.map((error) => (error as HsmError).message).join()
    expect(texts).toMatch(/HSM-CRASHED.*SIGABRT.*HSM-BROKEN/s)
    expect(texts + JSON.stringify(bench.restarts)).not.toMatch(/debug|pin=|12345678/)
  })

  it('HSM-PIN-FINAL-TRY no PIN is sent that may lock the token', async () => {
    flags('USER_PIN_FINAL_TRY')
    const error = await logIn().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'HSM-PIN-FINAL-TRY' })
  })
})
