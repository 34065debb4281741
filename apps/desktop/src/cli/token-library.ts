import { existsSync } from 'node:fs'
import { findLibrary, libraryPlaces, profileById, profiles } from '@lux/hsm'
import { WrongUse } from './wrong-use.ts'

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
      `the library of ${named.name} lies at none of its usual places: ${libraryPlaces(named).join(', ')}`,
      existsSync(library)
        ? `install it, or name the file: --library ./${library}`
        : 'install it, or name its file with --library FILE',
    )
  return path
}
