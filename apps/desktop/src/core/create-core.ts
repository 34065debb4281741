import { join } from 'node:path'
import type { Entropy } from '@lux/crypto'
import { type Hsm, HsmError, startHsm } from '@lux/hsm'
import type { CoreApiName, CorePort } from '../contract/index.ts'
import type { Clock } from './clock.ts'
import { CoreError } from './core-error.ts'
import { OpenOnce } from './open-once.ts'
import type { Program } from './program.ts'
import { PinBox } from './run/pin-box.ts'
import { type Handler, serve } from './serve.ts'
import { absentHsm } from './services/absent-hsm.ts'
import { appInfo, testedPrimitives } from './services/app.ts'
import * as bundles from './services/bundles.ts'
import * as ceremonies from './services/ceremonies.ts'
import { checked, empty } from './services/checked.ts'
import { GrantedPaths } from './services/granted-paths.ts'
import { handOut } from './services/hand-out.ts'
import * as holders from './services/holders.ts'
import { lineageOf } from './services/lineage.ts'
import { OpenRuns } from './services/open-runs.ts'
import type { Parts } from './services/parts.ts'
import { pinnedLibrary } from './services/pinned-library.ts'
import { saveReport } from './services/report.ts'
import { readSettings, writeSettings } from './services/settings.ts'
import * as tokenActs from './services/token-acts.ts'
import * as tokens from './services/tokens.ts'
import { exportTranscript, transcriptPage } from './services/transcript.ts'
import { Store } from './store/store.ts'
import { makeTrainingToken } from './training-token.ts'

export type CoreOptions = {
  storePath: string
  /** PKCS#11 library and what its host process is given. */
  library: { path: string; environment: Readonly<Record<string, string>> }
  training: boolean
  /** Folder of the store's own soft tokens, which then gets a training token; null with a vendor's library. */
  trainingFolder: string | null
  program: Program
  clock: Clock
  entropy: Entropy
  generation: number
  /** Told when core must not be used after all: it is to end. */
  refuse: (error: CoreError) => void
  report: (error: unknown) => void
}

/** The whole app without a window, served over a port. Throws CoreError when the store cannot be opened. */
export async function createCore(
  port: CorePort,
  options: CoreOptions,
): Promise<{ stop: () => Promise<void> }> {
  const { program, clock, entropy } = options
  const store = new Store(options.storePath)
  // The first screen needs settings and the list of ceremonies alone: the known answers and the library, which take two
  // thirds of core's start, come when anything else is asked for, and shortly after the start in any case.
  let library: Hsm | HsmError = new HsmError({
    code: 'HSM-CLOSED',
    ckr: null,
    detail: 'still opening',
    remedy: '',
  })
  const opened = new OpenOnce(async () => {
    const failed = failedPrimitives()
    if (failed !== null) {
      options.refuse(failed)
      throw failed
    }
    const open = await openLibrary(options, store)
    library = open
    if (open instanceof HsmError) return
    if (options.training && options.trainingFolder !== null) {
      await makeTrainingToken(open, options.trainingFolder)
    }
    open.onTokensChanged(({ removed }) => {
      for (const [, { run }] of runs.all()) run.tokensPulledOut(removed)
      emit('tokens.changed', {})
    })
    open.onRestart(({ reason }) => {
      for (const [, { run }] of runs.all()) run.hostRestarted(reason)
      emit('tokens.changed', {})
    })
  }, openAfterMs)
  const runs: OpenRuns = new OpenRuns(
    store,
    (open) => ({
      hsm: library instanceof HsmError ? absentHsm(library) : library,
      pins: new PinBox(),
      entropy,
      clock,
      measurement: program.measurement,
      keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
      lineage: () => {
        const own = open()?.run.folder
        if (own === undefined) return { sequence: '1', previous: null, supersedes: [] }
        return lineageOf(
          own,
          store.runs().map(({ id }) => runs.get(id).run.folder),
        )
      },
      medium: () => open()?.medium ?? join(store.path, 'exported'),
    }),
    (id) => emit('ceremony.changed', { id }),
  )
  let attention = false
  const emit: Parts['emit'] = (event, payload) => {
    served.emit(event, payload)
    if (event !== 'ceremony.changed' || runs.attention() === attention) return
    attention = !attention
    port.post({ attention })
  }
  const parts: Parts = {
    store,
    hsm: () => hsmOf(library),
    clock,
    entropy,
    program,
    training: options.training,
    runs,
    paths: new GrantedPaths(store.path),
    emit,
  }

  async function stop(): Promise<void> {
    await opened.settle()
    runs.close()
    if (!(library instanceof HsmError)) await library.close()
    store.close()
  }
  const served = serve({
    port,
    generation: options.generation,
    handlers: after(opened, store, handlersOf(parts)),
    report: options.report,
    grant: (grant) => parts.paths.take(grant),
    stop,
  })
  return { stop }
}

