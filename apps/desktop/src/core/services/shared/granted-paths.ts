import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import { ExpectedError } from '@lux/node-files'
import type { Grant } from '../../../contract/index.ts'

const most = 256

/**
 * The paths that the window may name: those that a person chose in a dialog of the system's, as main told core on its
 * own channel. A page that was taken over can name no other, neither to read nor to write. Reading is granted for as
 * long as this core lives, writing and a folder for one use. Refuses SHELL-PATHS, FILE-MISSING and FOLDER-MISSING of what was chosen and
 * is not there, and FOLDER-IN-USE inside the store.
 */
export class GrantedPaths {
  readonly #store: string
  /** Where the path really was when it was chosen, by use and path, the oldest first; null: nowhere. */
  readonly #granted = new Map<string, string | null>()

  constructor(store: string) {
    this.#store = store
  }

  /** A path that leads nowhere grants nothing: whoever chose it is told that it is not there. */
  take({ use, path }: Grant): void {
    if (!isAbsolute(path)) return
    const place = placeOf(use, path)
    const key = keyOf(use, path)
    this.#granted.delete(key)
    this.#granted.set(key, place)
    const [oldest] = this.#granted.keys()
    if (this.#granted.size > most && oldest !== undefined) this.#granted.delete(oldest)
  }

  /** A file to read; what the tool itself lays beside such a file is read from the same folder. */
  read(path: string): string {
    this.#check('read', path)
    return path
  }

  /** A file to write: the dialog asked before it let an existing one be replaced. */
  write(path: string): string {
    return this.#use('write', path)
  }

  /** A folder to write a new file into. */
  folder(path: string): string {
    return this.#use('folder', path)
  }

  #use(use: 'write' | 'folder', path: string): string {
    const place = this.#check(use, path)
    this.#granted.delete(keyOf(use, path))
    const own = realpathSync(this.#store)
    if (place === own || place.startsWith(own + sep)) {
      throw new ExpectedError('FOLDER-IN-USE', `${path} is inside the store`)
    }
    return path
  }

  #check(use: Grant['use'], path: string): string {
    const place = this.#granted.get(keyOf(use, path))
    const now = placeOf(use, path)
    if (place !== undefined && now === null)
      throw new ExpectedError(use === 'read' ? 'FILE-MISSING' : 'FOLDER-MISSING', path)
    // A link that was turned elsewhere since is not what the person chose.
    if (place != null && place === now) return place
    throw new ExpectedError('SHELL-PATHS', 'nobody chose this path in a dialog')
  }
}

function keyOf(use: Grant['use'], path: string): string {
  return `${use} ${path}`
}

/** Where the path leads, links followed; a file to write need not be there yet. Null when it leads nowhere. */
function placeOf(use: Grant['use'], path: string): string | null {
  if (!isAbsolute(path)) return null
  const existing = use === 'write' ? dirname(path) : path
  if (!existsSync(existing)) return null
  const place = realpathSync(existing)
  return use === 'write' ? join(place, basename(path)) : place
}

/** Refuses FILE-EXISTS: in a folder that was chosen, nothing is overwritten. */
export function mustBeNewIn(path: string): void {
  if (existsSync(path)) throw new ExpectedError('FILE-EXISTS', `${path} is already there`)
}
