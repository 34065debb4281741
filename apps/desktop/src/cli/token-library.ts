import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { findLibrary, libraryEnvironment, libraryPlaces, type Profile, profileById, profiles } from '@lux/hsm'
import { WrongUse } from './wrong-use.ts'

export type NamedLibrary = { path: string; environment: Record<string, string> }

/** Names that `--library` takes beside a path: every profile that knows where its library lies. */
export const libraryNames: readonly string[] = profiles
  .filter(({ libraries }) => libraries.length > 0)
  .map(({ id }) => id)

/**
 * A library by its path, or by the name of its profile. Its host gets the variables that the profile says the library reads,
 * and no others. Errors: LIBRARY-NOT-INSTALLED.
 */
export function nameLibrary(library: string): NamedLibrary {
  const named = profileById(library)
  // A file of that name in this folder is meant only when nothing else can be.
  if (named === null || named.libraries.length === 0) {
    const owner = profiles.find((profile) => ownsFile(profile, library))
    return { path: library, environment: owner === undefined ? {} : libraryEnvironment(owner) }
  }
  const path = findLibrary(named)
  if (path === null)
    throw new WrongUse(
      'LIBRARY-NOT-INSTALLED',
      `the library of ${named.name} lies at none of its usual places: ${libraryPlaces(named).join(', ')}`,
      existsSync(library)
        ? `install it, or name the file: --library ./${library}`
        : 'install it, or name its file with --library FILE',
    )
  return { path, environment: libraryEnvironment(named) }
}

/** A vendor's library keeps its name wherever it was installed. */
function ownsFile(profile: Profile, path: string): boolean {
  return profile.libraries.some((place) => basename(place) === basename(path))
}
