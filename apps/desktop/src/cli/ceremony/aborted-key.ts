import { type KeyLeft, keyLeftBehind } from '../../core/runs/closing/close-aborted.ts'
import { type LeftObject, leftOnTokens } from '../../core/runs/closing/left-on-tokens.ts'
import type { RunFolder } from '../../core/runs/folder/run-folder.ts'
import type { Run } from '../../core/runs/run/run.ts'
import type { AskPin } from '../../core/use-cases/drive-production.ts'
import type { Outcome } from '../shell/output.ts'

/** What became of the ceremony key of an aborted production run. `serial`: of the token that made it. */
export type KeyEnd = { key: 'left' | 'absent'; serial: string; left: LeftObject[] }

/** Null where the run goes on, made no ceremony key yet, or was a rehearsal, whose token goes as a whole. */
export function keyEndOf(folder: RunFolder): KeyEnd | null {
  const { base, domain, ceremonyKey, tokens } = folder.state
  if (base !== 'Aborted' || domain !== 'production' || ceremonyKey === null) return null
  const serial = tokens.find(({ role }) => role === ceremonyKey.token)?.serial ?? ''
  return { key: keyLeftBehind(folder) === null ? 'absent' : 'left', serial, left: leftOnTokens(folder) }
}

/** Says of an aborted run what became of its key; how the command ends stays. */
export function withKeyEnd(outcome: Outcome, end: KeyEnd | null, folder: string): Outcome {
  if (end === null) return outcome
  const said =
    end.key === 'left'
      ? `the ceremony key is still on the token ${end.serial}; with its PIN: custody ceremony abort ${folder} --reason TEXT`
      : `the ceremony key is destroyed, and absent from the token ${end.serial}`
  return {
    ...outcome,
    json: { ...outcome.json, ceremonyKey: end.key, leftOnTokens: end.left },
    text: [outcome.text, said, ...end.left.map(stays)].join('\n'),
  }
}

function stays({ label, class: kind, ckaId, serial }: LeftObject): string {
  return `stays on the token ${serial}, made by this run and used by none: ${label} (${kind}, CKA_ID ${ckaId})`
}

/** As `withKeyEnd`, for what was to end the run: a key that is left waits for its PIN, exit 4. */
export function endedWithKey(outcome: Outcome, end: KeyEnd | null, folder: string): Outcome {
  const said = withKeyEnd(outcome, end, folder)
  if (end?.key !== 'left') return said
  return { ...said, exit: 4, json: { ...said.json, waitingFor: ['pin'] } }
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
