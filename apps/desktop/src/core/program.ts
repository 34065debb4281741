import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unpackedName } from '../shipped/index.ts'
import { filesBelow, type MeasuredFile, type Measurement, measure } from './measure.ts'

/**
 * Where this program's parts lie. Built, core.js, hsm-host.js, key-child.js and cli.js share one folder; in a checkout
 * the sources run as they are.
 */
export type ProgramParts = {
  /** Node that runs core and its children. */
  execPath: string
  /** null: the driver's own source. */
  hostEntry: string | null
  keyChildEntry: string
  /** Folder with scripts/ and locales/. */
  resources: string
}

/** The parts, and what they are: measuring reads every file that they are loaded from, once, when it is first asked for. */
export type Program = ProgramParts & { readonly measurement: Measurement }

const sources = dirname(fileURLToPath(import.meta.url))

type Places = {
  built: boolean
  folder: string
  app: string
  checkout: string
  resources: string
  /** The package's `resources`, null in a checkout. */
  shipped: string | null
}

function places(): Places {
  // Bundled, this module lies in a chunk of its own, so the entry that Node was started with says where the parts are.
  const beside = dirname(process.argv[1] ?? '')
  const built = existsSync(join(beside, 'hsm-host.js'))
  const folder = built ? beside : sources
  const app = join(folder, '..', '..')
  const checkout = join(app, '..', '..')
  // Packaged, they lie beside the unpacked archive; main says so, and a command line that nobody told looks.
  const packaged = join(app, '..', 'resources')
  const resources = existsSync(join(packaged, 'scripts')) ? packaged : join(checkout, 'resources')
  const shipped = basename(app) === unpackedName ? dirname(app) : null
  return { built, folder, app, checkout, resources, shipped }
}

/** The folder of the package that this program runs from, null in a checkout. */
export function packageFolder(): string | null {
  return places().shipped
}

/** The built app on people's phones. */
export function phoneApp(): string {
  const { checkout, shipped } = places()
  return shipped === null ? join(checkout, 'apps/share-holder-mobile-web/out') : join(shipped, 'phone')
}

export function findParts(): ProgramParts {
  const { built, folder, resources: found, shipped } = places()
  return {
    execPath: process.execPath,
    hostEntry: built ? join(folder, 'hsm-host.js') : null,
    keyChildEntry: built ? join(folder, 'key-child.js') : join(folder, 'key-child', 'main.ts'),
    resources: shipped === null ? (process.env.LUX_RESOURCES ?? found) : found,
  }
}

export function findProgram(): Program {
  const { built, checkout, shipped } = places()
  let measured: Measurement | null = null
  return {
    ...findParts(),
    get measurement() {
      measured ??= measure({
        files: shipped === null ? filesOfCheckout(checkout, built) : filesOfPackage(shipped),
        version: programVersion(),
        commit: shipped === null ? commitOf(checkout) : null,
      })
      return measured
    },
  }
}

/** As package.json says it. */
export function programVersion(): string {
  const path = join(places().app, 'package.json')
  if (!existsSync(path)) return '0.0.0'
  const { version }: { version?: unknown } = JSON.parse(readFileSync(path, 'utf8'))
  return typeof version === 'string' ? version : '0.0.0'
}

/** Sources without a history: what cannot name its commit can rehearse and no more. */
const unknownCommit = '0'.repeat(40)

/** The checkout's commit, read without git. */
function commitOf(checkout: string): string {
  const git = join(checkout, '.git')
  const head = readIfThere(join(git, 'HEAD')) ?? ''
  if (!head.startsWith('ref: ')) return commitIn(head)
  const ref = head.slice(5)
  const loose = readIfThere(join(git, ref))
  if (loose !== null) return commitIn(loose)
  const packed = readIfThere(join(git, 'packed-refs')) ?? ''
  return commitIn(packed.split('\n').find((one) => one.endsWith(` ${ref}`)) ?? '')
}

function commitIn(text: string): string {
  return /^[0-9a-f]{40}(?![0-9a-f])/.exec(text)?.[0] ?? unknownCommit
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

const runningNode: MeasuredFile = { name: '(node)', path: process.execPath }

/** A whole package: its archive, what is unpacked beside it, Node, and the resources. Another Node makes another build. */
function filesOfPackage(shipped: string): MeasuredFile[] {
  const files = filesBelow(shipped, shipped)
  const running = realpathSync(process.execPath)
  const own = files.some(
    ({ name, path }) => /^\.\/node(\.exe)?$/.test(name) && realpathSync(path) === running,
  )
  return own ? files : [...files, runningNode]
}

/** Native code and WebAssembly stay outside what is built. */
const nativeModules = ['better-sqlite3', 'pkcs11js', 'koffi', '@koromix', 'node-tfhe']
const builtSources = [
  'apps/desktop/src',
  'packages/crypto/src',
  'packages/node-files/src',
  'packages/hsm/src',
  'packages/ceremony/src',
  'packages/people/src',
]
const loaded = /\.([cm]?[jt]s|json|node|wasm)$/

/** What core and its children are loaded from in a checkout: the sources or what was built of them, modules, Node. */
function filesOfCheckout(checkout: string, built: boolean): MeasuredFile[] {
  const own = built ? ['apps/desktop/out/core'] : builtSources
  return [
    ...[...own, ...nativeModules.map((name) => `node_modules/${name}`)]
      .map((path) => join(checkout, path))
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => filesBelow(folder, checkout, loaded)),
    runningNode,
  ]
}