const openAfterMs = 1000

/** Null when every primitive gives its known answers. */
function failedPrimitives(): CoreError | null {
  const failed = testedPrimitives().filter(({ passed }) => !passed)
  if (failed.length === 0) return null
  const names = failed.map(({ name }) => name).join(', ')
  return new CoreError('SELF-TEST-FAILED', names, 'do not use this machine')
}

/** The same calls, each held back until `opened` but those that neither a primitive nor a token has a part in. */
function after(
  opened: OpenOnce,
  store: Store,
  handlers: Readonly<Record<CoreApiName, Handler>>,
): Readonly<Record<string, Handler>> {
  const waits = (name: string): boolean =>
    name === 'ceremonies.list' ? store.runs().length > 0 : !name.startsWith('settings.')
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]): [string, Handler] => [
      name,
      (input) => (waits(name) ? opened.done().then(() => handler(input)) : handler(input)),
    ]),
  )
}

/** A missing or broken library does not keep the window from opening: whatever needs it answers with its error. */
async function openLibrary({ library, program }: CoreOptions, store: Store): Promise<Hsm | HsmError> {
  try {
    return await startHsm({
      library: library.path,
      ...pinnedLibrary(store, library.path),
      environment: library.environment,
      execPath: program.execPath,
      ...(program.hostEntry === null ? {} : { hostEntry: program.hostEntry }),
    })
  } catch (error) {
    if (error instanceof HsmError) return error
    throw error
  }
}

function hsmOf(library: Hsm | HsmError): Hsm {
  if (library instanceof HsmError) throw library
  return library
}

function handlersOf(parts: Parts): Readonly<Record<CoreApiName, Handler>> {
  const plain =
    <T>(work: (parts: Parts) => T): Handler =>
    (input) => {
      checked(empty, input)
      return work(parts)
    }
  const given =
    <T>(work: (parts: Parts, input: unknown) => T): Handler =>
    (input) =>
      work(parts, input)
  return {
    'app.info': plain(appInfo),
    'tokens.list': plain(tokens.listTokens),
    'tokens.initialise': given(tokens.initialiseToken),
    'tokens.inventory': given(tokens.inventory),
    'tokens.probe': given(tokens.probeToken),
    'tokens.logIn': given(tokens.logIn),
    'tokens.logOut': given(tokens.logOut),
    'tokens.changePin': given(tokenActs.changePin),
    'tokens.resetUserPin': given(tokenActs.resetUserPin),
    'tokens.destroyObject': given(tokenActs.destroyObject),
    'ceremonies.list': plain(ceremonies.listCeremonies),
    'ceremonies.scripts': plain(ceremonies.listScripts),
    'ceremonies.startRehearsal': given(ceremonies.startRehearsal),
    'ceremonies.open': given(ceremonies.openProduction),
    'ceremonies.view': given(ceremonies.viewRun),
    'ceremonies.proceed': given(ceremonies.proceed),
    'ceremonies.signAsStandIn': given(ceremonies.signStandIn),
    'ceremonies.enterPin': given(ceremonies.enterPin),
    'ceremonies.submitFile': given(ceremonies.submitFile),
    'ceremonies.handOut': given(handOut),
    'ceremonies.pause': given(ceremonies.pause),
    'ceremonies.resume': given(ceremonies.resume),
    'ceremonies.abort': given(ceremonies.abort),
    'ceremonies.decide': given(ceremonies.decideException),
    'ceremonies.cancel': given(ceremonies.cancel),
    'holders.list': plain(holders.listHolders),
    'holders.enrol': given(holders.enrolHolder),
    'bundles.list': plain(bundles.listBundles),
    'bundles.verify': given(bundles.verifyFile),
    'bundles.export': given(bundles.exportBundle),
    'transcript.page': given(transcriptPage),
    'transcript.export': given(exportTranscript),
    'settings.get': plain(({ store }) => readSettings(store)),
    'settings.set': given(({ store }, input) => writeSettings(store, input)),
    'report.save': given(saveReport),
  }
}
