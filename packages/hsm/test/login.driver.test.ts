import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { signingTemplate, softTokenEnvironment, startHsm } from '../src/index.ts'
import { type FaultBench, startFaultBench } from './faults/fault-bench.ts'
import { atPad, buildPinPad, padEntries } from './pin-pad-shim.ts'
import { type Bench, refusal, soPin, startBench, userPin, utf8 } from './soft-token-bench.ts'

describe('PIN states that SoftHSM never has', () => {
  let bench: FaultBench
  beforeEach(async () => {
    bench = await startFaultBench()
  })
  afterEach(() => bench.close())

  it('FINAL_TRY refuses without sending the PIN, and takes it with acceptFinalTry', async () => {
    const token = await bench.newToken('final')
    const before = bench.count('C_Login')
    bench.plan('C_GetTokenInfo@*=flags:USER_PIN_FINAL_TRY')
    expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-PIN-FINAL-TRY')
    expect(bench.count('C_Login')).toBe(before)
    const report = await token.logIn({ user: 'user', pin: userPin(), acceptFinalTry: true })
    expect(report.before).toBe('final')
    expect(bench.count('C_Login')).toBe(before + 1)
  })

  it('a locked PIN is not sent at all', async () => {
    const token = await bench.newToken('locked')
    const before = bench.count('C_Login')
    bench.plan('C_GetTokenInfo@*=flags:USER_PIN_LOCKED')
    expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-PIN-LOCKED')
    expect(bench.count('C_Login')).toBe(before)
  })

  it('a wrong PIN is sent once, never again by us, and the next login is told that somebody tried', async () => {
    const token = await bench.newToken('low')
    const before = bench.count('C_Login')
    expect(await refusal(token.logIn({ user: 'user', pin: utf8('00000000'), keepPin: true }))).toBe(
      'HSM-PIN-WRONG',
    )
    expect(bench.count('C_Login')).toBe(before + 1)
    await token.mechanisms()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(bench.count('C_Login')).toBe(before + 1)
    expect(await token.logIn({ user: 'user', pin: userPin() })).toMatchObject({ user: 'ok', before: 'low' })
  })
})

