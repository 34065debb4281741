import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startOpenCryptoki } from '../../../../packages/hsm/test/profiles/opencryptoki.ts'
import type { RealToken } from '../../../../packages/hsm/test/profiles/real-token.ts'
import { startSwtpm } from '../../../../packages/hsm/test/profiles/swtpm.ts'
import { type Answer, main, secretFile, temporaryFolder } from './support/custody.ts'

// Each runs the command a few times, and starting it takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

/** The command as it is started, where the token's daemon is. */
function custodyAt(real: RealToken, args: readonly string[]) {
  const [command = '', ...rest] = [
    ...real.inside,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    main,
    ...args,
  ]
  const env = { ...process.env, ...real.environment }
  const done = spawnSync(command, rest, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] })
  return { exit: done.status, stdout: done.stdout, stderr: done.stderr }
}

function custodyJsonAt(real: RealToken, args: readonly string[]): { exit: number | null; json: Answer } {
  const { exit, stdout, stderr } = custodyAt(real, ['--json', ...args])
  if (stdout === '') throw new Error(stderr)
  return { exit, json: JSON.parse(stdout) as Answer }
}

describe.each([
  {
    name: 'opencryptoki',
    start: startOpenCryptoki,
    userPin: '55556666',
    wrong: '00000000',
    soPin: '11223344',
  },
  { name: 'swtpm', start: startSwtpm, userPin: 'user-pin-1', wrong: 'user-pin-2', soPin: 'so-pin-11' },
])('token on $name, its library by that name', ({ name, start, userPin, wrong, soPin }) => {
  let real: RealToken
  let folder: string
  let pins: string[]
  const library = ['--library', name]
  beforeAll(async () => {
    real = await start()
    folder = temporaryFolder()
    pins = ['--pin-file', secretFile(join(folder, 'pin'), userPin)]
  }, 150_000)
  afterAll(() => {
    real?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('init gives a new token both PINs', () => {
    const so = ['--so-pin-file', secretFile(join(folder, 'so-pin'), soPin)]
    const { exit, json } = custodyJsonAt(real, [
      'token',
      'init',
      ...library,
      '--label',
      'desk',
      ...so,
      ...pins,
    ])
    expect([exit, json]).toEqual([0, expect.objectContaining({ ok: true })])
    expect(json.token).toMatchObject({ profile: name, label: 'desk', pin: { user: 'ok', so: 'ok' } })
  })

  test('list and info say what it is, in words, and what its evidence is', () => {
    const list = custodyJsonAt(real, ['token', 'list', ...library])
    expect(list.json.tokens).toContainEqual(
      expect.objectContaining({ profile: name, label: 'desk', initialised: true }),
    )
    const info = custodyJsonAt(real, ['token', 'info', ...library])
    expect(info.json.evidence).toMatchObject({ level: 'E0' })
    expect(info.json.profile).toMatchObject({
      id: name,
      verifiedOn: expect.stringContaining('Debian') as string,
    })
    const { stdout } = custodyAt(real, ['token', 'info', ...library])
    expect(stdout).toContain('makes RSA pairs')
    expect(stdout).toContain('no  attack probe passed: not probed')
  })

  test('inventory is empty, and a wrong PIN is tried once and shown', () => {
    const right = custodyJsonAt(real, ['token', 'inventory', ...library, ...pins])
    expect([right.exit, right.json.objects]).toEqual([0, []])
    const bad = ['--pin-file', secretFile(join(folder, 'wrong'), wrong)]
    const { exit, json } = custodyJsonAt(real, ['token', 'inventory', ...library, ...bad])
    expect([exit, json.code]).toEqual([3, 'HSM-PIN-WRONG'])
    expect(json.pin).toMatchObject({ user: name === 'swtpm' ? 'ok' : 'low' })
  })

  test('probe does not pass, says why, and leaves nothing behind', () => {
    const { exit, json } = custodyJsonAt(real, ['token', 'probe', ...library, ...pins])
    expect([exit, json.code]).toEqual([1, 'PROBE-FAILED'])
    expect(json.detail).toContain('no wrap mechanism gives a known answer')
    expect(json.evidence).toMatchObject({ level: 'E0' })
    expect(custodyJsonAt(real, ['token', 'inventory', ...library, ...pins]).json.objects).toEqual([])
  })

  test('erasing it through its library is refused, and it stays as it was', () => {
    const { json: info } = custodyJsonAt(real, ['token', 'info', ...library])
    const { serial } = info.token as { serial: string }
    const so = ['--so-pin-file', join(folder, 'so-pin')]
    const again = ['--serial', serial, '--erase', '--label', 'again', ...so, ...pins]
    const { exit, json } = custodyJsonAt(real, ['token', 'init', ...library, ...again])
    expect([exit, json.code]).toEqual([3, 'HSM-FUNCTION-MISSING'])
    expect(custodyJsonAt(real, ['token', 'info', ...library]).json.token).toMatchObject({ label: 'desk' })
  })

  test('LIBRARY-NOT-INSTALLED a profile whose library is not here names the places', () => {
    const { exit, json } = custodyJsonAt(real, ['token', 'list', '--library', 'cloudhsm'])
    expect([exit, json.code]).toEqual([2, 'LIBRARY-NOT-INSTALLED'])
    expect(json.detail).toContain('/opt/cloudhsm/lib/libcloudhsm_pkcs11.so')
  })
})
