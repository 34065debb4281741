import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { softTokenEnvironment, startHsm } from '../../src/index.ts'
import { refusal, userPin } from '../soft-token-bench.ts'
import { type StubSays, stubModule } from '../stub-module/build.ts'

const generalError = 5

describe('another maker’s library, where SOFTHSM2_CONF is set', () => {
  let dir: string
  let soft: ReturnType<typeof softTokenEnvironment>
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'lux-hsm-explain-'))
    soft = softTokenEnvironment(join(dir, 'soft'))
    process.env.SOFTHSM2_CONF = soft.environment.SOFTHSM2_CONF
  })
  afterAll(() => {
    delete process.env.SOFTHSM2_CONF
    rmSync(dir, { recursive: true, force: true })
  })

  const ways = [
    ['gets it by hand', () => ({ environment: soft.environment })],
    ['does not get it', () => ({})],
  ] as const

  const loggedIn = async (name: string, says: StubSays, way: (typeof ways)[number][1]) => {
    const hsm = await startHsm({ library: stubModule(dir, name, says), ...way() })
    const token = hsm.token('5551234')
    await token.logIn({ user: 'user', pin: userPin() })
    return { hsm, token }
  }

  it.each(ways)('that %s: a fault is the token’s own, and its session stays', async (_, way) => {
    const { hsm, token } = await loggedIn('general-error', { FIND_ANSWER: generalError }, way)
    expect(await refusal(token.inventory())).toBe('HSM-DEVICE-ERROR')
    expect((await token.info()).loggedIn).toBe('user')
    await hsm.close()
  })

  it.each(ways)('that %s: a key that is not there is HSM-KEY-ABSENT on a token that is', async (_, way) => {
    const { hsm, token } = await loggedIn('no-keys', {}, way)
    expect(await refusal(token.readAttributes({ id: '00112233', class: 'secret' }))).toBe('HSM-KEY-ABSENT')
    expect((await token.info()).loggedIn).toBe('user')
    await hsm.close()
  })

  it('is given the variable by nobody, and SoftHSM by its profile', async () => {
    const stub = await startHsm({ library: stubModule(dir, 'plain') })
    expect(stub.environment).toEqual({})
    await stub.close()
    const hsm = await startHsm({ library: soft.library })
    expect(hsm.environment).toEqual(soft.environment)
    expect(await hsm.tokens()).toMatchObject([{ profile: 'softhsm' }])
    await hsm.close()
  })
})
