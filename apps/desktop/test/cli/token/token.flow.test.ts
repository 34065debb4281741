import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootTemplate, softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  custody,
  custodyAtTerminal,
  custodyJson,
  custodyProcess,
  custodyProcessJson,
  secretFile,
  temporaryFolder,
} from '../support/custody.ts'
import { enrolled, passphraseFile } from '../support/people.ts'

let folder: string
let soft: string[]
let pin: string
let soPin: string
let serial: string

beforeAll(async () => {
  folder = temporaryFolder()
  soft = ['--soft', join(folder, 'token')]
  pin = secretFile(join(folder, 'pin'), '15926374')
  soPin = secretFile(join(folder, 'so-pin'), '48372615')
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

  test('doctor reads unless the token is declared as scratch by its serial, and then leaves nothing', async () => {
    const read = await custody(['token', 'doctor', ...soft])
    expect([read.exit, read.stdout]).toEqual([0, expect.stringMatching(/^root {10}unproved$/m)])
    const of = ['token', 'doctor', ...soft, '--pin-file', pin, '--scratch']
    expect((await custodyJson([...of, 'other'])).json.code).toBe('TOKEN-AMBIGUOUS')
    const tried = await custody([...of, serial])
    expect([tried.exit, tried.stdout]).toEqual([0, expect.stringMatching(/^root {10}yes$/m)])
    expect(tried.stdout).toContain('left on it    nothing')
  })

  test('doctor takes the PIN from a descriptor beside that of the security officer, and says who signs nothing', async () => {
    const so = secretFile(join(folder, 'doctor-so'), '48372615')
    const of = ['token', 'doctor', ...soft, '--scratch', serial, '--pin-fd', '3', '--so-pin-file', so]
    const { exit, stdout } = await custodyProcess(of, '15926374\n')
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/^signed {8}by nobody/m)])
  })

  test('doctor writes a file that is signed or not, and compares two; a changed one is refused', async () => {
    const { keyPath } = await enrolled(folder, 'officer', 'Ada')
    const at = (name: string) => join(folder, `${name}.examination`)
    const [read, tried, forged] = [at('read'), at('tried'), at('forged')]
    const made = await custody(['token', 'doctor', ...soft, '--out', read])
    expect([made.exit, (await custody(['token', 'doctor', ...soft, '--out', read])).exit]).toEqual([0, 2])
    const of = ['token', 'doctor', ...soft, '--pin-file', pin, '--scratch', serial]
    const signed = await custody([
      ...of,
      '--out',
      tried,
      '--key',
      keyPath,
      '--passphrase-file',
      passphraseFile(folder),
    ])
    expect(signed.stdout).toMatch(/^signed {8}by Ada, key [0-9a-f]{64}$/m)
    const compare = (...files: string[]) => custody(['token', 'doctor', '--compare', ...files])
    expect((await compare(read, read)).stdout).toContain('Both say the same.')
    const { exit, stdout } = await compare(read, tried)
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^ {2}root {10}unproved$[\s\S]*^ {2}signed {8}by Ada[\s\S]*^ {2}root {10}yes$/m)
    writeFileSync(forged, readFileSync(tried, 'utf8').replace('"able":"yes"', '"able":"no"'))
    const json = async (file: string) =>
      (await custodyJson(['token', 'doctor', '--compare', read, file])).json
    expect((await json(forged)).code).toBe('SIGNATURE-INVALID')
    writeFileSync(forged, 'rubbish')
    expect((await json(forged)).code).toBe('EXAMINATION-MALFORMED')
  })

  test('inventory takes the PIN from a descriptor', async () => {
    const { exit, stdout } = await custodyProcess(
      ['token', 'inventory', ...soft, '--pin-fd', '3'],
      '15926374\n',
    )
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
  }, 60_000)

  test('a PIN typed at a terminal opens the token and is not echoed', async () => {
    // A slip is erased as people erase it.
    const keys = '159263759\x7f\x7f4\r'
    const { exit, stdout } = await custodyAtTerminal(['token', 'inventory', ...soft], 'User PIN of', keys)
    expect(exit).toBe(0)
    expect(stdout).toContain('0 objects')
    expect(stdout).not.toContain('1592637')
  }, 60_000)

  test('SECRET-FILE-MODE a PIN file that others may read is not used', async () => {
    const open = secretFile(join(folder, 'open-pin'), '15926374', 0o644)
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
      custodyProcessJson(['token', 'inventory', ...soft, '--pin-fd', '77']),
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

  test('HSM-DUPLICATE-LABEL a second token of the same label is not made, and the first may keep its own', async () => {
    const other = ['--soft', join(folder, 'labels')]
    const init = ['token', 'init', ...other, '--so-pin-file', soPin, '--pin-file', pin]
    const first = await custodyJson([...init, '--label', 'desk'])
    const { exit, json } = await custodyJson([...init, '--label', 'desk'])
    expect([exit, json.code]).toEqual([1, 'HSM-DUPLICATE-LABEL'])
    expect(json.remedy).toContain('another label')
    const { serial: of } = first.json.token as { serial: string }
    expect((await custodyJson([...init, '--label', 'desk', '--serial', of, '--erase'])).exit).toBe(0)
    const { json: list } = await custodyJson(['token', 'list', ...other])
    expect((list.tokens as { label: string }[]).filter(({ label }) => label === 'desk').length).toBe(1)
  }, 60_000)

  test('HSM-TOKEN-AMBIGUOUS a URI that names a token by its label is not guessed at', async () => {
    const other = join(folder, 'twins')
    const store = softTokenEnvironment(other)
    const hsm = await startHsm({ library: store.library, environment: store.environment })
    const make = (label: string) =>
      hsm.token('new').initialise({
        label,
        sameLabel: true,
        soPin: Buffer.from('48372615'),
        userPin: Buffer.from('15926374'),
      })
    const twins = [await make('twin'), await make('twin')]
    await make('alone')
    await hsm.close()
    const bench = (uri: string) =>
      custodyJson(['token', 'bench', uri, '--soft', other, '--pin-file', pin, '--seconds', '0.05'])
    const twin = await bench('pkcs11:token=twin')
    expect([twin.exit, twin.json.code]).toEqual([3, 'HSM-TOKEN-AMBIGUOUS'])
    for (const { serial: of } of twins) expect(twin.json.detail).toContain(of)
    expect((await bench('pkcs11:token=nobody')).json.code).toBe('HSM-TOKEN-ABSENT')
    const mixed = await bench(`pkcs11:token=alone;serial=${twins[0]?.serial}`)
    expect([mixed.exit, mixed.json.code]).toEqual([2, 'TOKEN-AMBIGUOUS'])
  }, 60_000)

  test('HSM-TOKEN-UNINITIALISED a token that was never initialised is called so, and what to do', async () => {
    const fresh = join(folder, 'fresh')
    mkdirSync(fresh)
    const runs = await Promise.all([
      custodyJson(['token', 'info', '--soft', fresh]),
      custodyJson(['token', 'probe', '--soft', fresh, '--pin-file', pin]),
      custodyJson(['token', 'info', '--soft', fresh, '--serial', '12ab']),
    ])
    expect(runs.map(({ json }) => json.code)).toEqual([
      'HSM-TOKEN-UNINITIALISED',
      'HSM-TOKEN-UNINITIALISED',
      'HSM-TOKEN-ABSENT',
    ])
    expect(runs[0]?.json.detail).toMatch(/^never initialised: SoftHSM project SoftHSM v2, slot-\d+$/)
    expect(runs[0]?.json.remedy).toContain('custody token init')
    expect(runs[2]?.json.detail).toBe('token 12ab is not there; present: none')
    expect((await custody(['token', 'list', '--soft', fresh])).stdout).toMatch(
      /^\(new, slot-\d+\).*not initialised/,
    )
  }, 60_000)

  test('inventory says which keys carry one label', async () => {
    const other = join(folder, 'alike')
    const init = ['token', 'init', '--soft', other, '--label', 'alike']
    const made = await custodyJson([...init, '--so-pin-file', soPin, '--pin-file', pin])
    const store = softTokenEnvironment(other)
    const hsm = await startHsm({ library: store.library, environment: store.environment })
    const key = hsm.token((made.json.token as { serial: string }).serial)
    await key.logIn({ user: 'user', pin: new TextEncoder().encode('15926374') })
    for (const id of ['aa'.repeat(16), 'bb'.repeat(16)])
      await key.generateAes({ id, label: 'root', sameLabel: true, bits: 256, template: rootTemplate })
    await hsm.close()
    const { stdout } = await custody(['token', 'inventory', '--soft', other, '--pin-file', pin])
    expect(stdout).toContain('2 secret objects are labelled root: tell them by their identifiers')
  }, 60_000)

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
  }, 60_000)
})
