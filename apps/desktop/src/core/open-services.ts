import { join } from 'node:path'
import { headerCodec } from '@lux/ceremony/transcript'
import { type Hsm, HsmError, preflightLibrary, startHsm } from '@lux/hsm'
import { ExpectedError, makeFolder } from '@lux/node-files'
import type { Asked, LibrarySource } from '../contract/index.ts'
import type { CoreOptions, Library } from './core-options.ts'
import { inheritedVariables } from './own-library.ts'
import { PinBox } from './runs/effects/token/pin-box.ts'
import { keptFolder } from './runs/folder/places.ts'
import { RunFolder } from './runs/folder/run-folder.ts'
import { identifiersInStore, lineageInStore } from './services/ceremonies/lineage.ts'
import { chosenLibrary } from './services/library.ts'
import { testedPrimitives } from './services/program.ts'
import { absentHsm } from './services/shared/absent-hsm.ts'
import { FileWorks } from './services/shared/file-work.ts'
import type { GrantedPaths } from './services/shared/granted-paths.ts'
import { type OpenRun, OpenRuns } from './services/shared/open-runs.ts'
import type { ServiceContext } from './services/shared/service-context.ts'
import { rehearsedSerials } from './services/tokens/rehearsed-tokens.ts'
import { makeTrainingToken } from './services/tokens/training-token.ts'
import { RunDatabase } from './store/run-database.ts'
import type { Store } from './store/store.ts'
import { runUseCase, type ServedLate } from './use-case-runs.ts'

export type ServicesOptions = CoreOptions & {
  store: Store
  paths: GrantedPaths
  print: ServiceContext['print']
  emit: ServiceContext['emit']
  /** Told when people begin to be in the middle of something, and when they no longer are. */
  attention: (on: boolean) => void
}

/** All that works with a primitive, a ceremony or a token. */
export type Services = {
  run(asked: Asked<ServedLate>): unknown
  close(): Promise<void>
}

/** Where a rehearsal's bundle stays that nobody chose a medium for. Refuses FOLDER-MISSING in production. */
function ownMedium(store: Store, open: OpenRun | null): string {
  if (open?.run.folder.state.domain !== 'rehearsal')
    throw new ExpectedError('FOLDER-MISSING', 'no folder is chosen for the bundle')
  const folder = join(store.path, keptFolder)
  makeFolder(folder)
  return folder
}

/** Known answers first, then the token's library. A library that does not open is the error of whoever needs a token. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { store, paths, program, clock, entropy } = options
  const failed = failedPrimitives()
  if (failed !== null) {
    options.refuse(failed)
    throw failed
  }
  const given = await options.library()
  const chosen = given.named === true ? null : chosenLibrary(store)
  let source: LibrarySource = given.named === true ? 'environment' : chosen === null ? 'own' : 'chosen'
  let library = await openLibrary(options, chosen === null ? given : withInherited(chosen)).catch(
    (error: unknown) => {
      if (error instanceof HsmError) return error
      throw error
    },
  )
  await withTraining(library)

  /** The store's own soft tokens get a training token in a training store. */
  async function withTraining(opened: Hsm | HsmError): Promise<void> {
    if (
      opened instanceof HsmError ||
      !options.training ||
      options.trainingFolder === null ||
      source !== 'own'
    )
      return
    await makeTrainingToken(opened, options.trainingFolder).catch(async (error: unknown) => {
      await opened.close()
      throw error
    })
  }
  const hsm = (): Hsm => {
    if (library instanceof HsmError) throw library
    return library
  }

  let attention = false
  const emit: ServiceContext['emit'] = (event, payload) => {
    options.emit(event, payload)
    if (event !== 'ceremony.changed' || runs.attention() === attention) return
    attention = !attention
    options.attention(attention)
  }
  const runs: OpenRuns = new OpenRuns(
    store,
    (open) => ({
      hsm: library instanceof HsmError ? absentHsm(library) : library,
      pins: new PinBox(),
      entropy,
      clock,
      measurement: program.measurement,
      keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
      lineage: (audience) => lineageInStore(open()?.run.folder ?? null, audience, { store, runs }),
      identifiers: () => identifiersInStore({ store, runs }),
      rehearsed: () => rehearsedSerials({ store, runs }),
      medium: () => open()?.medium ?? ownMedium(store, open()),
    }),
    (id) => emit('ceremony.changed', { id }),
  )
  const listenTo = (opened: Hsm): void => {
    opened.onTokensChanged(({ removed }) => {
      for (const [, { run }] of runs.all()) run.sessionsEnded(removed, 'pulled out')
      emit('tokens.changed', {})
    })
    opened.onRestart(({ reason }) => {
      for (const [, { run }] of runs.all()) run.hostRestarted(reason)
      emit('tokens.changed', {})
    })
  }
  if (!(library instanceof HsmError)) listenTo(library)

  /** The one before serves until the other answers: what does not load changes nothing. */
  async function replaceLibrary(wanted: Library | null): Promise<Hsm> {
    if (source === 'environment') throw new ExpectedError('LIBRARY-NAMED', 'LUX_PKCS11')
    if (runs.attention()) throw new ExpectedError('LIBRARY-IN-USE', 'a ceremony is under way')
    const opened = await openLibrary(options, wanted === null ? given : withInherited(wanted))
    const before = library
    // They are read again, with this library, when they are next asked for.
    runs.close()
    library = opened
    source = wanted === null ? 'own' : 'chosen'
    listenTo(opened)
    await withTraining(opened)
    if (!(before instanceof HsmError)) await before.close()
    emit('tokens.changed', {})
    return opened
  }

  const context: ServiceContext = {
    store,
    hsm,
    librarySource: () => source,
    replaceLibrary,
    clock,
    entropy,
    program,
    training: options.training,
    trainingFolder: options.training ? options.trainingFolder : null,
    runs,
    paths,
    files: new FileWorks(),
    print: options.print,
    emit,
  }

  return {
    run: (asked) => runUseCase(context, asked),
    async close() {
      runs.close()
      if (!(library instanceof HsmError)) await library.close()
    },
  }
}

