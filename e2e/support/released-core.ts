import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { appFolder, openFolder, privateFolder } from '../../scripts/electron/launch.ts'
import { giveAll } from './give-all.ts'

/**
 * The built core laid out as a package has it, so that it measures itself as a release: a checkout may only rehearse.
 * Native modules are the checkout's own. `entry` is the program for LUX_CORE.
 */
export function releasedCore(): { entry: string; remove(): void } {
  const folder = privateFolder('lux-release-')
  const app = join(folder, 'app.asar.unpacked')
  mkdirSync(app, { recursive: true, mode: 0o755 })
  cpSync(join(appFolder(), 'out/core'), join(app, 'out/core'), { recursive: true })
  cpSync(join(appFolder(), 'package.json'), join(app, 'package.json'))
  cpSync(join(openFolder(), 'resources'), join(folder, 'resources'), { recursive: true })
  linkModules(join(openFolder(), 'node_modules'), join(app, 'node_modules'))
  giveAll(folder)
  return {
    entry: join(app, 'out/core/main.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * Each module by itself: what tools keep beside them, and the workspaces, change while tests run, and with them the build that is
 * measured.
 */
function linkModules(from: string, to: string): void {
  mkdirSync(to, { mode: 0o755 })
  for (const name of readdirSync(from))
    if (!name.startsWith('.') && name !== '@lux') symlinkSync(join(from, name), join(to, name))
}
