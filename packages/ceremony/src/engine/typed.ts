import type { Json } from '@lux/crypto'
import { textFault, tidyText } from '@lux/crypto/text'
import type { Command } from '../model/commands.ts'
import type { NewEvent } from '../model/events.ts'
import type { State } from '../model/state.ts'
import { factTextFault } from '../transcript/fact-texts.ts'

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

/** Since version 3 names and what people typed keep the text rule, as verifiers ask: why they do not, or null. */
export function typedFault(state: State, { kind, fact }: NewEvent): string | null {
  if (state.plan.v !== 3) return null
  // What officers are asked to sign stands in the transcript once they have.
  const proposed = kind === 'exception.proposed' ? textFault(fact.payload.reason) : null
  // Facts are built of JSON's values by their type.
  const fault = proposed ?? factTextFault(fact as { readonly [name: string]: Json })
  return fault === null ? null : `what was typed does not keep the text rule: ${fault}`
}
