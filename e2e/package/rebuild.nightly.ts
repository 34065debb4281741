import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { packagedFolder } from '../support/packaged.ts'

const root = join(import.meta.dirname, '../..')
// On the same file system, so that packages are links.
const other = join(root, '.lux/rebuilt')
afterAll(() => rmSync(other, { recursive: true, force: true }))

function must(program: string, args: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...more },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${status}\n${stdout}\n${stderr}`.slice(-4000))
  return stdout
}

/** The checkout's own files and the packages that are installed, and nothing that was built. */
function makeOther(): void {
  rmSync(other, { recursive: true, force: true })
  mkdirSync(other, { recursive: true })
  for (const file of must('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root)
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(other, file)), { recursive: true })
    cpSync(join(root, file), join(other, file))
  }
  must('cp', ['-al', join(root, 'node_modules'), join(other, 'node_modules')], root)
  mkdirSync(join(other, '.lux'))
  must('cp', ['-al', join(root, '.lux/electron'), join(other, '.lux/electron')], root)
  const setUp = readFileSync(join(root, '.lux/set-up.json'), 'utf8')
  writeFileSync(join(other, '.lux/set-up.json'), setUp.replaceAll(root, other))
}

/** Each file and link below a folder, with its mode and what it holds. */
const contentsOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .flatMap((path) => {
      const at = join(folder, path)
      const about = lstatSync(at)
      if (about.isDirectory()) return []
      const held = about.isSymbolicLink()
        ? readlinkSync(at)
        : createHash('sha256').update(readFileSync(at)).digest('hex')
      return [`${(about.mode & 0o7777).toString(8)} ${path} ${held}`]
    })

test('RELEASE-REBUILD built from its sources in another folder, zone and language, the package and the release are the same byte for byte', () => {
  const packed = packagedFolder()
  const elsewhere = { TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8' }
  must(process.execPath, ['scripts/package.ts', '--test-build'], root)
  makeOther()
  must(process.execPath, ['scripts/package.ts', '--test-build'], other, elsewhere)
  const again = join(other, 'dist/test-build/linux-unpacked')
  const contents = contentsOf(packed)
  expect(contents.length).toBeGreaterThan(500)
  expect(contentsOf(again)).toEqual(contents)

  const epoch = must('git', ['log', '-1', '--format=%ct'], root).trim()
  const [one, two] = [join(other, 'one'), join(other, 'two')]
  const release = (cwd: string, out: string) =>
    must(process.execPath, ['scripts/release.ts', '--test-build', '--out', out], cwd, {
      SOURCE_DATE_EPOCH: epoch,
    })
  expect(release(other, two)).toBe(release(root, one))
  expect(readFileSync(join(two, 'SHA256SUMS.sig'))).toEqual(readFileSync(join(one, 'SHA256SUMS.sig')))
})
