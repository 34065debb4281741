import type { PinNeed, RunView } from '@lux/ceremony'
import { CoreError } from '@lux/node-files'
import { Answers, type Decision } from '../../core/runs/exchange/answers.ts'
import { writeRequests } from '../../core/runs/exchange/outbox.ts'
import { LookAhead } from '../../core/runs/exchange/preview.ts'
import { type Taker, takeAnswer } from '../../core/runs/exchange/take-answer.ts'
import { vendorAttestationAt, vendorWorkAt } from '../../core/runs/exchange/vendor-procedure.ts'
import type { RunFolder } from '../../core/runs/folder/run-folder.ts'
import type { Outcome } from '../shell/output.ts'
import { type Left, remedyFirst, runOutcome } from './outcome.ts'
import { pinsAtOnce } from './pins.ts'

type Given = { words: Answers; decision: Decision | null; receipt: Uint8Array | null }

/**
 * What going on with a run that is left would come to: the run stays where it is, or it goes on and these PINs are asked
 * at once. Neither log nor token is touched. Throws CoreError of a receipt that would not be taken.
 */
export function lookAhead(
  folder: RunFolder,
  { words, decision, receipt }: Given,
): { stays: Outcome } | { pins: { need: PinNeed; fresh: boolean }[] } {
  const look = new LookAhead(folder)
  const view = look.view()
  const { may, refused, unanswered } = look.mayGoOn({ words, decided: decision !== null })
  if (!may && receipt === null) return { stays: left(folder, view, { refused, unanswered }) }
  if (!may && receipt !== null) submitReceipt(look, receipt)
  return { pins: pinsAtOnce(folder, view) }
}

/** Stand-ins answer everything but a server's receipt and an open exception; null where they have something to do. */
export function lookAheadOfRehearsal(
  folder: RunFolder,
  { decision, receipt }: Pick<Given, 'decision' | 'receipt'>,
): Outcome | null {
  if (!folder.state.started) return null
  const look = new LookAhead(folder)
  const view = look.view()
  if (view.needs?.kind === 'exception' && decision === null) {
    const open = view.exceptions.find((one) => one.decision === null)
    return exceptionOutcome(view, folder.path, `${open?.step ?? ''}: ${open?.happened ?? ''}`)
  }
  if (view.needs?.kind !== 'receipt') return null
  const { may, refused } = look.mayGoOn({ words: new Answers([]), decided: false })
  if (may) return null
  if (receipt === null) return left(folder, view, { refused })
  submitReceipt(look, receipt)
  return null
}

/** The run waits for a PIN that nobody is there to type, before anything else. */
export function withoutPin(folder: RunFolder): Outcome {
  return left(folder, new LookAhead(folder, false).view(), { refused: [] })
}

/** Errors: those of the engine, IMPORT-REFUSED, FILE-WRONG-KIND. */
export function submitReceipt(run: Taker, receipt: Uint8Array): void {
  const refused = takeAnswer(run, receipt)
  if (refused !== null) {
    throw new CoreError(refused.rule, refused.detail, 'bring the receipt of this run’s bundle')
  }
}

function left(folder: RunFolder, view: RunView, how: Pick<Left, 'refused' | 'unanswered'>): Outcome {
  return runOutcome(view, folder.path, {
    ...how,
    files: writeRequests(folder, view),
    vendor: vendorWorkAt(folder),
    attestation: vendorAttestationAt(folder),
  })
}

/** An exception of a rehearsal: nobody decides for people, not even for stand-ins. */
export function exceptionOutcome(
  view: Pick<RunView, 'exceptions' | 'state'>,
  folder: string,
  detail: string,
): Outcome {
  const open = view.exceptions.find((one) => one.decision === null)
  const choices = open?.choices ?? []
  const first = remedyFirst(view)
  const decide = `custody ceremony resume ${folder} --decide ${choices.join('|')}`
  const remedy = first === null ? decide : `${first} Then: ${decide}`
  const text = `stopped at an exception: ${detail}\nWhat to do: ${remedy}`
  return {
    exit: 3,
    json: { ok: false, code: 'EXCEPTION-OPEN', detail, remedy, choices, folder, state: view.state },
    text,
  }
}
