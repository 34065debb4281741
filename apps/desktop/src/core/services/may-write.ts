import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { CoreError } from '../core-error.ts'
import type { Store } from '../store/store.ts'

/**
 * Whether the window may have something written to this path: absolute, outside the store, and not there yet. A page
 * that was taken over can then name a new file, but overwrite nothing. Refuses FILE-EXISTS or FOLDER-IN-USE.
 */
export function mayWrite(store: Store, path: string): void {
  if (!isAbsolute(path)) throw new CoreError('INPUT-INVALID', 'path')
  const folder = dirname(resolve(path))
  const real = join(existsSync(folder) ? realpathSync(folder) : folder, basename(path))
  const own = realpathSync(store.path)
  if (real === own || real.startsWith(own + sep)) {
    throw new CoreError('FOLDER-IN-USE', `${path} is inside the store`, 'choose a folder outside it')
  }
  if (existsSync(real)) throw new CoreError('FILE-EXISTS', `${path} is already there`, 'choose a new name')
}
