import { decide, type ExceptionDecision, type RunView, view as viewOf } from '@lux/ceremony'
import { accept, type Entropy, type Outcome, refuse } from '@lux/crypto'
import { HsmError } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { type KeyLeft, keyLeftBehind } from '../runs/closing/close-aborted.ts'
import { type LeftObject, leftOnTokens } from '../runs/closing/left-on-tokens.ts'
import { record } from '../runs/folder/project.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { Run } from '../runs/run/run.ts'
import type { Clock } from '../system.ts'
import type { AskPin } from './drive-production.ts'

type Abort = { by: string; reason: string }

/**
 * Ends a run of this process, and then its ceremony key where somebody is logged in to its token. Where the run is over already, the
 * key's end alone is asked for, and whatever keeps it from that is told: HSM-…, KEY-STAYED.
 */
export async function abortRun(run: Run, { by, reason }: Abort): Promise<Outcome<null>> {
  if (keyLeftBehind(run.folder) !== null) {
    await run.closeAborted(null)
    return accept(null)
  }
  return run.submit({ type: 'abort', by, reason }) ?? closed(run)
}

/** Proposes what to do about the open exception; one that aborts the run at once ends its key too. */
export async function decideRun(
  run: Run,
  { decision, by, reason }: Abort & { decision: ExceptionDecision },
): Promise<Outcome<null>> {
  return run.decide(decision, by, reason) ?? closed(run)
}

/** The run is aborted all the same where its key cannot be reached now, and its view says that the key is still there. */
async function closed(run: Run): Promise<Outcome<null>> {
  try {
    await run.closeAborted(null)
  } catch (error) {
    if (!(error instanceof HsmError) && !(error instanceof ExpectedError)) throw error
  }
  return accept(null)
}

/** Ends a run that was left, in its folder alone. Refuses RUN-06 where it is over, and by the engine's rules. */
export function abortLeft(
  folder: RunFolder,
  { by, reason }: Abort,
  ports: { clock: Clock; entropy: Entropy },
): Outcome<RunView> {
  // A step that was on its way when the process ended is unknown, no longer at work.
  const paused = decide(folder.state, {
    type: 'pause',
    by: 'machine',
    cause: 'restart',
    reason: 'taken up again to be aborted',
  })
  if (paused.ok) record(folder, paused.events, ports)
  const before = viewOf(folder.state)
  if (before.needs === null) return refuse('RUN-06', `the run is ${before.state}`)
  const aborted = decide(folder.state, { type: 'abort', by, reason })
  if (!aborted.ok) return aborted
  record(folder, aborted.events, ports)
  return accept(viewOf(folder.state))
}

/** What became of the ceremony key of an aborted production run. `serial`: of the token that made it. */
export type KeyEnd = { key: 'left' | 'absent'; serial: string; left: LeftObject[] }

/** Null where the run goes on, made no ceremony key yet, or was a rehearsal, whose token goes as a whole. */
export function keyEndOf(folder: RunFolder): KeyEnd | null {
  const { base, domain, ceremonyKey, tokens } = folder.state
  if (base !== 'Aborted' || domain !== 'production' || ceremonyKey === null) return null
  const serial = tokens.find(({ role }) => role === ceremonyKey.token)?.serial ?? ''
  return { key: keyLeftBehind(folder) === null ? 'absent' : 'left', serial, left: leftOnTokens(folder) }
}

/**
 * Closes a run that was just aborted, with the PIN of its token where nobody is logged in there; nothing where nobody
 * gives one. Errors: HSM-…, KEY-STAYED.
 */
export async function closeWithPin(run: Run, askPin: AskPin): Promise<void> {
  const left = keyLeftBehind(run.folder)
  if (left === null) return
  if (await isIn(run, left)) {
    await run.closeAborted(null)
    return
  }
  const pin = await askPin({ ...left, user: 'user' }, false)
  if (pin !== null) await run.closeAborted(pin)
}

async function isIn({ hsm }: Run, { serial }: KeyLeft): Promise<boolean> {
  const tokens = await hsm.tokens()
  return tokens.some((one) => one.serial === serial && one.loggedIn === 'user')
}
