import { resolve } from 'node:path'
import { view as viewOf } from '@lux/ceremony'
import { findProgram, type Program } from '../../core/program.ts'
import { keyLeftBehind } from '../../core/runs/closing/close-aborted.ts'
import { firstOfLine } from '../../core/runs/effects/context.ts'
import { loadRun } from '../../core/runs/run/load-run.ts'
import { leader } from '../../core/runs/run/run.ts'
import { systemClock, systemEntropy } from '../../core/system.ts'
import { abortLeft, keyEndOf } from '../../core/use-cases/abort.ts'
import { refused } from '../shell/command-line.ts'
import type { Outcome } from '../shell/output.ts'
import { endedWithKey } from './aborted-key.ts'
import { runIsOver, statusOutcome } from './outcome.ts'
import { pinSource, type RunPinOptions } from './pins.ts'
import { forgetToken, pinned, readRun, withRun } from './session.ts'
import { libraryOf, loadSettings, readTokens, startedBy } from './settings.ts'

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
    if (opened.header.domain === 'rehearsal' || keyLeftBehind(opened) === null) {
      const by = options.by ?? leader({ folder: opened })
      const aborted = abortLeft(
        opened,
        { by, reason: options.reason },
        { clock: systemClock, entropy: systemEntropy },
      )
      if (!aborted.ok)
        throw aborted.rule === 'RUN-06'
          ? runIsOver('abort', folder, viewOf(opened.state).state)
          : refused(aborted)
    }
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
      ...(saved === null ? {} : startedBy(saved)),
    },
    (parts) => loadRun(folder, parts, () => undefined),
    (run) => run.closeAborted(pin),
  )
}
