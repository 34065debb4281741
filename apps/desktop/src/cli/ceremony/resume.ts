import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ExceptionDecision, type Refusal, type RunView, view as viewOf } from '@lux/ceremony'
import { serverCardCodec, transportCodec } from '@lux/ceremony/wire'
import type { Json } from '@lux/crypto'
import { preflightLibrary } from '@lux/hsm'
import { CoreError, mustBeFolder, readBounded } from '@lux/node-files'
import { findProgram, type Program } from '../../core/program.ts'
import { startCommand } from '../../core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../core/rehearsal/rehearsal-pins.ts'
import type { RehearsalDestination } from '../../core/rehearsal/rehearsal-request.ts'
import { makeStandInTokens } from '../../core/rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../core/rehearsal/stand-ins.ts'
import { Answers, type Decision, readAnswers } from '../../core/runs/exchange/answers.ts'
import { takeAnswers } from '../../core/runs/exchange/inbox.ts'
import { writeRequests } from '../../core/runs/exchange/outbox.ts'
import { maxAnswer } from '../../core/runs/exchange/take-answer.ts'
import { vendorAttestationAt, vendorWorkAt } from '../../core/runs/exchange/vendor-procedure.ts'
import type { RunFolder } from '../../core/runs/folder/run-folder.ts'
import { loadRun } from '../../core/runs/run/load-run.ts'
import type { Run } from '../../core/runs/run/run.ts'
import { leader } from '../../core/runs/run/run.ts'
import { checkBuild, checkSame } from '../../core/runs/run/same-program.ts'
import { systemClock } from '../../core/system.ts'
import { driveProduction, type Rest } from '../../core/use-cases/drive-production.ts'
import { readParsed } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { closeWithPin, endedWithKey, keyEndOf, withKeyEnd } from './aborted-key.ts'
import { afterNothing, changedLineage } from './lineage.ts'
import { runIsOver, runOutcome, statusOutcome } from './outcome.ts'
import { askFirst, pinSource, type RunPinOptions } from './pins.ts'
import { exceptionOutcome, lookAhead, lookAheadOfRehearsal, submitReceipt, withoutPin } from './preview.ts'
import { forgetToken, pinned, readRun, rehearsalPlace, withRun } from './session.ts'
import {
  libraryOf,
  loadSettings,
  type RunSettings,
  readTokens,
  saveSettings,
  settingsFile,
} from './settings.ts'

export type ResumeOptions = RunPinOptions & {
  token?: Record<string, string>
  medium?: string
  after?: string
  answers?: string
  by?: string
  decide?: string
  reason?: string
}

/**
 * Takes the answers of DIR/in/ and goes on; where nothing of what is awaited has come, neither log nor token is touched
 * and no PIN is asked. Errors: CEREMONY-UNKNOWN, STORE-…, PLAN-LIBRARY, HSM-….
 */
export async function resumeCeremony(
  dir: string,
  options: ResumeOptions,
  program: Program = findProgram(),
): Promise<Outcome> {
  return goOn(dir, options, program, null)
}

/** A server's receipt; then the run is closed. Refused receipts change nothing. */
export async function takeReceipt(
  dir: string,
  file: string,
  options: ResumeOptions,
  program: Program = findProgram(),
): Promise<Outcome> {
  return goOn(dir, options, program, readBounded(file, maxAnswer))
}

async function goOn(
  dir: string,
  options: ResumeOptions,
  program: Program,
  receipt: Uint8Array | null,
): Promise<Outcome> {
  const folder = resolve(dir)
  const { before, header, key } = readRun(folder, (opened) => ({
    before: viewOf(opened.state),
    header: opened.header,
    key: keyEndOf(opened),
  }))
  const followed = options.after
  if (before.needs === null) {
    if (followed !== undefined) throw afterNothing(followed, 'the run is over')
    if (receipt !== null) throw runIsOver('receipt', folder, before.state)
    return endedWithKey(runOutcome(before, folder, { files: [], refused: [] }), key, folder)
  }
  const decision = decisionOf(options)
  const saved = loadSettings(folder)
  if (saved === null) {
    if (header.domain === 'production') {
      throw new CoreError(
        'CEREMONY-UNKNOWN',
        `${folder} was not begun by this command: it has no ${settingsFile}`,
        'go on with it in the window, under Ceremonies; where it was cut off at its very start, begin it in a new folder',
      )
    }
    if (followed !== undefined) throw afterNothing(followed, 'a rehearsal’s bundle follows none')
    const ahead = readRun(folder, (opened) => lookAheadOfRehearsal(opened, { decision, receipt }))
    if (ahead !== null) return ahead
  }
  if (saved === null) return resumeRehearsal(folder, program, decision, receipt)
  return resumeProduction(folder, options, program, { ...saved, ...pinned(header.tokens) }, decision, receipt)
}

