import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Measurement, measure } from './measure.ts'

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

/** The parts, and what they are: measuring reads all of them and Node itself, once, when it is first asked for. */
export type Program = ProgramParts & { readonly measurement: Measurement }

const sources = dirname(fileURLToPath(import.meta.url))

function places(): { built: boolean; folder: string; app: string; checkout: string; resources: string } {
  // Bundled, this module lies in a chunk of its own, so the entry that Node was started with says where the parts are.
  const beside = dirname(process.argv[1] ?? '')
  const built = existsSync(join(beside, 'hsm-host.js'))
  const folder = built ? beside : sources
  const app = join(folder, '..', '..')
  const checkout = join(app, '..', '..')
  // Packaged, they lie beside the unpacked archive; main says so, and a command line that nobody told looks.
  const packaged = join(app, '..', 'resources')
  const resources = existsSync(join(packaged, 'scripts')) ? packaged : join(checkout, 'resources')
  return { built, folder, app, checkout, resources }
}

export function findParts(resources: string | undefined = process.env.LUX_RESOURCES): ProgramParts {
  const { built, folder, resources: found } = places()
  return {
    execPath: process.execPath,
    hostEntry: built ? join(folder, 'hsm-host.js') : null,
    keyChildEntry: built ? join(folder, 'key-child.js') : join(folder, 'key-child', 'main.ts'),
    resources: resources ?? found,
  }
}

export function findProgram(resources: string | undefined = process.env.LUX_RESOURCES): Program {
  const { folder, checkout } = places()
  let measured: Measurement | null = null
  return {
    ...findParts(resources),
    get measurement() {
      measured ??= measure({
        folder,
        execPath: process.execPath,
        version: programVersion(),
        commit: commitOf(checkout),
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

/** The checkout's commit, read without git; null where there is no checkout, so a packaged app is measured by its files. */
function commitOf(checkout: string): string | null {
  const git = join(checkout, '.git')
  const head = readIfThere(join(git, 'HEAD'))
  if (head === null) return null
  if (!head.startsWith('ref: ')) return isCommit(head) ? head : null
  const ref = head.slice(5)
  const loose = readIfThere(join(git, ref))
  if (loose !== null) return isCommit(loose) ? loose : null
  const packed = readIfThere(join(git, 'packed-refs')) ?? ''
  const line = packed.split('\n').find((one) => one.endsWith(` ${ref}`))
  const commit = line?.slice(0, 40) ?? ''
  return isCommit(commit) ? commit : null
}

function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
