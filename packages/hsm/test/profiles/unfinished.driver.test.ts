import { rmSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { type Hsm, HsmError, startHsm, type TokenInfo } from '../../src/index.ts'
import { faultModule } from '../fault-module/build.ts'
import { refusal, utf8 } from '../soft-token-bench.ts'
import { startOpenCryptoki } from './opencryptoki.ts'
import type { RealToken } from './real-token.ts'

vi.setConfig({ testTimeout: 120_000 })

const soPin = () => utf8('11223344')
const userPin = () => utf8('55556666')
const factory = () => utf8('87654321')

describe('openCryptoki’s token whose initialisation was interrupted', () => {
  let real: RealToken | undefined
  let hsm: Hsm | undefined
  const stop = async () => {
    await hsm?.close()
    real?.stop()
  }
  afterAll(stop)

  async function interrupted(fault: string): Promise<{ hsm: Hsm; half: TokenInfo }> {
    await stop()
    real = await startOpenCryptoki()
    const library = faultModule(real.folder)
    rmSync(`${library}.counts`, { force: true })
    writeFileSync(`${library}.plan`, fault)
    const environment = { ...real.environment, FAULT_LIBRARY: real.library }
    const started = await startHsm({ ...real, library, environment })
    hsm = started
    const made = started.token('new').initialise({ label: 'second', soPin: soPin(), userPin: userPin() })
    expect(await refusal(made)).toBe('HSM-CRASHED')
    writeFileSync(`${library}.plan`, '')
    await expect.poll(() => started.state, { timeout: 20_000 }).toBe('ready')
    const half = (await started.tokens()).find(({ label }) => label === 'second')
    if (half === undefined) throw new Error('no half-made token')
    expect(half.pin.user).toBe('not-set')
    return { hsm: started, half }
  }
  const again = (on: Hsm, serial: string, label = 'second') =>
    on.token(serial).initialise({ label, soPin: soPin(), userPin: userPin() })

  it.each([
    ['before the factory’s SO PIN was changed', 'C_SetPIN@1=segv'],
    ['between the SO PIN and the user PIN', 'C_InitPIN@1=segv'],
  ])('HSM-TOKEN-UNFINISHED %s is named, and finished by its serial', async (_when, fault) => {
    const { hsm: on, half } = await interrupted(fault)
    const asNew = await again(on, 'new').catch((error: unknown) => error)
    expect(asNew).toBeInstanceOf(HsmError)
    expect(asNew).toMatchObject({
      code: 'HSM-TOKEN-UNFINISHED',
      detail: expect.stringContaining(half.serial),
    })
    expect(await refusal(again(on, half.serial, 'other'))).toBe('HSM-TOKEN-UNFINISHED')
    expect(await again(on, half.serial)).toMatchObject({ label: 'second', pin: { user: 'ok', so: 'ok' } })
    const token = on.token(half.serial)
    expect(await refusal(token.logIn({ user: 'so', pin: factory() }))).toBe('HSM-PIN-WRONG')
    await token.logIn({ user: 'so', pin: soPin() })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    await token.logOut()
    expect(await refusal(again(on, half.serial))).toBe('HSM-FUNCTION-MISSING')
  })

  it('HSM-TOKEN-UNFINISHED a wrong guess at the SO PIN hides the factory’s state, and not from the driver', async () => {
    const { hsm: on, half } = await interrupted('C_SetPIN@1=segv')
    expect(await refusal(on.token(half.serial).logIn({ user: 'so', pin: soPin() }))).toBe('HSM-PIN-WRONG')
    expect(await again(on, half.serial)).toMatchObject({ pin: { user: 'ok', so: 'ok' } })
  })
})