describe('a token with a PIN pad and PKCS#11 3.0', () => {
  let folder: string
  let padLibrary: string
  let bench: Bench
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lux-hsm-pad-'))
    padLibrary = buildPinPad(folder, softTokenEnvironment(join(folder, 'soft')).library)
    bench = await startBench({ library: padLibrary })
  })
  beforeEach(() => {
    atPad(folder, 'types')
    padEntries(folder)
  })
  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is known by its flag, and takes the PIN there', async () => {
    const token = await bench.newToken('pad')
    expect((await token.info()).pinPad).toBe(true)
    await token.logIn({ user: 'user', pin: 'pin-pad' })
    expect((await token.info()).loggedIn).toBe('user')
    expect((await token.random(8)).length).toBe(8)
    await token.changePin({ user: 'user', pinPad: true })
    await token.logOut()
    expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-PIN-WRONG')
    await token.logIn({ user: 'user', pin: utf8('11112222') })
  })

  it('has a changed PIN replaced there by the security officer: asked once, and once more after it was given up', async () => {
    const token = await bench.newToken('reset')
    await token.logIn({ user: 'user', pin: userPin() })
    await token.changePin({ user: 'user', pinPad: true })
    expect(await refusal(token.resetUserPin({ pinPad: true }))).toBe('HSM-LOGIN-OTHER')
    expect(padEntries(folder)).toBe(1)
    await token.logOut()
    await token.logIn({ user: 'so', pin: soPin() })
    atPad(folder, 'cancels')
    expect(await refusal(token.resetUserPin({ pinPad: true }))).toBe('HSM-PAD-CANCELLED')
    atPad(folder, 'types')
    await token.resetUserPin({ pinPad: true })
    expect(padEntries(folder)).toBe(2)
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
  })

  it('is given both its PINs at the pad', async () => {
    const info = await bench.hsm
      .token('new')
      .initialise({ label: 'at-pad', soPin: 'pin-pad', userPin: 'pin-pad' })
    expect(padEntries(folder)).toBe(3)
    const token = bench.hsm.token(info.serial)
    await token.logIn({ user: 'so', pin: 'pin-pad' })
    await token.logOut()
    await token.logIn({ user: 'user', pin: 'pin-pad' })
    await token.logOut()
  })

  it.each([
    ['types wrongly', 'HSM-PIN-WRONG'],
    ['cancels', 'HSM-PAD-CANCELLED'],
    ['refuses', 'HSM-PAD-CANCELLED'],
  ] as const)('whoever %s there is asked once and answered %s', async (act, code) => {
    const token = await bench.newToken(act)
    atPad(folder, act)
    expect(await refusal(token.logIn({ user: 'user', pin: 'pin-pad' }))).toBe(code)
    await bench.hsm.tokens()
    expect(padEntries(folder)).toBe(1)
    expect(bench.hsm.generation).toBe(1)
  })

  it('where nobody comes in time it is told so, more than three times too, and nothing is tried again', async () => {
    const { serial } = await bench.newToken('late')
    const { environment } = bench
    const hsm = await startHsm({ library: padLibrary, environment, callTimeoutMs: 400 })
    const token = hsm.token(serial)
    const before = await hsm.tokens()
    atPad(folder, 'nobody')
    for (let turn = 0; turn < 4; turn++) {
      const waiting = token.logIn({ user: 'user', pin: 'pin-pad' })
      // The list is there meanwhile, although the library answers nothing.
      if (turn === 0) expect(await hsm.tokens()).toEqual(before)
      expect(await refusal(waiting)).toBe('HSM-PAD-TIMEOUT')
    }
    await hsm.tokens()
    expect([padEntries(folder), hsm.state]).toEqual([4, 'ready'])
    atPad(folder, 'types')
    expect(await token.logIn({ user: 'user', pin: 'pin-pad' })).toMatchObject({ user: 'ok' })
    await hsm.close()
  }, 60_000)

  it('is given up from here at once, and the library is there again', async () => {
    const token = await bench.newToken('given-up')
    expect(bench.hsm.cancelPadEntry()).toBe(false)
    atPad(folder, 'nobody')
    const waiting = refusal(token.logIn({ user: 'user', pin: 'pin-pad' }))
    await vi.waitFor(() => expect(existsSync(join(folder, 'pad-entries'))).toBe(true), 20_000)
    expect(bench.hsm.cancelPadEntry()).toBe(true)
    expect(await waiting).toBe('HSM-PAD-CANCELLED')
    atPad(folder, 'types')
    await token.logIn({ user: 'user', pin: 'pin-pad' })
    expect(padEntries(folder)).toBe(2)
  })

  it('is given up as well while a call before it is not answered yet', async () => {
    const token = await bench.newToken('given-up-early')
    padEntries(folder)
    const before = refusal(token.info())
    const waiting = refusal(token.logIn({ user: 'user', pin: 'pin-pad' }))
    expect(bench.hsm.cancelPadEntry()).toBe(true)
    expect([await before, await waiting]).toEqual(['HSM-CRASHED', 'HSM-PAD-CANCELLED'])
  })

  it('is asked there for a key that wants the PIN at every use, and whoever refuses has signed nothing', async () => {
    const token = await bench.newToken('every-use')
    await token.logIn({ user: 'user', pin: 'pin-pad' })
    const id = 'ab'.repeat(16)
    const template = { ...signingTemplate, alwaysAuthenticate: true }
    const { privateKey: key } = await token.generateKeyPair({ id, label: 'k', kind: 'p-256', template })
    padEntries(folder)
    const sign = () =>
      token.sign({
        key,
        mechanism: { kind: 'ecdsa', hash: 'sha256' },
        input: { message: utf8('m') },
        pin: 'pin-pad',
      })
    expect((await sign()).signature).toHaveLength(64)
    atPad(folder, 'refuses')
    expect(await refusal(sign())).toBe('HSM-PAD-CANCELLED')
    expect(padEntries(folder)).toBe(2)
  })

  it('lists its interfaces, and what of 3.0 we use', () => {
    expect(bench.hsm.library).toMatchObject({
      interfaces: [
        { name: 'PKCS 11', version: '2.40' },
        { name: 'PKCS 11', version: '3.0' },
      ],
      modernFunctions: ['C_LoginUser', 'C_SessionCancel'],
    })
  })

  it('logs in a named user, and refuses a name that it does not know', async () => {
    const token = await bench.newToken('named')
    expect(await refusal(token.logIn({ user: 'user', pin: userPin(), name: 'mallory' }))).toBe(
      'HSM-FUNCTION-MISSING',
    )
    await token.logIn({ user: 'user', pin: userPin(), name: 'alice' })
    expect((await token.info()).loggedIn).toBe('user')
  })
})

describe('a token without them', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await startBench()
  })
  afterAll(() => bench.close())

  it('refuses a PIN pad and a named user as unsupported, and no PIN is spent', async () => {
    const token = await bench.newToken('plain')
    expect(await refusal(token.logIn({ user: 'user', pin: 'pin-pad' }))).toBe('HSM-UNSUPPORTED')
    expect(await refusal(token.logIn({ user: 'user', pin: userPin(), name: 'alice' }))).toBe(
      'HSM-UNSUPPORTED',
    )
    await token.logIn({ user: 'so', pin: soPin() })
    expect(await refusal(token.changePin({ user: 'so', pinPad: true }))).toBe('HSM-UNSUPPORTED')
    expect(await refusal(token.resetUserPin({ pinPad: true }))).toBe('HSM-UNSUPPORTED')
    expect((await token.pinState()).user).toBe('ok')
    expect(bench.hsm.library).toMatchObject({ interfaces: [], modernFunctions: [], interfaceVersion: '2.40' })
  })
})
