import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { stubCalls, stubModule } from '../../../../../packages/hsm/test/stub-module/build.ts'
import { Store } from '../../../src/core/store/store.ts'
import { custody, custodyJson, secretFile, temporaryFolder } from '../support/custody.ts'

let folder: string
let pins: string[]
beforeAll(() => {
  folder = temporaryFolder()
  const file = (name: string, pin: string) => secretFile(join(folder, name), pin)
  pins = ['--so-pin-file', file('so-pin', '48372615'), '--pin-file', file('pin', '15926374')]
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const init = (library: string, ...more: string[]) =>
  custodyJson(['token', 'init', '--library', library, '--label', 'made', ...pins, ...more])

describe('two tokens of one library on the command line', () => {
  test('HSM-SLOT-NOT-BLANK TOKEN-AMBIGUOUS of two blank ones the one in the named slot is initialised, and none is guessed', async () => {
    const library = stubModule(folder, 'blank', { SLOTS: 2, BLANK: 1 })
    const unnamed = await init(library)
    expect([unnamed.exit, unnamed.json.code]).toEqual([2, 'TOKEN-AMBIGUOUS'])
    expect(unnamed.json.detail).toBe(
      'several tokens were never initialised: slot-1 (Stub Stub), slot-2 (Stub Stub)',
    )
    const gone = await init(library, '--serial', 'slot-999')
    expect([gone.exit, gone.json.code]).toEqual([3, 'HSM-SLOT-NOT-BLANK'])
    const erased = await init(library, '--serial', 'slot-2', '--erase')
    expect(erased.json.code).toBe('HSM-TOKEN-UNINITIALISED')
    expect(erased.json.remedy).toContain('custody token init --serial slot-2 --label')
    expect(stubCalls(library)).toEqual([])
    const made = await init(library, '--serial', 'slot-2')
    expect([made.exit, made.json.token]).toEqual([
      0,
      expect.objectContaining({ slot: '2', initialised: true }),
    ])
    expect(stubCalls(library)).toEqual(['C_InitToken 2'])
  }, 60_000)

  test('HSM-SERIAL-AMBIGUOUS of two that show one serial number neither is erased or described', async () => {
    const library = stubModule(folder, 'twins', { SLOTS: 2 })
    const named = ['--serial', '5551234']
    const erased = await init(library, ...named, '--erase')
    expect([erased.exit, erased.json.code]).toEqual([3, 'HSM-SERIAL-AMBIGUOUS'])
    expect(erased.json.detail).toContain('in slot 1')
    expect((await custodyJson(['token', 'info', '--library', library, ...named])).json.code).toBe(
      'HSM-SERIAL-AMBIGUOUS',
    )
    expect(stubCalls(library)).toEqual([])
  }, 60_000)

  test('TOKEN-KEY-IN-USE none is erased that a ceremony of the window’s store may need', async () => {
    const library = stubModule(folder, 'used', {})
    const place = join(folder, 'store')
    vi.stubEnv('LUX_STORE', place)
    const lost = join(folder, 'lost')
    mkdirSync(lost)
    const store = new Store(place)
    store.addRun({ id: 'a', folder: lost, created: '2026-01-01T00:00:00.000Z' })
    store.close()
    try {
      const refused = await init(library, '--serial', '5551234', '--erase')
      expect(refused.json).toMatchObject({ code: 'TOKEN-KEY-IN-USE' })
      expect(stubCalls(library)).toEqual([])
      rmSync(place, { recursive: true })
      expect((await init(library, '--serial', '5551234', '--erase')).exit).toBe(0)
    } finally {
      vi.unstubAllEnvs()
    }
  }, 60_000)

  test('TOKEN-ERASE the window’s store has a line before and one after, so the token counts no more as rehearsed', async () => {
    const library = stubModule(folder, 'noted', {})
    const place = join(folder, 'noting')
    vi.stubEnv('LUX_STORE', place)
    new Store(place).close()
    try {
      expect((await init(library, '--serial', '5551234', '--erase')).exit).toBe(0)
      const lines = readFileSync(join(place, 'token-acts.jsonl'), 'utf8').trim().split('\n')
      const erased = { act: 'erase-token', serial: '5551234', secondOfficer: null }
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { ...erased, outcome: 'begun' },
        { ...erased, outcome: 'done' },
      ])
    } finally {
      vi.unstubAllEnvs()
    }
  }, 60_000)

  test('TOKEN-ERASE a token that is named after its slot is erased only when that is said', async () => {
    const library = stubModule(folder, 'serial-slot', { SERIAL: 'slot-1' })
    const refused = await init(library, '--serial', 'slot-1')
    expect([refused.exit, refused.json.code]).toEqual([2, 'TOKEN-ERASE'])
    expect(stubCalls(library)).toEqual([])
    expect((await init(library, '--serial', 'slot-1', '--erase')).exit).toBe(0)
  }, 60_000)

  test('the help says how a blank token is named', async () => {
    const { stdout } = await custody(['token', 'init', '--help'])
    expect(stdout).toContain('--serial slot-N')
    expect(stdout.split('\n').filter((line) => line.length > 122)).toEqual([])
  })
})
