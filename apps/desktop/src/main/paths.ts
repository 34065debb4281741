import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { app } from 'electron'
import { type CoreEnvironment, libraryVariables } from '../contract/index.ts'
import type { CoreProgram } from './core-process.ts'
import { lookAtPackage } from './look-at-package.ts'

/** Only a checkout or a test build lets the environment name programs; a released app runs what it shipped with. */
export type Trust = { packaged: boolean; testBuild: boolean }

const passedOn = ['HOME', 'PATH', 'TMPDIR', 'LANG', 'LC_ALL', 'USERPROFILE', 'SystemRoot', 'TEMP'] as const
const passedOnLux = ['LUX_TRAINING', 'LUX_PKCS11', 'LUX_PKCS11_INIT', ...libraryVariables] as const

export function storeFolder(): string {
  return process.env.LUX_STORE ?? join(app.getPath('appData'), 'Lux Custody', 'store')
}

function unpacked(path: string): string {
  return path.replace(
    `app.asar${path.includes('\\') ? '\\' : '/'}`,
    `app.asar.unpacked${path.includes('\\') ? '\\' : '/'}`,
  )
}

export function coreProgram({ packaged, testBuild }: Trust): CoreProgram {
  const mayChoose = !packaged || testBuild
  const entry =
    (mayChoose && process.env.LUX_CORE) || unpacked(join(app.getAppPath(), 'out', 'core', 'main.js'))
  const node = process.platform === 'win32' ? 'node.exe' : 'node'
  const execPath = packaged
    ? join(process.resourcesPath, node)
    : (process.env.LUX_NODE ?? nodeOfCheckout(app.getAppPath()))
  const resources = packaged
    ? join(process.resourcesPath, 'resources')
    : join(app.getAppPath(), '..', '..', 'resources')
  const environment: CoreEnvironment & Record<string, string> = {
    LUX_GENERATION: '0',
    LUX_STORE: storeFolder(),
    LUX_RESOURCES: resources,
  }
  for (const name of [...passedOn, ...passedOnLux]) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  // Inside the archive, which says what everything beside it has to be.
  const looking = join(app.getAppPath(), 'out', 'main', 'look.js')
  const changed = packaged ? () => lookAtPackage(looking, process.resourcesPath) : null
  const patience = mayChoose ? Number(process.env.LUX_PATIENCE_MS) : Number.NaN
  const patienceMs = Number.isFinite(patience) && patience > 0 ? { patienceMs: patience } : {}
  return { entry, execPath, cwd: dirname(entry), environment, changed, ...patienceMs }
}

/** The Node of a checkout: the npm package beside the other dependencies. */
function nodeOfCheckout(appPath: string): string {
  const own = join(appPath, '..', '..', 'node_modules', '.bin', 'node')
  return existsSync(own) ? own : 'node'
}