/** Null when every primitive gives its known answers. */
function failedPrimitives(): ExpectedError | null {
  const failed = testedPrimitives().filter(({ passed }) => !passed)
  if (failed.length === 0) return null
  const names = failed.map(({ name }) => name).join(', ')
  return new ExpectedError('SELF-TEST-FAILED', names)
}

/** What known libraries read of the window's own environment, below what people gave by hand. */
const withInherited = <L extends Library>(library: L): L => ({
  ...library,
  environment: { ...inheritedVariables(), ...library.environment },
})

/** A missing or broken library does not keep the window from opening: whatever needs it answers with its error. */
async function openLibrary(
  { program, store }: ServicesOptions,
  { path, environment, initString, sha256 }: Library & { sha256?: string },
): Promise<Hsm> {
  const chosen = sha256 === undefined ? {} : { librarySha256: sha256 }
  return startHsm({
    library: path,
    ...chosen,
    ...pinnedLibrary(store, path),
    environment,
    ...(initString === undefined ? {} : { initString }),
    execPath: program.execPath,
    ...(program.hostEntry === null ? {} : { hostEntry: program.hostEntry }),
  })
}

const ends: ReadonlySet<string> = new Set(['run.closed', 'run.aborted'])

/**
 * What the library's file has to be while a production run of this store is not over: the digest that its plan pinned,
 * read from the logs before anything is loaded. Empty without such a run. Errors: HSM-LIBRARY-….
 */
function pinnedLibrary(store: Store, path: string): { librarySha256?: string } {
  const pins = store.runs().flatMap(({ folder }) => pinsOf(folder))
  const [first] = pins
  if (first === undefined) return {}
  const { sha256 } = preflightLibrary(path)
  return { librarySha256: pins.find((pin) => pin !== sha256) ?? first }
}

/** A log that cannot be read is reported when its run is opened. */
function pinsOf(folder: string): string[] {
  try {
    // Opening a log that is gone would make an empty one.
    if (!RunFolder.isAt(folder)) return []
    const log = new RunDatabase(join(folder, 'ceremony.db'))
    try {
      const jcs = log.header()
      const header = jcs === null ? null : headerCodec.parse(jcs)
      if (header === null || !header.ok || header.value.domain !== 'production') return []
      for (const { kind } of log.lines()) if (ends.has(kind)) return []
      return header.value.tokens.map(({ library }) => library)
    } finally {
      log.close()
    }
  } catch (error) {
    if (error instanceof ExpectedError) return []
    throw error
  }
}
