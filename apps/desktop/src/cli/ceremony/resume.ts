import { join, resolve } from 'node:path'
import { type RunView, view as viewOf } from '@lux/ceremony'
import type { Outcome as Ruled } from '@lux/crypto'
import { preflightLibrary } from '@lux/hsm'
import { ExpectedError, mustBeFolder, readBounded } from '@lux/node-files'
import { exceptionDecisions } from '../../contract/index.ts'
import { findProgram, type Program } from '../../core/program.ts'
import { Answers, type Decision, readAnswers } from '../../core/runs/exchange/answers.ts'
import { maxAnswer } from '../../core/runs/exchange/take-answer.ts'
import { loadRun } from '../../core/runs/run/load-run.ts'
import { checkBuild, checkSame } from '../../core/runs/run/same-program.ts'
import { systemClock } from '../../core/system.ts'
import { keyEndOf } from '../../core/use-cases/abort.ts'
import {
  leftWithoutPin,
  type Preview,
  previewRun,
  type RehearsalLeft,
  resumeRehearsal as resumeRehearsed,
  resumeProduction as resumeRun,
} from '../../core/use-cases/resume.ts'
import { refused } from '../shell/command-line.ts'
import { type Outcome, say } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { endedWithKey, withKeyEnd } from './aborted-key.ts'
import { afterNothing, changedLineages } from './lineage.ts'
import { exceptionOutcome, interruptible, runIsOver, runOutcome, statusOutcome } from './outcome.ts'
import { askFirst, pinSource, type RunPinOptions } from './pins.ts'
import { forgetToken, pinned, readRun, rehearsalPlace, withRun } from './session.ts'
import {
  libraryOf,
  loadSettings,
  type RunSettings,
  readTokens,
  saveSettings,
  settingsFile,
  startedBy,
} from './settings.ts'

export type ResumeOptions = RunPinOptions & {
  token?: Record<string, string>
  medium?: string
  after?: string[]
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
    if (followed !== undefined) throw afterNothing(followed.join(', '), 'the run is over')
    if (receipt !== null) throw runIsOver('receipt', folder, before.state)
    return endedWithKey(runOutcome(before, folder, { files: [], refused: [] }), key, folder)
  }
  const decision = decisionOf(options)
  const saved = loadSettings(folder)
  if (saved === null) {
    if (header.domain === 'production') {
      throw new ExpectedError(
        'CEREMONY-UNKNOWN',
        `${folder} was not begun by this command: it has no ${settingsFile}`,
        'go on with it in the window, under Ceremonies; where it was cut off at its very start, begin it in a new folder',
      )
    }
    if (followed !== undefined) throw afterNothing(followed.join(', '), 'a rehearsal’s bundle follows none')
    const ahead = readRun(folder, (opened) =>
      taken(previewRun(opened, { words: new Answers([]), decision, receipt })),
    )
    if (ahead.kind !== 'goes') return leftOutcome(ahead, folder)
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
    async (run) => {
      const left = await resumeRehearsed(run, {
        decision,
        receipt,
        now: systemClock.now,
        onStep: stepSayer(),
      })
      return leftOutcome(taken(left), folder)
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
      : readRun(folder, (opened) =>
          changedLineages(
            opened,
            after.map((path) => resolve(path)),
          ),
        )),
    tokens: { ...before.tokens, ...options.token },
    medium: options.medium === undefined ? before.medium : resolve(options.medium),
  }
  const moved = options.token !== undefined || options.medium !== undefined || after !== undefined
  const tokens = readTokens(saved.tokens)
  const answers = options.answers === undefined ? new Answers([]) : readAnswers(options.answers)
  // The library's file and the build are judged even where nothing has come: people learn it while they wait.
  preflightLibrary(libraryOf(tokens), librarySha256 ?? null)
  const ahead = readRun(folder, (opened) => {
    checkBuild(opened, program)
    return taken(previewRun(opened, { words: answers, decision, receipt }))
  })
  if (ahead.kind !== 'goes') {
    if (moved) saveSettings(folder, saved)
    return leftOutcome(ahead, folder, options.answers)
  }
  const pins = await askFirst(ahead.pins, pinSource(tokens, options))
  if (pins === null) {
    if (moved) saveSettings(folder, saved)
    return readRun(folder, (opened) =>
      leftOutcome({ kind: 'stays', left: leftWithoutPin(opened) }, folder, options.answers),
    )
  }
  return withRun(
    program,
    {
      library: libraryOf(tokens),
      ...(librarySha256 === undefined ? {} : { librarySha256 }),
      medium: saved.medium ?? join(folder, 'medium'),
      lineage: saved.lineage,
      ...startedBy(saved),
      ...(saved.identifiers === undefined ? {} : { identifiers: saved.identifiers }),
      ...(saved.others === undefined ? {} : { others: saved.others }),
    },
    (parts, hsm) => {
      const run = loadRun(folder, parts, () => undefined)
      checkSame(run.folder, hsm.library.sha256, program)
      return run
    },
    async (run) => {
      if (moved) saveSettings(folder, saved)
      const left = await interruptible(folder, options.answers, () =>
        resumeRun(run, {
          words: answers,
          decision,
          receipt,
          askPin: pins.askPin,
          ...(options.by === undefined ? {} : { by: options.by }),
        }),
      )
      return leftOutcome({ kind: 'left', left: taken(left) }, folder, options.answers)
    },
  ).finally(pins.wipe)
}

export function ceremonyStatus(dir: string): Outcome {
  const folder = resolve(dir)
  return readRun(folder, (opened) =>
    withKeyEnd(statusOutcome(viewOf(opened.state), folder), keyEndOf(opened), folder),
  )
}

/** A rehearsal stands at an exception that people decide; everything else is said of any run. */
function leftOutcome(
  how: RehearsalLeft | Exclude<Preview, { kind: 'goes' }>,
  folder: string,
  answers?: string,
): Outcome {
  if (how.kind === 'exception') return exceptionOutcome(how.view, folder)
  return endedWithKey(runOutcome(how.left.view, folder, { ...how.left, answers }), how.left.keyEnd, folder)
}

function taken<T>(outcome: Ruled<T>): T {
  if (outcome.ok) return outcome.value
  const { option } = outcome
  if (option === 'receipt') throw refused(outcome, 'bring the receipt of this run’s bundle')
  throw refused(outcome)
}

function decisionOf({ decide: decision, by, reason }: ResumeOptions): Decision | null {
  if (decision === undefined) return null
  const decided = exceptionDecisions.find((one) => one === decision)
  if (decided === undefined)
    throw new WrongUse('OPTION-DECIDE', `--decide ${decision}: expected ${exceptionDecisions.join(', ')}`)
  return { decision: decided, by: by ?? '', reason: reason ?? '' }
}

function stepSayer(): (view: RunView) => void {
  let at: string | null = null
  return ({ current }) => {
    if (current !== at && current !== null) say(`· ${current}`)
    at = current
  }
}
