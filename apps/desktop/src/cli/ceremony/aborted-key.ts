import type { LeftObject } from '../../core/runs/closing/left-on-tokens.ts'
import type { KeyEnd } from '../../core/use-cases/abort.ts'
import type { Outcome } from '../shell/output.ts'

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
