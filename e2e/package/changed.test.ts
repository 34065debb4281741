import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { jsonOf, runAt } from '../support/commands.ts'
import { copyWith, openPackaged, packagedFolder } from '../support/packaged.ts'
import { descendants } from '../support/processes.ts'

// Beside the package, where there is room for a copy.
const folder = privateFolder('lux-changed-', dirname(packagedFolder()))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The last byte, which leaves even a program able to run. */
const lastByte = (packed: Buffer): Buffer => {
  const changed = Buffer.from(packed)
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1)
  return changed
}
const unpacked = 'app.asar.unpacked'
const modules = `${unpacked}/node_modules`

test.each([
  ['one byte of Node', 'node', lastByte],
  ['one byte of core', `${unpacked}/out/core/main.js`, lastByte],
  ['one byte of the PKCS#11 addon', `${modules}/pkcs11js/build/Release/pkcs11.node`, lastByte],
  ['one byte of the database addon', `${modules}/better-sqlite3/prebuilds/linux-x64.node`, lastByte],
  ['one byte of the key library', `${modules}/node-tfhe/tfhe_bg.wasm`, lastByte],
  ['one byte of a ceremony script', 'resources/scripts/root-kek.yaml', lastByte],
  ['a byte less', `${modules}/koffi/package.json`, (packed: Buffer) => packed.subarray(0, -1)],
  [
    'a byte more',
    `${modules}/koffi/package.json`,
    (packed: Buffer) => Buffer.concat([packed, Buffer.from(' ')]),
  ],
  ['a file more', `${modules}/koffi/index.mjs`, () => Buffer.from('\n')],
] as const)('PACKAGE-CHANGED custody refuses %s, and names the file', async (_what, path, change) => {
  const at = copyWith(folder, path, change)
  const refused = await runAt(join(at, 'custody'), ['--json', 'version'], folder)
  expect(jsonOf(refused, 3)).toMatchObject({
    ok: false,
    code: 'PROGRAM-CHANGED',
    detail: `${path} is not as it was packed`,
  })
})

test.each([
  ['Node', 'node'],
  ['core', `${unpacked}/out/core/main.js`],
  ['a native module', `${modules}/pkcs11js/build/Release/pkcs11.node`],
])('PACKAGE-CHANGED the window runs no core where one byte of %s was changed', async (_what, path) => {
  const at = copyWith(folder, path, lastByte)
  const app = await openPackaged(at, /^(PROGRAM-CHANGED): /m)
  try {
    expect(app.output()).toContain(`PROGRAM-CHANGED: ${path} is not as it was packed`)
    const banner = app.page.getByRole('alert').filter({ hasText: 'PROGRAM-CHANGED' })
    await banner.getByText('A file of the program is not as it was packed').waitFor()
    expect(descendants(app.pid, unpacked)).toEqual([])
    // Started again by hand, it is looked at again.
    await banner.getByRole('button').click()
    await expect.poll(() => app.output().match(/^PROGRAM-CHANGED: /gm)?.length).toBeGreaterThan(1)
    expect(descendants(app.pid, unpacked)).toEqual([])
  } finally {
    await app.close()
  }
})

test('PACKAGE-BUILD the build is what find and sha256sum say of the package, and changes with its archive', async () => {
  const sum = (at: string): string =>
    spawnSync('sh', ['-c', "find . -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum"], {
      cwd: join(at, 'resources'),
      encoding: 'utf8',
    }).stdout.slice(0, 64)
  const buildOf = async (at: string) =>
    jsonOf(await runAt(join(at, 'custody'), ['--json', 'version'], folder)).build
  const build = await buildOf(packagedFolder())
  expect(build).toMatch(/^[0-9a-f]{64}$/)
  expect(build).toBe(sum(packagedFolder()))
  const other = await buildOf(copyWith(folder, 'app.asar', lastByte))
  expect(other).toMatch(/^[0-9a-f]{64}$/)
  expect(other).not.toBe(build)
})
