import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { stubCalls, stubModule } from '../../../../../packages/hsm/test/stub-module/build.ts'
import { buildFaultModule } from '../../core/faults/fault-module.ts'
import {
  custody,
  custodyAtTerminal,
  custodyJson,
  custodyProcess,
  secretFile,
  temporaryFolder,
} from '../support/custody.ts'

vi.setConfig({ testTimeout: 40_000 })

let folder: string
let library: string
let token: string[]
let serial: string
const files: Record<'so' | 'old' | 'new' | 'wrong' | 'short', string> = {
  so: '48372615',
  old: '15926374',
  new: '11223344',
  wrong: '00000000',
  short: '123',
}

const plan = (...rules: string[]) => writeFileSync(`${library}.plan`, rules.join('\n'))
const calls = (name: string) =>
  readFileSync(`${library}.log`, 'utf8').match(new RegExp(`^(! )?${name} `, 'gm'))?.length ?? 0
const init = (label: string, ...more: string[]) =>
  custodyJson(['token', 'init', ...token, '--label', label, '--so-pin-file', files.so, ...more])
const pin = (...more: string[]) => custodyJson(['token', 'pin', ...token, ...more])
const change = (from: string, to: string, ...more: string[]) =>
  pin('--serial', serial, '--pin-file', from, '--new-pin-file', to, ...more)
const opens = async (file: string, of = serial) =>
  (await custodyJson(['token', 'inventory', ...token, '--serial', of, '--pin-file', file])).exit === 0

