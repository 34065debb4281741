import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'
import { checkLocales } from './check-locales.ts'
import { fingerprint, remember, remembers } from './fingerprint.ts'
import { checkPhoneTexts } from './phone-texts.ts'

const phone = join(root, 'apps/share-holder-mobile-web')

const sources = [
  'apps/share-holder-mobile-web/src',
  'apps/share-holder-mobile-web/index.html',
  'apps/share-holder-mobile-web/public',
  'apps/share-holder-mobile-web/sw.js',
  'apps/share-holder-mobile-web/vite.config.ts',
  'apps/share-holder-mobile-web/package.json',
  'packages/crypto/src',
  'packages/ceremony/src',
  'packages/people/src',
  'packages/ui/src',
  'resources/locales',
  'package-lock.json',
  'scripts/build',
]

/** Builds the phone app into apps/share-holder-mobile-web/out when a source is newer. Resolves true when it built. */
export async function buildPhone(): Promise<boolean> {
  const file = join(root, '.lux/phone-built.txt')
  const print = fingerprint(root, sources)
  if (remembers(file, print)) return false
  rmSync(file, { force: true })
  checkLocales()
  mkdirSync(join(root, '.lux'), { recursive: true })
  // A test that builds would pass its own on, and React would come with its checks for developers.
  process.env.NODE_ENV = 'production'
  await build({ root: phone, configFile: join(phone, 'vite.config.ts'), logLevel: 'warn' })
  checkPhoneTexts(join(phone, 'out'))
  writeServiceWorker(join(phone, 'sw.js'), join(phone, 'out'))
  remember(file, print)
  return true
}

const name = 'sw.js'

/** Writes the service worker beside the built app: its source, with the list of all files by their SHA-256, in Base64 as browsers check it. */
function writeServiceWorker(source: string, out: string): void {
  const paths = readdirSync(out, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => path !== name)
    .toSorted()
  const files = Object.fromEntries(paths.map((path) => [path, digestOf(readFileSync(join(out, path)))]))
  const list = JSON.stringify(files, null, 2)
  const version = createHash('sha256').update(list).digest('hex').slice(0, 16)
  writeFileSync(
    join(out, name),
    readFileSync(source, 'utf8').replace('__FILES__', list).replace('__VERSION__', version),
  )
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