async function resumeRehearsal(
  folder: string,
  program: Program,
  decision: Decision | null,
  receipt: Uint8Array | null,
): Promise<Outcome> {
  const outcome = await withRun(
    program,
    rehearsalPlace(folder),
    (parts, hsm) => {
      const run = loadRun(folder, parts, () => undefined)
      checkSame(run.folder, hsm.library.sha256, program)
      return run
    },
    async (run, hsm) => {
      const standIns = loadStandIns(folder)
      if (standIns.length === 0) {
        throw new CoreError(
          'STAND-IN-MISSING',
          `${folder} has no stand-ins`,
          'it is no rehearsal of this tool',
        )
      }
      if (!run.folder.state.started) {
        const tokens = await makeStandInTokens(run.folder.plan, hsm, rehearsalPins(folder))
        must(run, { ...startCommand(run.folder, destinationsOf(run.folder)), tokens })
      }
      const drive = () =>
        driveRehearsal(run, {
          standIns,
          pins: rehearsalPins(folder),
          stopAtSealed: run.folder.state.destinations.length === 0,
          now: systemClock.now,
          onStep: stepSayer(),
        })
      if (decision !== null) {
        const { decision: decided, by, reason } = named(run, decision)
        orThrow(run.decide(decided, by, reason))
      }
      let halt = await drive()
      let rest: Rest = { waiting: halt.why !== 'over', refused: [] }
      if (halt.why === 'receipt') {
        if (receipt !== null) submitReceipt(run, receipt)
        else rest = { waiting: true, refused: (await takeAnswers(run)).refused }
        halt = await drive()
      }
      const view = run.view()
      if (halt.why === 'exception') return exceptionOutcome(view, folder, halt.detail)
      return runOutcome(view, folder, {
        ...rest,
        files: writeRequests(run.folder, view),
        vendor: vendorWorkAt(run.folder),
        attestation: vendorAttestationAt(run.folder),
      })
    },
  )
  if (outcome.exit === 0) forgetToken(folder)
  return outcome
}

async function resumeProduction(
  folder: string,
  options: ResumeOptions,
  program: Program,
  { librarySha256, ...before }: RunSettings & { librarySha256?: string },
  decision: Decision | null,
  receipt: Uint8Array | null,
): Promise<Outcome> {
  const { after } = options
  if (options.medium !== undefined) mustBeFolder(options.medium)
  const saved = {
    ...before,
    ...(after === undefined
      ? {}
      : { lineage: readRun(folder, (opened) => changedLineage(opened, resolve(after))) }),
    tokens: { ...before.tokens, ...options.token },
    medium: options.medium === undefined ? before.medium : resolve(options.medium),
  }
  const moved = options.token !== undefined || options.medium !== undefined || after !== undefined
  const tokens = readTokens(saved.tokens)
  const answers = options.answers === undefined ? new Answers([]) : readAnswers(options.answers)
  const { lineage } = saved
  // The library's file and the build are judged even where nothing has come: people learn it while they wait.
  preflightLibrary(libraryOf(tokens), librarySha256 ?? null)
  const ahead = readRun(folder, (opened) => {
    checkBuild(opened, program)
    return lookAhead(opened, { words: answers, decision, receipt })
  })
  if ('stays' in ahead) {
    if (moved) saveSettings(folder, saved)
    return ahead.stays
  }
  const pins = await askFirst(ahead.pins, pinSource(tokens, options))
  if (pins === null) {
    if (moved) saveSettings(folder, saved)
    return readRun(folder, withoutPin)
  }
  return withRun(
    program,
    {
      library: libraryOf(tokens),
      ...(librarySha256 === undefined ? {} : { librarySha256 }),
      medium: saved.medium ?? join(folder, 'medium'),
      lineage,
    },
    (parts, hsm) => {
      const run = loadRun(folder, parts, () => undefined)
      checkSame(run.folder, hsm.library.sha256, program)
      return run
    },
    async (run) => {
      if (moved) saveSettings(folder, saved)
      const settings = {
        answers,
        askPin: pins.askPin,
        by: options.by ?? leader(run),
        decision: decision === null ? null : named(run, decision),
      }
      let rest = await driveProduction(run, settings)
      if (receipt !== null) {
        submitReceipt(run, receipt)
        rest = await driveProduction(run, { ...settings, decision: null })
      }
      await closeWithPin(run, pins.askPin)
      const view = run.view()
      const outcome = runOutcome(view, folder, {
        ...rest,
        files: writeRequests(run.folder, view),
        vendor: vendorWorkAt(run.folder),
        attestation: vendorAttestationAt(run.folder),
      })
      return endedWithKey(outcome, keyEndOf(run.folder), folder)
    },
  ).finally(pins.wipe)
}

export function ceremonyStatus(dir: string): Outcome {
  const folder = resolve(dir)
  return readRun(folder, (opened) =>
    withKeyEnd(statusOutcome(viewOf(opened.state), folder), keyEndOf(opened), folder),
  )
}

/** Server cards and transport files as a rehearsal's folder keeps them. */
function destinationsOf(folder: RunFolder): RehearsalDestination[] {
  const path = join(folder.path, 'transports')
  return (existsSync(path) ? readdirSync(path) : []).map((file) => {
    const transport = readParsed(join(path, file), transportCodec.file)
    const card = serverCardCodec.parse(folder.card(transport.payload.audience))
    if (!card.ok) throw new CoreError(card.rule, card.detail)
    // A signed document is JSON by its codec.
    return { name: 'server', card: card.value, transport: transport as unknown as Json }
  })
}

function decisionOf({ decide: decision, by, reason }: ResumeOptions): Decision | null {
  if (decision === undefined) return null
  if (!isDecision(decision))
    throw new WrongUse('OPTION-DECIDE', `--decide ${decision}: expected retry, continue or abort`)
  return { decision, by: by ?? '', reason: reason ?? '' }
}

function isDecision(text: string): text is ExceptionDecision {
  return text === 'retry' || text === 'continue' || text === 'abort'
}

function named(run: Run, decision: Decision): Decision {
  return decision.by === '' ? { ...decision, by: leader(run) } : decision
}

function must(run: Run, command: Parameters<Run['submit']>[0]): void {
  orThrow(run.submit(command))
}

function orThrow(refused: Refusal | null): void {
  if (refused !== null) throw new CoreError(refused.rule, refused.detail)
}

function stepSayer(): (view: RunView) => void {
  let at: string | null = null
  return ({ current }) => {
    if (current !== at && current !== null) say(`· ${current}`)
    at = current
  }
}
