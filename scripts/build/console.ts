import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'
import { checkLocales } from './check-locales.ts'
import { fingerprint, remember, remembers } from './fingerprint.ts'

const folder = join(root, 'apps/server-console')

const sources = [
  'apps/server-console/src',
  'apps/server-console/index.html',
  'apps/server-console/public',
  'apps/server-console/vite.config.ts',
  'apps/server-console/package.json',
  'packages/crypto/src',
  'packages/ui/src',
  'resources/locales',
  'package-lock.json',
  'scripts/build',
]

/** Builds the server's console into apps/server-console/out when a source is newer. Resolves true when it built. */
export async function buildConsole(): Promise<boolean> {
  const file = join(root, '.lux/console-built.txt')
  const print = fingerprint(root, sources)
  if (remembers(file, print)) return false
  rmSync(file, { force: true })
  checkLocales()
  mkdirSync(join(root, '.lux'), { recursive: true })
  // A test that builds would pass its own on, and React would come with its checks for developers.
  process.env.NODE_ENV = 'production'
  await build({ root: folder, configFile: join(folder, 'vite.config.ts'), logLevel: 'warn' })
  remember(file, print)
  return true
}
