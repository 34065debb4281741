import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { packagedFolder } from '../support/packaged.ts'

const root = join(import.meta.dirname, '../..')
// Beside the package, so that copies are links.
const folder = privateFolder('lux-release-', dirname(packagedFolder()))
const release = join(folder, 'release')
const runtime = join(folder, 'runtime')
const guide = readFileSync(join(root, 'docs/install.md'), 'utf8')

afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Ended = { readonly status: number | null; readonly out: string }

function run(program: string, args: readonly string[], cwd = root, more: NodeJS.ProcessEnv = {}): Ended {
  const env = { ...process.env, ...more }
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return { status, out: `${stdout}${stderr}` }
}

/** What install.md has people type, run as they would: the first `many` lines. */
function compare(at: string, many = 3): Ended[] {
  const block = /### 1\. Compare\n\n```sh\n([\s\S]+?)```/.exec(guide)?.[1] ?? ''
  return block
    .trim()
    .split('\n')
    .slice(0, many)
    .map((line) => run('sh', ['-c', line], at))
}

const fileNamed = (end: string): string => readdirSync(release).find((name) => name.endsWith(end)) ?? ''

/** The release with `change` made to one of its files. */
function copyOf(name: string, file: string, change: (bytes: Buffer) => Buffer): string {
  const at = join(folder, name)
  mkdirSync(at)
  for (const one of readdirSync(release)) {
    if (one === file) writeFileSync(join(at, one), change(readFileSync(join(release, one))))
    else linkSync(join(release, one), join(at, one))
  }
  return at
}

const flip = (bytes: Buffer): Buffer => {
  const changed = Buffer.from(bytes)
  const middle = changed.length >> 1
  changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle)
  return changed
}

/** `scripts/release.ts` of a test build into `to`, with an AppImage. */
const makeRelease = (to: string, more: NodeJS.ProcessEnv = {}): Ended =>
  run(
    process.execPath,
    ['scripts/release.ts', '--test-build', '--appimage-runtime', runtime, '--out', to],
    root,
    more,
  )

beforeAll(() => {
  const source = join(import.meta.dirname, '../support/appimage-stand-in.c')
  expect(run('cc', ['-O1', '-s', '-Wall', '-Werror', '-o', runtime, source])).toEqual({ status: 0, out: '' })
  // The padding of an ELF, in which AppImage has its mark.
  const marked = readFileSync(runtime)
  marked.write('AI\x02', 8, 'latin1')
  writeFileSync(runtime, marked)
  const made = makeRelease(release)
  expect(made).toMatchObject({ status: 0, out: expect.stringContaining('release key') })
}, 480_000)

test('RELEASE-VERIFY the commands of the guide accept a release, and its key is the one whose words stand there', () => {
  const [key, signature, sums] = compare(release)
  const hex = key?.out.slice(0, 64) ?? ''
  expect(guide).toContain(`\`${hex}\``)
  expect(signature).toEqual({ status: 0, out: 'Signature Verified Successfully\n' })
  expect(sums).toMatchObject({ status: 0, out: expect.stringMatching(/^(\S+: OK\n){4}$/) })
  const words = [...guide.matchAll(/^> (.+)$/gm)].map(([, line]) => line).join(' ')
  const said = run(
    process.execPath,
    [
      '-e',
      `import('@lux/crypto').then(({ toWords, fromHex }) => console.log(toWords(fromHex('${hex}')).join(' ')))`,
    ],
    join(root, 'e2e'),
  )
  expect(said.out.trim()).toBe(words)
})

test.each(['.deb', '.tar.gz', '.AppImage', '.cdx.json'])(
  'RELEASE-VERIFY one changed bit of the %s is refused',
  (end) => {
    const name = fileNamed(end)
    const [, signature, sums] = compare(copyOf(`changed${end}`, name, flip))
    expect(signature?.status).toBe(0)
    expect(sums).toMatchObject({ out: expect.stringContaining(`${name}: FAILED`) })
    expect(sums?.status).not.toBe(0)
  },
)

test.each(['SHA256SUMS', 'SHA256SUMS.sig'])('RELEASE-VERIFY one changed bit of %s is refused', (name) => {
  const [, signature] = compare(copyOf(`changed ${name}`, name, flip), 2)
  expect(signature?.status).not.toBe(0)
})

