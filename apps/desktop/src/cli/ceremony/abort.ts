import { resolve } from 'node:path'
import { decide, view as viewOf } from '@lux/ceremony'
import { CoreError } from '@lux/node-files'
import { findProgram, type Program } from '../../core/program.ts'
import { keyLeftBehind } from '../../core/runs/closing/close-aborted.ts'
import { firstOfLine } from '../../core/runs/effects/context.ts'
import { record } from '../../core/runs/folder/project.ts'
import { loadRun } from '../../core/runs/run/load-run.ts'
import { systemClock, systemEntropy } from '../../core/system.ts'
import type { Outcome } from '../shell/output.ts'
import { endedWithKey, keyEndOf } from './aborted-key.ts'
import { runIsOver, statusOutcome } from './outcome.ts'
import { pinSource, type RunPinOptions } from './pins.ts'
import { forgetToken, pinned, readRun, withRun } from './session.ts'
import { libraryOf, loadSettings, readTokens } from './settings.ts'

export type AbortOptions = RunPinOptions & { by?: string; reason: string; token?: Record<string, string> }

/**
 * Ends a run that is not exported yet, and then destroys its ceremony key and proves it absent, which needs the token
 * and its PIN: where they are missing the run is over all the same, and the same command ends it later. A rehearsal's
 * throw-away token goes as a whole.
 */
export async function abortCeremony(
  dir: string,
  options: AbortOptions,
  program: Program = findProgram(),
): Promise<Outcome> {
  const folder = resolve(dir)
  const { view, left, header } = readRun(folder, (opened) => {
    // A rehearsal's key went with its token, so that aborting it again is as wrong as for any run that is over.
    if (opened.header.domain === 'rehearsal' || keyLeftBehind(opened) === null) abort(opened, options)
    return { view: viewOf(opened.state), left: keyLeftBehind(opened), header: opened.header }
  })
  const outcome = statusOutcome(view, folder)
  if (view.domain === 'rehearsal') {
    forgetToken(folder)
    return outcome
  }
  if (left === null) return outcome
  await closeAborted(folder, options, program, { ...left, ...pinned(header.tokens) })
  return endedWithKey(outcome, readRun(folder, keyEndOf), folder)
}

function abort(opened: Parameters<Parameters<typeof readRun>[1]>[0], options: AbortOptions): void {
  const by = options.by ?? opened.plan.people.find(({ role }) => role === 'administrator')?.name ?? ''
  const ports = { clock: systemClock, entropy: systemEntropy }
  // A step that was on its way when the process ended is unknown, no longer at work.
  const paused = decide(opened.state, {
    type: 'pause',
    by: 'machine',
    cause: 'restart',
    reason: 'taken up again to be aborted',
  })
  if (paused.ok) record(opened, paused.events, ports)
  const before = viewOf(opened.state)
  if (before.needs === null) throw runIsOver('abort', opened.path, before.state)
  const aborted = decide(opened.state, { type: 'abort', by, reason: options.reason })
  if (!aborted.ok) throw new CoreError(aborted.rule, aborted.detail)
  record(opened, aborted.events, ports)
}

/** Nothing where nobody is there to type the PIN, or no token is named. */
async function closeAborted(
  folder: string,
  options: AbortOptions,
  program: Program,
  { librarySha256, ...left }: { token: string; serial: string; pad: boolean; librarySha256?: string },
): Promise<void> {
  // A run of the window has no settings of this command line's: its token is named with --token.
  const saved = loadSettings(folder)
  const tokens = readTokens({ ...saved?.tokens, ...options.token })
  if (tokens.length === 0) return
  const pin = await pinSource(tokens, options)({ ...left, user: 'user' }, false)
  if (pin === null) return
  await withRun(
    program,
    {
      library: libraryOf(tokens),
      ...(librarySha256 === undefined ? {} : { librarySha256 }),
      medium: folder,
      lineage: saved?.lineage ?? firstOfLine,
    },
    (parts) => loadRun(folder, parts, () => undefined),
    (run) => run.closeAborted(pin),
  )
}