beforeAll(async () => {
  folder = temporaryFolder()
  library = buildFaultModule(join(folder, 'module'))
  token = ['--library', library, '--soft', join(folder, 'token')]
  for (const name of ['so', 'old', 'new', 'wrong', 'short'] as const)
    files[name] = secretFile(join(folder, name), files[name])
  const { json } = await init('desk', '--pin-file', files.old)
  serial = (json.token as { serial: string }).serial
}, 60_000)
afterEach(() => plan())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('token pin', () => {
  test('the user changes the PIN, and the old one opens nothing any more', async () => {
    const { exit, json } = await change(files.old, files.new)
    expect([exit, json.serial]).toEqual([0, serial])
    expect(await opens(files.new)).toBe(true)
    expect(await opens(files.old)).toBe(false)
    const back = ['token', 'pin', ...token, '--serial', serial, '--pin-file', files.new, '--new-pin-fd', '3']
    expect((await custodyProcess(back, '15926374\n')).exit).toBe(0)
    expect(await opens(files.old)).toBe(true)
  })

  test('at a terminal the new PIN is typed twice, both again after a slip, and no PIN is shown', async () => {
    const command = ['token', 'pin', ...token, '--serial', serial]
    const typed = (old: string, ...pairs: (readonly [fresh: string, again: string])[]) =>
      custodyAtTerminal(
        command,
        'User PIN of',
        `${old}\r`,
        ...pairs.flatMap(([fresh, again]) => [
          ['New user PIN', `${fresh}\r`] as const,
          ['The same again', `${again}\r`] as const,
        ]),
      )
    const slip = ['15926374', '15926375'] as const
    const same = await typed('15926374', slip, ['11223344', '11223344'])
    expect([same.exit, same.stdout.includes('11223344')]).toEqual([0, false])
    const differs = await typed('11223344', slip, slip, slip)
    expect([differs.exit, differs.stdout.includes('SECRET-DIFFERS')]).toEqual([2, true])
    expect((await change(files.new, files.old)).exit).toBe(0)
  })

  test('HSM-PIN-WRONG a wrong PIN is sent once, and the state of the PINs is shown', async () => {
    const before = calls('C_Login') + calls('C_SetPIN')
    const { exit, json } = await change(files.wrong, files.new)
    expect([exit, json.code, json.pin]).toEqual([3, 'HSM-PIN-WRONG', { user: 'low', so: 'ok' }])
    expect(calls('C_Login') + calls('C_SetPIN')).toBe(before + 1)
    expect((await change(files.old, files.old)).exit).toBe(0)
  })

  test('HSM-PIN-INVALID one of a length that the token does not take is refused and not sent', async () => {
    const before = calls('C_SetPIN')
    const { exit, json } = await change(files.short, files.new)
    expect([exit, json.code]).toEqual([1, 'HSM-PIN-INVALID'])
    expect(calls('C_SetPIN')).toBe(before)
  })

  test('HSM-PIN-TRIVIAL a new PIN that anybody tries first is refused, and neither it nor the old one is sent', async () => {
    const before = calls('C_Login') + calls('C_SetPIN')
    for (const trivial of [files.short, files.wrong]) {
      const { exit, json } = await change(files.old, trivial)
      expect([exit, json.code]).toEqual([1, 'HSM-PIN-TRIVIAL'])
    }
    expect(calls('C_Login') + calls('C_SetPIN')).toBe(before)
  })

  test('a count that is low is warned of; at the last try and at locked nothing is sent', async () => {
    plan('C_GetTokenInfo@*=flags:USER_PIN_COUNT_LOW')
    const low = await change(files.old, files.old)
    expect([low.exit, low.stderr]).toEqual([0, expect.stringContaining('a wrong PIN was given')])
    const before = calls('C_Login') + calls('C_SetPIN')
    for (const [flag, code, named] of [
      ['USER_PIN_FINAL_TRY', 'HSM-PIN-FINAL-TRY', '--accept-final-try'],
      ['USER_PIN_LOCKED', 'HSM-PIN-LOCKED', 'custody token pin --reset'],
    ] as const) {
      plan(`C_GetTokenInfo@*=flags:${flag}`)
      const { json } = await change(files.old, files.new)
      expect([json.code, json.remedy]).toEqual([code, expect.stringContaining(named)])
    }
    plan('C_GetTokenInfo@*=flags:SO_PIN_FINAL_TRY')
    const reset = ['--serial', serial, '--reset', '--so-pin-file', files.so, '--new-pin-file', files.new]
    const { json } = await pin(...reset)
    expect([json.code, json.remedy]).toEqual([
      'HSM-PIN-FINAL-TRY',
      expect.stringContaining('--accept-final-try'),
    ])
    expect(calls('C_Login') + calls('C_SetPIN')).toBe(before)
  })

  test('HSM-PIN-EXPIRED an expired PIN is changed without a login', async () => {
    plan('C_Login@*=CKR_PIN_EXPIRED')
    const { exit, stderr } = await change(files.old, files.new)
    expect([exit, stderr]).toEqual([0, expect.stringContaining('expired')])
    plan()
    expect(await opens(files.new)).toBe(true)
    expect((await change(files.new, files.old)).exit).toBe(0)
  })

  test('HSM-PIN-SAME --reset sets no user PIN that is the security officer’s, and tries none', async () => {
    const before = calls('C_Login') + calls('C_InitPIN')
    const given = ['--serial', serial, '--reset', '--so-pin-file', files.so, '--new-pin-file', files.so]
    const { exit, json } = await pin(...given)
    expect([exit, json.code]).toEqual([1, 'HSM-PIN-SAME'])
    expect(calls('C_Login') + calls('C_InitPIN')).toBe(before)
  })

  test('--reset has the security officer set the user PIN, whatever it was', async () => {
    const reset = (so: string) =>
      pin('--serial', serial, '--reset', '--so-pin-file', so, '--new-pin-file', files.new)
    const wrong = await reset(files.wrong)
    expect([wrong.exit, wrong.json.code]).toEqual([3, 'HSM-PIN-WRONG'])
    expect(wrong.json.pin).toMatchObject({ so: 'low' })
    expect((await reset(files.so)).exit).toBe(0)
    expect(await opens(files.new)).toBe(true)
    expect((await change(files.new, files.old)).exit).toBe(0)
  })

  test('SECRET-SOURCE a PIN that the command does not ask for is wrong use', async () => {
    const runs = await Promise.all([
      pin('--serial', serial, '--so-pin-file', files.so, '--new-pin-file', files.new),
      pin('--serial', serial, '--reset', '--pin-file', files.old, '--new-pin-file', files.new),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [2, 'SECRET-SOURCE'],
      [2, 'SECRET-SOURCE'],
    ])
  })

  test('the help names the ways of a PIN', async () => {
    const { stdout } = await custody(['token', 'pin', '--help'])
    for (const option of ['--reset', '--new-pin-file', '--new-pin-fd', '--so-pin-file', '--accept-final-try'])
      expect(stdout).toContain(option)
    expect(stdout.split('\n').filter((line) => line.length > 122)).toEqual([])
  })
})

