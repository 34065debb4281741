import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyAtTerminal, custodyJson, secretFile, temporaryFolder } from './support/custody.ts'

let folder: string
let soft: string[]
let pin: string
let soPin: string
let serial: string

beforeAll(async () => {
  folder = temporaryFolder()
  soft = ['--soft', join(folder, 'token')]
  pin = secretFile(join(folder, 'pin'), '12345678')
  soPin = secretFile(join(folder, 'so-pin'), '87654321')
  const { exit, json } = await custodyJson([
    'token',
    'init',
    ...soft,
    '--label',
    'desk',
    '--so-pin-file',
    soPin,
    '--pin-file',
    pin,
  ])
  expect(exit).toBe(0)
  serial = (json.token as { serial: string }).serial
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('token', () => {
  test('list and info show the token by serial, with the state of both PINs, and the library’s digest', async () => {
    const [list, info] = await Promise.all([
      custodyJson(['token', 'list', ...soft]),
      custody(['token', 'info', ...soft]),
    ])
    expect(list.exit).toBe(0)
    expect(list.json.tokens).toContainEqual(
      expect.objectContaining({ serial, label: 'desk', initialised: true, pin: { user: 'ok', so: 'ok' } }),
    )
    expect(info.stdout).toContain(serial)
    expect(info.stdout).toMatch(/library hash {2}[0-9a-f]{64}/)
  })

  test('inventory takes the PIN from a descriptor', async () => {
    const { exit, stdout } = await custody(['token', 'inventory', ...soft, '--pin-fd', '3'], '12345678\n')
    expect(exit).toBe(0)
    expect(stdout).toContain(`desk (${serial}): 0 objects`)
  })

  test('probe passes on the hardened template and records what the default one lets through', async () => {
    const { exit, json } = await custodyJson(['token', 'probe', ...soft, '--pin-file', pin])
    expect(exit).toBe(0)
    const { attacks } = json.report as { attacks: { template: string; outcome: string }[] }
    expect(
      attacks.filter(({ template }) => template === 'hardened').every(({ outcome }) => outcome === 'held'),
    ).toBe(true)
    expect(attacks).toContainEqual(expect.objectContaining({ template: 'default', outcome: 'broken' }))
  }, 20_000)

  test('a PIN typed at a terminal opens the token and is not echoed', async () => {
    // A slip is erased as people erase it.
    const keys = '123456799\x7f\x7f8\r'
    const { exit, stdout } = await custodyAtTerminal(['token', 'inventory', ...soft], 'User PIN of', keys)
    expect(exit).toBe(0)
    expect(stdout).toContain('0 objects')
    expect(stdout).not.toContain('1234567')
  }, 20_000)

  test('SECRET-FILE-MODE a PIN file that others may read is not used', async () => {
    const open = secretFile(join(folder, 'open-pin'), '12345678', 0o644)
    const { exit, json } = await custodyJson(['token', 'inventory', ...soft, '--pin-file', open])
    expect(exit).toBe(1)
    expect(json.code).toBe('SECRET-FILE-MODE')
    expect(json.detail).toContain('0644')
  })

  test('SECRET-NO-TERMINAL without a terminal, a file or a descriptor nothing is asked', async () => {
    const { exit, json } = await custodyJson(['token', 'inventory', ...soft])
    expect(exit).toBe(2)
    expect(json.code).toBe('SECRET-NO-TERMINAL')
  })

  test('two sources of a PIN, an empty one and a descriptor that is not open are wrong use', async () => {
    const empty = secretFile(join(folder, 'empty'), '')
    const runs = await Promise.all([
      custodyJson(['token', 'inventory', ...soft, '--pin-file', pin, '--pin-fd', '3']),
      custodyJson(['token', 'inventory', ...soft, '--pin-file', empty]),
      custodyJson(['token', 'inventory', ...soft, '--pin-fd', '77']),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [2, 'SECRET-SOURCE'],
      [2, 'SECRET-EMPTY'],
      [2, 'SECRET-FD'],
    ])
  })

  test('TOKEN-ERASE a token is erased only when that is said', async () => {
    const pins = ['--so-pin-file', soPin, '--pin-file', pin]
    const { exit, json } = await custodyJson([
      'token',
      'init',
      ...soft,
      ...pins,
      '--label',
      'x',
      '--serial',
      serial,
    ])
    expect(exit).toBe(2)
    expect(json.code).toBe('TOKEN-ERASE')
  })

  test('a missing store, a wrong library, another serial and no library at all are each named', async () => {
    const noLibrary = join(folder, 'no-library.so')
    writeFileSync(noLibrary, 'text')
    const runs = await Promise.all([
      custodyJson(['token', 'list', '--soft', join(folder, 'tokne')]),
      custodyJson(['token', 'list', '--library', noLibrary]),
      custodyJson(['token', 'list', '--library', join(folder, 'absent.so')]),
      custodyJson(['token', 'info', ...soft, '--serial', 'ffff']),
      custodyJson(['token', 'list']),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [2, 'SOFT-STORE-MISSING'],
      [3, 'HSM-LIBRARY-INVALID'],
      [3, 'HSM-LIBRARY-MISSING'],
      [3, 'HSM-TOKEN-ABSENT'],
      [2, 'LIBRARY-UNNAMED'],
    ])
    expect(existsSync(join(folder, 'tokne'))).toBe(false)
  })

  test('a wrong PIN is tried once, and the state of the PIN is shown', async () => {
    const other = ['--soft', join(folder, 'other')]
    await custody(['token', 'init', ...other, '--label', 'other', '--so-pin-file', soPin, '--pin-file', pin])
    const wrong = secretFile(join(folder, 'wrong-pin'), '00000000')
    const { exit, json } = await custodyJson(['token', 'inventory', ...other, '--pin-file', wrong])
    expect(exit).toBe(3)
    expect(json).toMatchObject({ ok: false, code: 'HSM-PIN-WRONG', pin: { user: 'low', so: 'ok' } })
    const text = await custody(['token', 'inventory', ...other, '--pin-file', wrong])
    expect(text.stderr).toContain('PIN state now: user')
    expect(text.stderr + text.stdout).not.toContain('00000000')
  }, 20_000)
})
