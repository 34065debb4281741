import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../../apps/desktop/src/main')

/** The modules that lock the window's session, as the app has them, for an Electron that reads no types: by file name. */
export function lockdownModules(): Record<string, string> {
  return Object.fromEntries(
    ['lockdown', 'origin'].map((name) => [
      `${name}.mjs`,
      stripTypeScriptTypes(readFileSync(join(main, `${name}.ts`), 'utf8')).replaceAll(
        /from '\.\/([a-z-]+)\.ts'/g,
        "from './$1.mjs'",
      ),
    ]),
  )
}