describe('an initialisation that is interrupted', () => {
  test('says which token it left, and the command that it names finishes it', async () => {
    plan(`C_InitPIN@${calls('C_InitPIN') + 1}=segv`)
    const broken = await init('half', '--pin-file', files.old)
    expect([broken.exit, broken.json.code]).toEqual([3, 'HSM-CRASHED'])
    const { serial: half } = broken.json.unfinished as { serial: string }
    expect(broken.json.remedy).toContain(`custody token pin --reset --serial ${half}`)
    plan()
    expect((await init('half', '--pin-file', files.old)).json.code).toBe('HSM-TOKEN-UNFINISHED')
    const finish = ['--serial', half, '--reset', '--so-pin-file', files.so, '--new-pin-file', files.old]
    expect((await pin(...finish)).exit).toBe(0)
    expect(await opens(files.old, half)).toBe(true)
  })

  test('one that is initialised once gets both PINs, and the maker’s own SO PIN is replaced', async () => {
    const half = stubModule(folder, 'half', { MAKER: 'IBM', MODEL: 'Soft', SERIAL: '123', HALF: 1 })
    const finish = ['token', 'pin', '--library', half, '--reset']
    const made = await custodyJson([...finish, '--so-pin-file', files.new, '--new-pin-file', files.old])
    expect([made.exit, made.json.serial]).toEqual([0, '123'])
    expect(stubCalls(half)).toEqual(['C_SetPIN 87654321 11223344 1', 'C_InitPIN 15926374 1'])
  })

  test('SECRET-DIFFERS a command to erase it only finishes it, so its SO PIN is chosen and typed twice too', async () => {
    const half = stubModule(folder, 'half-typed', { MAKER: 'IBM', MODEL: 'Soft', SERIAL: '123', HALF: 1 })
    const erase = ['token', 'init', '--library', half, '--serial', '123', '--erase', '--label', 'stub']
    const so = (again: string, ...more: (readonly [string, string])[]) =>
      custodyAtTerminal(erase, 'New SO PIN', '11223344\r', ['The same again', `${again}\r`], ...more)
    const once = [
      ['New SO PIN', '11223344\r'],
      ['The same again', '11223345\r'],
    ] as const
    const slip = await so('11223345', ...once, ...once)
    expect([slip.exit, slip.stdout.includes('SECRET-DIFFERS')]).toEqual([2, true])
    expect(stubCalls(half)).toEqual([])
    const user = ['New user PIN', '15926374\r'] as const
    expect((await so('11223344', user, ['The same again', '15926374\r'])).exit).toBe(0)
    expect(stubCalls(half)).toEqual(['C_SetPIN 87654321 11223344 1', 'C_InitPIN 15926374 1'])
  })
})

/** What the command asks at a terminal, in the order in which it is answered. */
type Typed = readonly (readonly [prompt: string, pin: string])[]

