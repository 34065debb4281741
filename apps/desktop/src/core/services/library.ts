import { existsSync, realpathSync } from 'node:fs'
import { type Hsm, HsmError, isPassable, libraryPlaces, preflightLibrary, profiles } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import * as v from 'valibot'
import type { FoundLibrary, InputOf, LibraryState, LibraryView } from '../../contract/index.ts'
import type { Library } from '../core-options.ts'
import type { Store } from '../store/store.ts'
import type { ServiceContext } from './shared/service-context.ts'

const remembered = v.strictObject({
  path: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  environment: v.record(v.string(), v.string()),
  initString: v.exactOptional(v.string()),
})
const name = 'library'

/** The library that people chose in the window, with the digest that its file had then; null where they chose none. */
export function chosenLibrary(store: Store): v.InferOutput<typeof remembered> | null {
  const kept = store.setting(name)
  if (kept === null || kept === '') return null
  const read = v.safeParse(remembered, JSON.parse(kept))
  if (read.success) return read.output
  throw new ExpectedError('STORE-DAMAGED', 'the token library that was chosen cannot be read')
}

function rememberLibrary(store: Store, { path, environment, initString }: Library, sha256: string): void {
  const kept = { path, sha256, environment, ...(initString === undefined ? {} : { initString }) }
  store.setSetting(name, JSON.stringify(kept))
}

const forgetLibrary = (store: Store): void => store.setSetting(name, '')

export const libraryViewOf = ({ library }: Hsm): LibraryView => {
  const { path, manufacturer, description, version, sha256 } = library
  return { path, maker: manufacturer, description, version, sha256 }
}

/** What is loaded or why it is not, what was chosen, and what could be: the libraries of known kinds that lie at their usual places. */
export function libraryState({ store, hsm, librarySource }: ServiceContext): LibraryState {
  const chosen = chosenLibrary(store)
  const source = librarySource()
  const loaded = ((): Pick<LibraryState, 'loaded' | 'failure'> => {
    try {
      return { loaded: libraryViewOf(hsm()), failure: null }
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      const { code, detail } = error
      return { loaded: null, failure: { code, detail } }
    }
  })()
  return {
    source,
    ...loaded,
    chosen:
      chosen === null
        ? null
        : {
            path: chosen.path,
            sha256: chosen.sha256,
            variables: Object.entries(chosen.environment).map(([name, value]) => `${name}=${value}`),
            initString: chosen.initString ?? '',
          },
    found: foundLibraries(),
  }
}

function foundLibraries(): FoundLibrary[] {
  const places = profiles.flatMap((profile) =>
    libraryPlaces(profile)
      .filter((place) => existsSync(place))
      .map((path) => ({ path, profile: profile.id, name: profile.name, file: realpathSync(path) })),
  )
  // Two names of one file are one library, and one library may serve two kinds.
  const first = places.filter(({ file }, at) => places.findIndex((one) => one.file === file) === at)
  return first.map(({ path, profile, name }) => ({ path, profile, name, ...digestOf(path) }))
}

function digestOf(place: string): Pick<FoundLibrary, 'sha256' | 'failure'> {
  try {
    return { sha256: preflightLibrary(place).sha256, failure: null }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return { sha256: null, failure: { code: error.code, detail: error.detail } }
  }
}

/** Loads a library and, once it answers, remembers it with its digest. What does not load changes nothing. Errors: LIBRARY-…, HSM-LIBRARY-…. */
export async function chooseLibrary(
  parts: ServiceContext,
  asked: InputOf<'library.choose'>,
): Promise<{ library: LibraryView }> {
  const known = foundLibraries().some((one) => one.path === asked.path)
  // A library is code: it lies where a known one lies, or a person chose the file in the system's own dialog.
  const file =
    known || chosenLibrary(parts.store)?.path === asked.path ? asked.path : parts.paths.read(asked.path)
  const environment = variablesOf(asked.variables)
  const library = {
    path: file,
    environment,
    ...(asked.initString === '' ? {} : { initString: asked.initString }),
  }
  const hsm = await parts.replaceLibrary(library)
  rememberLibrary(parts.store, library, hsm.library.sha256)
  return { library: libraryViewOf(hsm) }
}

/** Back to the soft tokens of this store. */
export async function useOwnLibrary(parts: ServiceContext): Promise<{ library: LibraryView }> {
  const hsm = await parts.replaceLibrary(null)
  forgetLibrary(parts.store)
  return { library: libraryViewOf(hsm) }
}

/** Refuses LIBRARY-VARIABLE: one that is no NAME=VALUE, given twice, or changes which code is loaded. */
function variablesOf(lines: readonly string[]): Record<string, string> {
  const found = new Map<string, string>()
  for (const line of lines) {
    const at = line.indexOf('=')
    const name = line.slice(0, Math.max(at, 0))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || !isPassable(name) || found.has(name))
      throw new ExpectedError('LIBRARY-VARIABLE', at < 1 ? 'a line has no name before =' : name)
    found.set(name, line.slice(at + 1))
  }
  return Object.fromEntries(found)
}
