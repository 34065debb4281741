import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { softTokenEnvironment } from '../src/index.ts'
import { type FaultBench, startFaultBench } from './faults/fault-bench.ts'
import { buildPinPad } from './pin-pad-shim.ts'
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
  let bench: Bench
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lux-hsm-pad-'))
    const library = buildPinPad(folder, softTokenEnvironment(join(folder, 'soft')).library)
    bench = await startBench({ library })
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
    expect((await token.pinState()).user).toBe('ok')
    expect(bench.hsm.library).toMatchObject({ interfaces: [], modernFunctions: [], interfaceVersion: '2.40' })
  })
})