describe('token init', () => {
  const typedInit = (command: readonly string[], [first, ...more]: Typed) =>
    custodyAtTerminal(
      ['token', 'init', '--library', library, ...command],
      first?.[0] ?? '',
      `${first?.[1]}\r`,
      ...more.map(([prompt, typed]) => [prompt, `${typed}\r`] as const),
    )
  const twice = (prompt: string, pinTyped: string, again = pinTyped): Typed => [
    [prompt, pinTyped],
    ['The same again', again],
  ]

  /** As often as the command asks before it ends. */
  const slipping = (prompt: string, pinTyped: string, again: string): Typed =>
    Array.from({ length: 3 }, () => twice(prompt, pinTyped, again)).flat()

  test('SECRET-DIFFERS at a terminal both PINs of a blank token are typed twice; after three slips nothing is made', async () => {
    const store = ['--soft', join(folder, 'typed')]
    const blank = [...store, '--label', 'typed']
    const before = calls('C_InitToken')
    const slips = [
      await typedInit(blank, slipping('New SO PIN', '48372615', '48372651')),
      await typedInit(blank, [
        ...twice('New SO PIN', '48372615'),
        ...slipping('New user PIN', '15926374', '15926347'),
      ]),
    ]
    expect(slips.map(({ exit, stdout }) => [exit, stdout.includes('SECRET-DIFFERS')])).toEqual([
      [2, true],
      [2, true],
    ])
    expect(calls('C_InitToken')).toBe(before)
    const right = [...twice('New SO PIN', '48372615'), ...twice('New user PIN', '15926374')]
    const made = await typedInit(blank, right)
    expect([made.exit, /48372615|15926374/.test(made.stdout)]).toEqual([0, false])
    const listed = ['token', 'inventory', '--library', library, ...store, '--pin-file', files.old]
    expect((await custodyJson(listed)).exit).toBe(0)
  })

  test('SECRET-DIFFERS with --erase the SO PIN is the present one and is typed once, the new user PIN twice', async () => {
    const store = ['--soft', join(folder, 'erased')]
    const make = [
      'token',
      'init',
      '--library',
      library,
      ...store,
      '--label',
      'erased',
      '--so-pin-file',
      files.so,
    ]
    const { json } = await custodyJson([...make, '--pin-file', files.old])
    const erase = [
      ...store,
      '--serial',
      (json.token as { serial: string }).serial,
      '--erase',
      '--label',
      'erased',
    ]
    const so = ['SO PIN of', '48372615'] as const
    const before = calls('C_InitToken')
    const slip = await typedInit(erase, [so, ...slipping('New user PIN', '11223344', '11223345')])
    expect([slip.exit, slip.stdout.includes('SECRET-DIFFERS')]).toEqual([2, true])
    expect(calls('C_InitToken')).toBe(before)
    const right = await typedInit(erase, [so, ...twice('New user PIN', '11223344')])
    expect([right.exit, right.stdout.match(/The same again/g)?.length]).toEqual([0, 1])
    expect(calls('C_InitToken')).toBe(before + 1)
  })

  test('a wrong SO PIN shows the state of the PINs after it', async () => {
    const erase = ['token', 'init', ...token, '--serial', serial, '--erase', '--label', 'desk']
    const pins = ['--so-pin-file', files.wrong, '--pin-file', files.old]
    const { exit, stderr } = await custody([...erase, ...pins])
    expect([exit, stderr]).toEqual([3, expect.stringContaining('PIN state now: user ok, SO low')])
    expect((await custodyJson([...erase, ...pins])).json.pin).toEqual({ user: 'ok', so: 'low' })
  })

  test('HSM-LABEL-LENGTH HSM-DUPLICATE-LABEL HSM-PIN-TRIVIAL a label or PIN of ours is no failure of the environment', async () => {
    const runs = [
      await init('x'.repeat(33), '--pin-file', files.old),
      await init('desk', '--pin-file', files.old),
      await init('other', '--pin-file', files.short),
    ]
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [2, 'HSM-LABEL-LENGTH'],
      [1, 'HSM-DUPLICATE-LABEL'],
      [1, 'HSM-PIN-TRIVIAL'],
    ])
  })

  test('a PIN that has to be changed is told in a sentence', async () => {
    plan('C_GetTokenInfo@*=flags:USER_PIN_TO_BE_CHANGED')
    const work = ['token', 'inventory', ...token, '--serial', serial, '--pin-file', files.old]
    expect((await custody(work)).stderr).toContain(
      `The user PIN of ${serial} before this login: must be changed`,
    )
  })
})
