import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type StubSays, stubCalls, stubModule } from '../../../../../packages/hsm/test/stub-module/build.ts'
import type { Result, SlotView } from '../../../src/contract/index.ts'
import { findProgram } from '../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../support/core-in-test.ts'

let dir: string
let core: CoreInTest
let library: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'initialise-'))
})
afterEach(async () => {
  await core.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function start(says: StubSays): Promise<SlotView[]> {
  library = stubModule(dir, 'stub', { SLOTS: 2, ...says })
  core = await startCore(dir, findProgram(), library)
  const list = await core.call('tokens.list', {})
  return list.ok ? (list.value as { slots: SlotView[] }).slots : []
}

const codeOf = (result: Result<unknown>) => (result.ok ? 'done' : result.error.code)
const initialise = (target: {
  slot: string | null
  serial: string
  typedLabel?: string
  label?: string
  second?: object
  pins?: object
}) =>
  core.call('tokens.initialise', {
    typedLabel: '',
    label: 'made',
    pins: { so: '73910284', user: '51827364' },
    ...target,
  })

describe('the window initialises', () => {
  test('HSM-SLOT-NOT-BLANK the blank token in the slot that was chosen, and no other in its place', async () => {
    const slots = await start({ BLANK: 1 })
    expect(slots.map(({ slot, token }) => [slot, token?.initialised])).toEqual([
      ['1', false],
      ['2', false],
    ])
    expect(codeOf(await initialise({ slot: '999', serial: '' }))).toBe('HSM-SLOT-NOT-BLANK')
    expect(codeOf(await initialise({ slot: null, serial: '' }))).toBe('INPUT-INVALID')
    expect(codeOf(await initialise({ slot: '2', serial: '5551234' }))).toBe('INPUT-INVALID')
    expect(stubCalls(library)).toEqual([])
    expect(codeOf(await initialise({ slot: '2', serial: '' }))).toBe('done')
    expect(codeOf(await initialise({ slot: '2', serial: '' }))).toBe('HSM-SLOT-NOT-BLANK')
    expect(stubCalls(library)).toEqual(['C_InitToken 2'])
  }, 60_000)

  test('HSM-SERIAL-AMBIGUOUS neither of two tokens that show one serial number', async () => {
    await start({})
    const second = { name: 'Otto', serialEnd: '1234' }
    const erased = await initialise({ slot: null, serial: '5551234', typedLabel: 'stub', second })
    expect(codeOf(erased)).toBe('HSM-SERIAL-AMBIGUOUS')
    expect(stubCalls(library)).toEqual([])
  }, 60_000)

  test('one that is initialised once and was interrupted: it gets the PINs that are missing, under its own label', async () => {
    const [slot] = await start({ SLOTS: 1, HALF: 1, MAKER: 'IBM', MODEL: 'Soft' })
    expect(slot?.token).toMatchObject({ profile: 'opencryptoki', initialises: 'finish' })
    const target = { slot: null, serial: '5551234', typedLabel: '' }
    expect(codeOf(await initialise(target))).toBe('HSM-TOKEN-UNFINISHED')
    // Where the maker's SO PIN may still be there, the one that is given takes its place.
    const weak = { pins: { so: '11111111', user: '51827364' } }
    expect(codeOf(await initialise({ ...target, label: 'stub', ...weak }))).toBe('HSM-PIN-TRIVIAL')
    expect(codeOf(await initialise({ ...target, label: 'stub' }))).toBe('done')
    expect(stubCalls(library)).toEqual(['C_SetPIN 87654321 73910284 1', 'C_InitPIN 51827364 1'])
  }, 60_000)
})
