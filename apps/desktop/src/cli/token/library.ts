import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { findLibrary, libraryPlaces, profileById, profiles, withheldVariables } from '@lux/hsm'
import { say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { WrongUse } from '../shell/wrong-use.ts'

/** Names that `--library` takes beside a path: every profile that knows where its library lies. */
export const libraryNames: readonly string[] = profiles
  .filter(({ libraries }) => libraries.length > 0)
  .map(({ id }) => id)

/** Path of a library that was named by its path or by its profile. Errors: LIBRARY-NOT-INSTALLED. */
export function libraryPath(library: string): string {
  const named = profileById(library)
  if (named === null || named.libraries.length === 0) return library
  const path = findLibrary(named)
  if (path === null)
    throw new WrongUse(
      'LIBRARY-NOT-INSTALLED',
      `the library of ${named.name} lies at none of its usual places: ${libraryPlaces(named).join(', ')}${existsSync(library) ? `; the file of that name is --library ./${library}` : ''}`,
    )
  return path
}

/** Says which settings of known libraries a library under another name does not get: it may find another store without them. */
export function sayWithheld(library: string, passed: Readonly<Record<string, string>> = {}): void {
  const names = withheldVariables(library, passed)
  if (names.length > 0)
    say(
      `Not passed to ${escapeForTerminal(basename(library))}, because no profile knows a library of this name: ${names.join(', ')}. ` +
        'It reads its own default settings instead; give what it needs with --env NAME=VALUE, or name the library by its usual file name.',
    )
}
