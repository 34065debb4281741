import type { CoreUseCase, InputOf, OutputOf, RunsOf } from '../contract/index.ts'
import { listApprovals } from './services/approvals.ts'
import * as bundles from './services/bundles.ts'
import { carry } from './services/ceremonies/carried.ts'
import * as ceremonies from './services/ceremonies/ceremonies.ts'
import { printShare, proveShare } from './services/ceremonies/custodian-sheet.ts'
import { handOut } from './services/ceremonies/hand-out.ts'
import { handToHolders } from './services/ceremonies/own-devices.ts'
import { holdHere, signHere, toSign } from './services/ceremonies/sign-here.ts'
import { listDue } from './services/home/due.ts'
import { chooseLibrary, libraryState, useOwnLibrary } from './services/library.ts'
import { nameFile } from './services/named-file.ts'
import * as people from './services/people.ts'
import * as program from './services/program.ts'
import * as scripts from './services/scripts/scripts.ts'
import { knownPeople } from './services/setups/known-people.ts'
import * as setups from './services/setups/setups.ts'
import type { ServiceContext } from './services/shared/service-context.ts'
import { takeAway } from './services/take-away.ts'
import { examine } from './services/tokens/examine.ts'
import * as tokenActs from './services/tokens/token-acts.ts'
import * as tokens from './services/tokens/tokens.ts'
import { trainingPins } from './services/tokens/training-token.ts'
import { exportTranscript, transcriptAccount, transcriptPage } from './services/transcript.ts'

/** Served before core has read what works with a primitive, a ceremony or a token. */
export type ServedEarly = 'settings.get' | 'settings.set'
export type ServedLate = Exclude<CoreUseCase, ServedEarly>

/** What runs each use case of contract/use-cases. */
const runs: RunsOf<ServedLate, ServiceContext> = {
  'app.info': program.appInfo,
  'library.state': libraryState,
  'library.choose': chooseLibrary,
  'library.own': useOwnLibrary,
  'tokens.list': tokens.listTokens,
  'app.lock': program.lockWindow,
  'tokens.initialise': tokenActs.initialiseToken,
  'tokens.inventory': tokens.inventory,
  'tokens.probe': tokens.probeToken,
  'tokens.tryOut': tokens.tryToken,
  'tokens.examine': examine,
  'tokens.logIn': tokens.logIn,
  'tokens.trainingPins': trainingPins,
  'tokens.logOut': tokens.logOut,
  'tokens.changePin': tokenActs.changePin,
  'tokens.resetUserPin': tokenActs.resetUserPin,
  'tokens.destroyObject': tokenActs.destroyObject,
  'ceremonies.list': ceremonies.listCeremonies,
  'ceremonies.scripts': ceremonies.listScripts,
  'ceremonies.startRehearsal': ceremonies.startRehearsal,
  'ceremonies.open': ceremonies.openProduction,
  'ceremonies.view': ceremonies.viewRun,
  'ceremonies.proceed': ceremonies.proceed,
  'ceremonies.signAsStandIn': ceremonies.signStandIn,
  'ceremonies.enterPin': ceremonies.enterPin,
  'ceremonies.submitFile': ceremonies.submitFile,
  'ceremonies.submitCarried': ceremonies.submitCarried,
  'ceremonies.carry': carry,
  'ceremonies.handOut': handOut,
  'ceremonies.handToHolders': handToHolders,
  'ceremonies.pause': ceremonies.pause,
  'ceremonies.resume': ceremonies.resume,
  'ceremonies.abort': ceremonies.abort,
  'ceremonies.note': ceremonies.note,
  'ceremonies.deviate': ceremonies.deviate,
  'ceremonies.differs': ceremonies.differs,
  'ceremonies.decide': ceremonies.decideException,
  'ceremonies.cancel': ceremonies.cancel,
  'ceremonies.signHere': signHere,
  'ceremonies.holdHere': holdHere,
  'ceremonies.printShare': printShare,
  'ceremonies.proveShare': proveShare,
  'ceremonies.toSign': toSign,
  'home.due': listDue,
  'scripts.drafts': scripts.listDrafts,
  'scripts.begin': scripts.beginDraft,
  'scripts.draft': scripts.viewDraft,
  'scripts.edit': scripts.editDraft,
  'scripts.freeze': scripts.freezeDraft,
  'scripts.save': scripts.saveDraft,
  'scripts.discard': scripts.discardDraft,
  'setups.list': setups.listSetups,
  'setups.begin': setups.beginSetup,
  'setups.view': setups.viewSetup,
  'setups.change': setups.changeSetup,
  'setups.take': setups.takeFile,
  'setups.takeCarried': setups.takeCarried,
  'setups.known': knownPeople,
  'setups.seat': setups.seatKnown,
  'setups.enrol': setups.enrolHere,
  'setups.remove': setups.removeCard,
  'setups.reopen': setups.reopen,
  'setups.sign': setups.signHere,
  'setups.request': setups.writeRequest,
  'setups.carry': setups.carryRequest,
  'setups.rehearse': setups.rehearse,
  'setups.print': setups.printSetup,
  'setups.export': setups.exportSetup,
  'setups.lock': setups.lock,
  'setups.discard': setups.discardSetup,
  'approvals.list': listApprovals,
  'holders.list': people.listHolders,
  'holders.enrol': people.enrolHolder,
  'holders.enrolCarried': people.enrolCarried,
  'shares.list': people.listShares,
  'shares.received': people.shareReceived,
  'bundles.list': bundles.listBundles,
  'files.name': nameFile,
  'bundles.verify': bundles.verifyFile,
  'bundles.export': bundles.exportBundle,
  'bundles.papers': bundles.runPapers,
  'bundles.takeAway': takeAway,
  'transcript.page': transcriptPage,
  'transcript.account': transcriptAccount,
  'transcript.export': exportTranscript,
  'store.backup': program.backUp,
  'store.check': program.checkBackup,
  'store.restore': program.restoreBackup,
  'report.save': program.saveReport,
}

export function runUseCase<N extends ServedLate>(
  context: ServiceContext,
  { name, input }: { name: N; input: InputOf<N> },
): OutputOf<N> | Promise<OutputOf<N>> {
  return runs[name](context, input)
}
