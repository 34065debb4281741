import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'
import { checkLocales } from './check-locales.ts'
import { fingerprint, remember, remembers } from './fingerprint.ts'
import { checkPhoneTexts } from './phone-texts.ts'
import { writeServiceWorker } from './service-worker.ts'

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
