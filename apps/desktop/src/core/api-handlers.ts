import { join } from 'node:path'
import { type Hsm, HsmError, startHsm } from '@lux/hsm'
import { ExpectedError, makeFolder } from '@lux/node-files'
import type { CoreApiName, LibrarySource } from '../contract/index.ts'
import type { CoreOptions, Library } from './core-options.ts'
import { inheritedVariables } from './own-library.ts'
import { PinBox } from './runs/effects/pin-box.ts'
import type { Handler } from './serve.ts'
import { appInfo, testedPrimitives } from './services/app.ts'
import { listApprovals } from './services/approvals.ts'
import * as bundles from './services/bundles.ts'
import { carry } from './services/ceremonies/carried.ts'
import * as ceremonies from './services/ceremonies/ceremonies.ts'
import { printShare, proveShare } from './services/ceremonies/custodian-sheet.ts'
import { handOut } from './services/ceremonies/hand-out.ts'
import { identifiersInStore, lineageInStore } from './services/ceremonies/lineage.ts'
import { handToHolders } from './services/ceremonies/own-devices.ts'
import { holdHere, signHere, toSign } from './services/ceremonies/sign-here.ts'
import * as holders from './services/holders.ts'
import { listDue } from './services/home/due.ts'
import { chooseLibrary, chosenLibrary, libraryState, useOwnLibrary } from './services/library.ts'
import { lockWindow } from './services/lock.ts'
import { nameFile } from './services/named-file.ts'
import { saveReport } from './services/report.ts'
import { runPapers } from './services/run-papers.ts'
import * as scripts from './services/scripts/scripts.ts'
import * as setups from './services/setups/setups.ts'
import { absentHsm } from './services/shared/absent-hsm.ts'
import { checked, empty } from './services/shared/checked.ts'
import { FileWorks } from './services/shared/file-work.ts'
import type { GrantedPaths } from './services/shared/granted-paths.ts'
import { OpenRuns } from './services/shared/open-runs.ts'
import { pinnedLibrary } from './services/shared/pinned-library.ts'
import type { ServiceContext } from './services/shared/service-context.ts'
import { listShares, shareReceived } from './services/shares.ts'
import * as storeBackups from './services/store-backups.ts'
import { takeAway } from './services/take-away.ts'
import * as tokenActs from './services/tokens/token-acts.ts'
import * as tokens from './services/tokens/tokens.ts'
import { makeTrainingToken, trainingPins } from './services/tokens/training-token.ts'
import { exportTranscript, transcriptPage } from './services/transcript.ts'
import type { Store } from './store/store.ts'

export type ApiHandlersOptions = CoreOptions & {
  store: Store
  paths: GrantedPaths
  print: ServiceContext['print']
  emit: ServiceContext['emit']
  /** Told when people begin to be in the middle of something, and when they no longer are. */
  attention: (on: boolean) => void
}

/** All that works with a primitive, a ceremony or a token. */
export type ApiHandlers = {
  handlers: Readonly<Record<Exclude<CoreApiName, 'settings.get' | 'settings.set'>, Handler>>
  close(): Promise<void>
}

/** Where a bundle goes that nobody chose a medium for. */
function ownMedium(store: Store): string {
  const folder = join(store.path, 'exported')
  makeFolder(folder)
  return folder
}

/** Known answers first, then the token's library. A library that does not open is the error of whoever needs a token. */
export async function openApiHandlers(options: ApiHandlersOptions): Promise<ApiHandlers> {
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
      medium: () => open()?.medium ?? ownMedium(store),
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

  return {
    handlers: handlersOf({
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
    }),
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
  { program, store }: ApiHandlersOptions,
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

function handlersOf(parts: ServiceContext): ApiHandlers['handlers'] {
  const plain =
    <T>(work: (parts: ServiceContext) => T): Handler =>
    (input) => {
      checked(empty, input)
      return work(parts)
    }
  const given =
    <T>(work: (parts: ServiceContext, input: unknown) => T): Handler =>
    (input) =>
      work(parts, input)
  return {
    'app.info': plain(appInfo),
    'library.state': plain(libraryState),
    'library.choose': given(chooseLibrary),
    'library.own': plain(useOwnLibrary),
    'tokens.list': plain(tokens.listTokens),
    'app.lock': given(lockWindow),
    'tokens.initialise': given(tokens.initialiseToken),
    'tokens.inventory': given(tokens.inventory),
    'tokens.probe': given(tokens.probeToken),
    'tokens.tryOut': given(tokens.tryToken),
    'tokens.logIn': given(tokens.logIn),
    'tokens.trainingPins': given(trainingPins),
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
    'ceremonies.submitCarried': given(ceremonies.submitCarried),
    'ceremonies.carry': given(carry),
    'ceremonies.handOut': given(handOut),
    'ceremonies.handToHolders': given(handToHolders),
    'ceremonies.pause': given(ceremonies.pause),
    'ceremonies.resume': given(ceremonies.resume),
    'ceremonies.abort': given(ceremonies.abort),
    'ceremonies.note': given(ceremonies.note),
    'ceremonies.deviate': given(ceremonies.deviate),
    'ceremonies.differs': given(ceremonies.differs),
    'ceremonies.decide': given(ceremonies.decideException),
    'ceremonies.cancel': given(ceremonies.cancel),
    'ceremonies.signHere': given(signHere),
    'ceremonies.holdHere': given(holdHere),
    'ceremonies.printShare': given(printShare),
    'ceremonies.proveShare': given(proveShare),
    'ceremonies.toSign': given(toSign),
    'home.due': plain(listDue),
    'scripts.drafts': plain(scripts.listDrafts),
    'scripts.begin': given(scripts.beginDraft),
    'scripts.draft': given(scripts.viewDraft),
    'scripts.edit': given(scripts.editDraft),
    'scripts.freeze': given(scripts.freezeDraft),
    'scripts.save': given(scripts.saveDraft),
    'scripts.discard': given(scripts.discardDraft),
    'setups.list': plain(setups.listSetups),
    'setups.begin': given(setups.beginSetup),
    'setups.view': given(setups.viewSetup),
    'setups.change': given(setups.changeSetup),
    'setups.take': given(setups.takeFile),
    'setups.takeCarried': given(setups.takeCarried),
    'setups.enrol': given(setups.enrolHere),
    'setups.remove': given(setups.removeCard),
    'setups.reopen': given(setups.reopen),
    'setups.sign': given(setups.signHere),
    'setups.request': given(setups.writeRequest),
    'setups.carry': given(setups.carryRequest),
    'setups.rehearse': given(setups.rehearse),
    'setups.print': given(setups.printSetup),
    'setups.export': given(setups.exportSetup),
    'setups.lock': given(setups.lock),
    'setups.discard': given(setups.discardSetup),
    'approvals.list': plain(listApprovals),
    'holders.list': plain(holders.listHolders),
    'holders.enrol': given(holders.enrolHolder),
    'holders.enrolCarried': given(holders.enrolCarried),
    'shares.list': plain(listShares),
    'shares.received': given(shareReceived),
    'bundles.list': plain(bundles.listBundles),
    'files.name': given(nameFile),
    'bundles.verify': given(bundles.verifyFile),
    'bundles.export': given(bundles.exportBundle),
    'bundles.papers': given(runPapers),
    'bundles.takeAway': given(takeAway),
    'transcript.page': given(transcriptPage),
    'transcript.export': given(exportTranscript),
    'store.backup': given(storeBackups.backUp),
    'store.check': given(storeBackups.check),
    'store.restore': given(storeBackups.restore),
    'report.save': given(saveReport),
  }
}
