import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDisplay } from '../../scripts/electron/display.ts'
import { privateFolder, sandboxSwitches } from '../../scripts/electron/launch.ts'
import { custody, jsonOf, runAt } from '../support/commands.ts'
import {
  ended,
  makeRelease,
  openPackaged,
  type Packaged,
  packagedFolder,
  startPackaged,
} from '../support/packaged.ts'
import { playOn, resultPanel, startRehearsal } from '../support/person.ts'
import { descendants } from '../support/processes.ts'

let packaged: Packaged
beforeAll(async () => {
  packaged = await openPackaged()
})
afterAll(() => packaged?.close())

test('PACKAGE-FUSES the fuses read back from the program are those of a release', async () => {
  const wire = await getCurrentFuseWire(join(packagedFolder(), 'lux-custody'))
  const on = (option: FuseV1Options): boolean => wire[option] === FuseState.ENABLE
  expect({
    runAsNode: on(FuseV1Options.RunAsNode),
    cookieEncryption: on(FuseV1Options.EnableCookieEncryption),
    nodeOptions: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
    inspect: on(FuseV1Options.EnableNodeCliInspectArguments),
    onlyAsar: on(FuseV1Options.OnlyLoadAppFromAsar),
    filePrivileges: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
  }).toEqual({
    runAsNode: false,
    cookieEncryption: true,
    nodeOptions: false,
    inspect: false,
    onlyAsar: true,
    filePrivileges: false,
  })
})

test('PACKAGE-MARKER a build that tests can drive says TEST BUILD in its window', async () => {
  await packaged.page.getByText('TEST BUILD').waitFor()
})

test('PACKAGE-NODE core and the token’s process run from the package, in its own Node', async () => {
  // Their own links to their program are not for others to read.
  const programs = (): (string | undefined)[] =>
    descendants(packaged.pid, 'app.asar.unpacked').map(
      (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0],
    )
  // The token's process starts after the first screen has its answers.
  await expect
    .poll(programs, { timeout: 60_000 })
    .toEqual(Array(2).fill(join(packagedFolder(), 'resources/node')))
})

test('SHELL-MEMORY core and the token’s process write no core dump, and only root may read their memory', async () => {
  const person = statSync(`/proc/${packaged.pid}/mem`).uid
  expect(person).not.toBe(0)
  // The kernel gives the memory of such a process to root, whoever runs it.
  const seen = () =>
    descendants(packaged.pid, 'app.asar.unpacked').map((pid) => ({
      dumps: !/Max core file size\s+0\s+0/.test(readFileSync(`/proc/${pid}/limits`, 'utf8')),
      runsAs: statSync(`/proc/${pid}`).uid,
      readBy: statSync(`/proc/${pid}/mem`).uid,
    }))
  const kept = { dumps: false, runsAs: person, readBy: 0 }
  await expect.poll(seen, { timeout: 60_000 }).toEqual([kept, kept])
})

test('PACKAGE-SANDBOX its renderer runs under a seccomp filter, but where users get no namespaces', () => {
  const renderer = /"renderer":(\d+)/.exec(packaged.output())?.[1]
  const filtered = /^Seccomp:\s+2$/m.test(readFileSync(`/proc/${renderer}/status`, 'utf8'))
  expect(filtered).toBe(sandboxSwitches().length === 0)
})

test('PACKAGE-RUN the packaged app goes from an empty store to a bundle that custody verify accepts', async () => {
  const { page } = packaged
  await startRehearsal(page, { script: 'First run' })
  await playOn(page, null)
  const bundle = await resultPanel(page)
    .getByText(/\/bundle\.zip$/)
    .textContent()
  const policy = (bundle ?? '').replace(/bundle\.zip$/, 'policy.json')
  const verdict = await custody('--json', 'verify', bundle ?? '', '--policy', policy)
  expect(jsonOf(verdict)).toMatchObject({ verdict: 'accepted', failed: [] })
})

test('PACKAGE-CLI its own custody rehearses a script and accepts the bundle, without a checkout', async () => {
  const folder = privateFolder('lux-packaged-cli-')
  const program = join(packagedFolder(), 'custody')
  try {
    const out = join(folder, 'run')
    const rehearsed = jsonOf(await runAt(program, ['--json', 'rehearse', 'first-run', '--out', out], folder))
    expect(rehearsed).toMatchObject({ ok: true, state: 'Sealed' })
    const bundle = [join(out, 'bundle.zip'), '--policy', join(out, 'policy.json')]
    const verdict = jsonOf(await runAt(program, ['--json', 'verify', ...bundle], folder))
    expect(verdict).toMatchObject({ verdict: 'accepted', failed: [] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.each([
  '--remote-debugging-port=0',
  '-remote-debugging-port=0',
  '--inspect=0',
  '--no-sandbox',
  '--host-rules=',
])('PACKAGE-SWITCHES a release exits on %s before it opens anything', async (option) => {
  const folder = privateFolder('lux-release-')
  const display = await startDisplay()
  const child = startPackaged(release(), [option], {
    home: join(folder, 'home'),
    environment: { DISPLAY: display.name, LUX_STORE: join(folder, 'store') },
  })
  try {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
    const code = await new Promise((resolve) => {
      child.once('exit', resolve)
      setTimeout(() => resolve('still running'), 10_000)
    })
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringContaining('is not for a released app'),
    })
    expect(existsSync(join(folder, 'store'))).toBe(false)
  } finally {
    await ended(child)
    await display.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

let made = ''
function release(): string {
  made ||= makeRelease(privateFolder('lux-unmarked-'))
  return made
}
afterAll(() => rmSync(made, { recursive: true, force: true }))
