import { textFault, tidyText } from '@lux/crypto/text'
import type { Command } from '../model/commands.ts'
import type { NewEvent } from '../model/events.ts'
import type { State } from '../model/state.ts'

/** What people typed, composed and without spaces at its ends; as it is in a run of before version 3. */
export function tidied(state: State, command: Command): Command {
  if (state.plan.v !== 3) return command
  switch (command.type) {
    case 'note':
      return { ...command, text: tidyText(command.text) }
    case 'pause':
    case 'abort':
    case 'decide-exception':
      return { ...command, reason: tidyText(command.reason) }
    case 'proceed': {
      if (command.input === undefined) return command
      const input = Object.entries(command.input).map(([name, text]) => [name, tidyText(text)])
      return { ...command, input: Object.fromEntries(input) }
    }
    default:
      return command
  }
}

/** Since version 3 what people typed keeps the text rule: why it does not, or null. */
export function typedFault(state: State, event: NewEvent): string | null {
  const fault =
    state.plan.v === 3
      ? typedIn(event)
          .map(textFault)
          .find((one) => one !== null)
      : null
  return fault == null ? null : `what was typed does not keep the text rule: ${fault}`
}

function typedIn({ kind, fact }: NewEvent): string[] {
  if (kind === 'note.made') return [fact.text]
  if (kind === 'step.confirmed') return Object.values(fact.input)
  if (kind === 'run.paused') return fact.cause === 'person' ? [fact.reason] : []
  return kind === 'run.aborted' || kind === 'exception.decided' ? [fact.reason] : []
}
