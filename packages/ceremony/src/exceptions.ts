import type { ExceptionDecision } from './commands.ts'
import type { OwnEffect } from './effects.ts'
import type { NewEvent } from './events.ts'
import { currentStep } from './kinds/stages.ts'
import type { ExceptionScope, State } from './state.ts'

type Opening = {
  about: 'failed' | 'ambiguous' | 'mismatch' | 'reported'
  scope: ExceptionScope
  expected: string
  happened: string
}

/** The event that opens an exception, with the decisions that a person has. */
export function opened(state: State, stepId: string, opening: Opening, by = 'machine'): NewEvent {
  const choices = choicesOf(state, opening)
  return {
    kind: 'exception.opened',
    stepId,
    fact: { id: state.exceptions.length + 1, by, choices, ...opening },
  }
}

/** Going on without the result is open only where no key, seal or proof depends on it. */
function choicesOf(state: State, { about, scope }: Opening): ExceptionDecision[] {
  const abort: ExceptionDecision[] = state.base === 'Exported' || state.base === 'Receipted' ? [] : ['abort']
  if (about === 'reported') return ['continue', ...abort]
  const kind = currentStep(state)?.step.do
  const free = scope === 'step' && (kind === 'measure-machine' || kind === 'inventory')
  return free ? ['retry', 'continue', ...abort] : ['retry', ...abort]
}

/** What a retry of the effect tries again. */
export function scopeOf(effect: OwnEffect): ExceptionScope {
  if (effect.kind === 'make-checkpoint') return 'checkpoint'
  return effect.kind === 'log-in' && effect.again ? 'log-in' : 'step'
}