test('RELEASE-VERIFY checksums that another key signed show another fingerprint', () => {
  const other = generateKeyPairSync('ed25519')
  const at = copyOf('other key', 'release-key.pem', () =>
    Buffer.from(other.publicKey.export({ type: 'spki', format: 'pem' })),
  )
  rmSync(join(at, 'SHA256SUMS.sig'))
  writeFileSync(
    join(at, 'SHA256SUMS.sig'),
    sign(null, readFileSync(join(at, 'SHA256SUMS')), other.privateKey),
  )
  const [key, signature] = compare(at, 2)
  expect(signature?.status).toBe(0)
  expect(guide).not.toContain(key?.out.slice(0, 64))
})

test('RELEASE-TWICE made again, with files of another time, in another zone, it is the same byte for byte', () => {
  const packed = packagedFolder()
  const again = join(folder, 'again')
  const late = join(packed, 'resources/LICENSE')
  const { atime, mtime } = statSync(late)
  const old = new Date('2001-02-03T04:05:06Z')
  utimesSync(late, old, old)
  try {
    const made = makeRelease(again, { TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8' })
    expect(made).toMatchObject({ status: 0 })
  } finally {
    utimesSync(late, atime, mtime)
  }
  const bytesOf = (name: string, at: string) =>
    createHash('sha256')
      .update(readFileSync(join(at, name)))
      .digest('hex')
  const names = readdirSync(release).toSorted()
  expect(readdirSync(again).toSorted()).toEqual(names)
  expect(names.map((name) => [name, bytesOf(name, again)])).toEqual(
    names.map((name) => [name, bytesOf(name, release)]),
  )
  rmSync(again, { recursive: true })
}, 480_000)

test('RELEASE-DEB the package runs no script, belongs to root, and what it unpacks runs', () => {
  const deb = join(release, fileNamed('.deb'))
  const control = join(folder, 'control')
  expect(run('dpkg-deb', ['--control', deb, control]).status).toBe(0)
  expect(readdirSync(control)).toEqual(['control'])
  const listed = run('dpkg-deb', ['--contents', deb]).out.trim().split('\n')
  expect(listed.filter((line) => !/^\S+ root\/root /.test(line))).toEqual([])
  // Nobody but root may write, and nothing runs with another's rights.
  expect(listed.filter((line) => /^[^l]....w|^[^l].......w|^...s|^......s/.test(line))).toEqual([])
  const unpacked = join(folder, 'unpacked')
  expect(run('dpkg-deb', ['--extract', deb, unpacked]).status).toBe(0)
  const version = run(join(unpacked, 'opt/lux-custody/custody'), ['--json', 'version'], folder)
  expect(version).toMatchObject({ status: 0, out: expect.stringContaining('"version"') })
  rmSync(unpacked, { recursive: true })
})

test('RELEASE-APPIMAGE what lies behind the runtime is the packaged folder, of root, and runs as the command where it is called so', () => {
  const image = join(release, fileNamed('.AppImage'))
  const bytes = readFileSync(runtime)
  expect(readFileSync(image).subarray(0, bytes.length).equals(bytes)).toBe(true)
  expect(statSync(image).mode & 0o777).toBe(0o755)
  const listed = run('unsquashfs', ['-offset', `${bytes.length}`, '-lln', image])
    .out.trim()
    .split('\n')
    .filter((line) => / squashfs-root/.test(line))
  expect(listed.length).toBeGreaterThan(500)
  expect(listed.filter((line) => !/^\S+ 0\/0 /.test(line))).toEqual([])
  expect(listed.filter((line) => /^[^l]....w|^[^l].......w|^...s|^......s/.test(line))).toEqual([])

  const unpacked = join(folder, 'appimage')
  const command = join(folder, 'custody')
  symlinkSync(image, command)
  const version = run(command, ['--json', 'version'], folder, { STAND_IN_FOLDER: unpacked })
  expect(version).toMatchObject({ status: 0, out: expect.stringContaining('"version"') })
  const filesOf = (at: string) =>
    readdirSync(at, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((path) => [path, lstatSync(join(at, path))] as const)
      .filter(([, about]) => !about.isDirectory())
      .map(([path, about]) => `${path} ${about.mode.toString(8)} ${about.size}`)
  expect(filesOf(join(unpacked, 'opt/lux-custody'))).toEqual(filesOf(packagedFolder()))
  expect(readdirSync(unpacked).toSorted()).toEqual(
    ['.DirIcon', 'AppRun', 'lux-custody.desktop', 'lux-custody.svg', 'opt'].toSorted(),
  )
  rmSync(unpacked, { recursive: true })
})

test.each([
  ['no ELF', () => Buffer.from('#!/bin/sh\n')],
  ['an ELF without AppImage’s mark', () => readFileSync(process.execPath).subarray(0, 1 << 16)],
])('RELEASE-APPIMAGE a runtime that is %s is refused before anything is made', (_, bytes) => {
  const wrong = join(folder, 'wrong')
  const out = join(folder, 'no')
  writeFileSync(wrong, bytes())
  expect(
    run(process.execPath, ['scripts/release.ts', '--test-build', '--appimage-runtime', wrong, '--out', out]),
  ).toMatchObject({ status: 1, out: expect.stringContaining('no type 2 runtime of AppImage') })
  expect(existsSync(out)).toBe(false)
})

test('RELEASE-SBOM every package that ships is a part with its licence, and what only builds is none', () => {
  const { bomFormat, specVersion, components } = JSON.parse(
    readFileSync(join(release, fileNamed('.cdx.json')), 'utf8'),
  )
  expect({ bomFormat, specVersion }).toEqual({ bomFormat: 'CycloneDX', specVersion: '1.6' })
  const names: string[] = components.map(({ name }: { name: string }) => name)
  expect(names).toEqual(
    expect.arrayContaining(['electron', 'react', 'pkcs11js', 'better-sqlite3', '@noble/hashes']),
  )
  // What the server alone needs is none of it.
  for (const other of ['vitest', 'fastify', 'kysely', 'pg', 'openid-client'])
    expect(names).not.toContain(other)
  // Whatever lies in the package as a package is listed, in its version.
  const listed = new Set(
    components.map(({ name, version }: { name: string; version: string }) => `${name} ${version}`),
  )
  const modules = join(packagedFolder(), 'resources/app.asar.unpacked/node_modules')
  const there = readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|node_modules\/)(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    .map((path) => JSON.parse(readFileSync(join(modules, path), 'utf8')))
    .filter(({ name, version }) => name !== undefined && version !== undefined && !name.startsWith('@lux/'))
    .map(({ name, version }) => `${name} ${version}`)
  expect(there.some((one) => one.startsWith('pkcs11js '))).toBe(true)
  expect(there.filter((one) => !listed.has(one))).toEqual([])
  // The runtime is no package of npm.
  const [first, ...packages] = components.toReversed()
  expect(first).toEqual({
    type: 'application',
    name: 'AppImage type 2 runtime',
    'bom-ref': 'AppImage type 2 runtime',
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(readFileSync(runtime)).digest('hex') }],
  })
  for (const { name, purl, licenses, hashes } of packages) {
    expect({ name, known: /^pkg:npm\//.test(purl) && licenses.length === 1 }).toEqual({ name, known: true })
    // A test build's Electron is none that the lockfile knows.
    if (name !== 'electron')
      expect({ name, sha512: hashes?.[0]?.content.length }).toEqual({ name, sha512: 128 })
  }
})

test('RELEASE-KEY the published key signs nothing but test builds', () => {
  const published = 'scripts/release/rehearsal-key.pem'
  // The same key elsewhere, written otherwise.
  const copied = join(folder, 'copied.pem')
  writeFileSync(copied, `a copy\n${readFileSync(join(root, published), 'utf8')}`)
  for (const key of [published, copied]) {
    const refused = run(process.execPath, ['scripts/release.ts', '--key', key, '--out', join(folder, 'no')])
    expect(refused).toMatchObject({ status: 1, out: expect.stringContaining('test builds alone') })
  }
  expect(existsSync(join(folder, 'no'))).toBe(false)
})
