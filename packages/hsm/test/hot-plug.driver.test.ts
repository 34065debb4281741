import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tokensChange } from '../src/host/watch-tokens.ts'
import { sealingTemplate, startHsm, type Token, type TokensChange } from '../src/index.ts'
import { type FaultBench, startFaultBench } from './faults/fault-bench.ts'
import { type Bench, newId, refusal, soPin, startBench, userPin, utf8 } from './soft-token-bench.ts'

describe('tokens that come and go', () => {
  let bench: Bench
  beforeEach(async () => {
    bench = await startBench({ pollMs: 60 })
  })
  afterEach(() => bench.close())

  it('a token that another program makes is told, then its PIN state, then its going', async () => {
    const changes: TokensChange[] = []
    const stop = bench.hsm.onTokensChanged((change) => changes.push(change))
    await new Promise((resolve) => setTimeout(resolve, 200))
    const other = await startHsm({ library: bench.library, environment: bench.environment })
    const info = await other.token('new').initialise({ label: 'plugged', soPin: soPin(), userPin: userPin() })
    await expect.poll(() => changes.flatMap(({ added }) => added), { timeout: 20_000 }).toContain(info.serial)

    await refusal(other.token(info.serial).logIn({ user: 'user', pin: utf8('00000000') }))
    await expect
      .poll(() => changes.flatMap(({ changed }) => changed), { timeout: 20_000 })
      .toContain(info.serial)
    await other.close()

    for (const name of readdirSync(bench.tokens)) rmSync(join(bench.tokens, name), { recursive: true })
    await expect
      .poll(() => changes.flatMap(({ removed }) => removed), { timeout: 20_000 })
      .toContain(info.serial)
    stop()
    const told = changes.length
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(changes.length).toBe(told)
  }, 60_000)

  it('a token that is pulled out while somebody is logged in comes back without its login, and takes a new one', async () => {
    const token = await bench.newToken('pulled')
    await token.logIn({ user: 'user', pin: userPin() })
    const away = `${bench.tokens}-away`
    renameSync(bench.tokens, away)
    mkdirSync(bench.tokens)
    const serials = async () => (await bench.hsm.tokens()).map(({ serial }) => serial)
    await expect.poll(serials, { timeout: 20_000 }).not.toContain(token.serial)
    for (const name of readdirSync(away)) renameSync(join(away, name), join(bench.tokens, name))
    rmSync(away, { recursive: true })
    await expect.poll(serials, { timeout: 20_000 }).toContain(token.serial)
    expect((await token.info()).loggedIn).toBe(null)
    await token.logIn({ user: 'user', pin: userPin() })
    expect((await token.random(8)).length).toBe(8)
  }, 60_000)

  it('what one listing saw between two looks is told, and that it is over', async () => {
    const { serial } = await bench.newToken('brief')
    const { environment, library } = bench
    const hsm = await startHsm({ library, environment, pollMs: 60_000 })
    const changes: TokensChange[] = []
    hsm.onTokensChanged((change) => changes.push(change))
    await hsm.tokens()
    const away = `${bench.tokens}-away`
    renameSync(bench.tokens, away)
    mkdirSync(bench.tokens)
    await hsm.tokens()
    rmSync(bench.tokens, { recursive: true })
    renameSync(away, bench.tokens)
    await hsm.tokens()
    expect(changes.map(({ added, removed }) => [added.includes(serial), removed.includes(serial)])).toEqual([
      [false, true],
      [true, false],
    ])
    await hsm.close()
  })

  it('our own login is no news', async () => {
    const token = await bench.newToken('quiet')
    const changes: TokensChange[] = []
    bench.hsm.onTokensChanged((change) => changes.push(change))
    await new Promise((resolve) => setTimeout(resolve, 200))
    await token.logIn({ user: 'user', pin: userPin() })
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(changes).toEqual([])
  })

  it('the difference names serials, and slots where there is no serial', async () => {
    await bench.newToken('a')
    const list = await bench.hsm.tokens()
    const free = list.at(-1)!
    const seen = (tokens: typeof list) => ({ tokens, unreadable: [], emptySlots: 0 })
    expect(tokensChange(seen(list), seen(list))).toBe(null)
    expect(tokensChange(seen(list.slice(0, -1)), seen(list))).toMatchObject({
      added: [`slot:${free.slot}`],
      removed: [],
      changed: [],
    })
    const relabelled = list.map((info, i) => (i === 0 ? { ...info, label: 'b' } : info))
    expect(tokensChange(seen(list), seen(relabelled))?.changed).toEqual([list[0]!.serial])
  })
})

describe('a token that once does not say what it is', () => {
  let bench: FaultBench
  let token: Token
  beforeEach(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('hesitant')
  })
  afterEach(() => bench.close())

  const looks = async () => (await bench.hsm.tokens()).filter(({ serial }) => serial === token.serial)

  it('keeps its login and what is made in its session, and stays in the list', async () => {
    const made = { id: newId(), label: 's', bits: 256, template: sealingTemplate } as const
    await token.generateAes(made)
    expect(await looks()).toHaveLength(1)
    bench.plan('C_GetTokenInfo@*=CKR_DEVICE_ERROR')
    expect(await looks()).toMatchObject([{ loggedIn: 'user', label: 'hesitant' }])
    bench.plan()
    expect(await looks()).toMatchObject([{ loggedIn: 'user' }])
    expect(await token.findById(made.id)).toHaveLength(1)
  })

  it('a slot that cannot be read any more is told, and that it can be again', async () => {
    const told: (readonly [changed: number, unreadable: readonly string[]])[] = []
    await bench.hsm.tokens()
    const stop = bench.hsm.onTokensChanged(({ added, removed, changed, unreadable }) =>
      told.push([added.length + removed.length + changed.length, unreadable.map(({ code }) => code)]),
    )
    await bench.hsm.tokens()
    bench.plan('C_GetTokenInfo@*=CKR_TOKEN_NOT_RECOGNIZED')
    await bench.hsm.tokens()
    await bench.hsm.tokens()
    bench.plan()
    await bench.hsm.tokens()
    stop()
    expect(told).toEqual([
      [1, ['HSM-TOKEN-DAMAGED']],
      [1, []],
    ])
  })

  it.each(['CKR_TOKEN_NOT_PRESENT', 'CKR_DEVICE_REMOVED', 'CKR_SLOT_ID_INVALID'])(
    'is gone with its login where it answers %s',
    async (answer) => {
      bench.plan(`C_GetTokenInfo@*=${answer}`)
      expect(await looks()).toEqual([])
      bench.plan()
      expect(await looks()).toMatchObject([{ loggedIn: null }])
    },
  )
})
