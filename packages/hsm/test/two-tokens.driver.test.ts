import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHsm } from '../src/index.ts'
import { refusal, soPin, userPin } from './soft-token-bench.ts'
import { type StubSays, stubCalls, stubModule } from './stub-module/build.ts'

describe('two tokens of one library', () => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'lux-hsm-two-'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const start = async (name: string, says: StubSays) => {
    const library = stubModule(dir, name, { SLOTS: 2, ...says })
    const hsm = await startHsm({ library })
    const make = (serial: string) =>
      hsm.token(serial).initialise({ label: 'made', soPin: soPin(), userPin: userPin() })
    return { hsm, make, calls: () => stubCalls(library) }
  }

  it('HSM-SERIAL-AMBIGUOUS of two tokens that show one serial number none is erased, opened or described', async () => {
    const { hsm, make, calls } = await start('twins', {})
    expect((await hsm.tokens()).map(({ serial }) => serial)).toEqual(['5551234', '5551234'])
    const token = hsm.token('5551234')
    expect(await refusal(make('5551234'))).toBe('HSM-SERIAL-AMBIGUOUS')
    expect(await refusal(token.info())).toBe('HSM-SERIAL-AMBIGUOUS')
    expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-SERIAL-AMBIGUOUS')
    await expect(token.info()).rejects.toThrow('"stub" in slot 1, "stub" in slot 2')
    expect(calls()).toEqual([])
    await hsm.close()
  })

  it('HSM-SERIAL-AMBIGUOUS no second token of a serial number is made', async () => {
    const { hsm, make, calls } = await start('second', { BLANK: 1 })
    await make('new')
    expect(await refusal(make('new'))).toBe('HSM-SERIAL-AMBIGUOUS')
    expect(calls()).toEqual(['C_InitToken 1'])
    await hsm.close()
  })

  it('HSM-SLOT-NOT-BLANK of two blank tokens the one in the slot that is named is made, and no other in its place', async () => {
    const { hsm, calls } = await start('blank', { BLANK: 1 })
    const make = (slot: string) =>
      hsm.token('new').initialise({ label: 'made', slot, soPin: soPin(), userPin: userPin() })
    expect(await refusal(make('999'))).toBe('HSM-SLOT-NOT-BLANK')
    expect(await make('2')).toMatchObject({ slot: '2', serial: '5551234', initialised: true })
    await expect(make('2')).rejects.toMatchObject({
      code: 'HSM-SLOT-NOT-BLANK',
      detail: 'slot 2 holds token 5551234, "stub", which was initialised already',
    })
    expect(calls()).toEqual(['C_InitToken 2'])
    await hsm.close()
  })

  it('a slot names no token that has a serial number', async () => {
    const { hsm, calls } = await start('named', { SLOTS: 1 })
    const given = { label: 'made', slot: '1', soPin: soPin(), userPin: userPin() }
    expect(await refusal(hsm.token('5551234').initialise(given))).toBe('HSM-CALL-INVALID')
    expect(calls()).toEqual([])
    await hsm.close()
  })
})
