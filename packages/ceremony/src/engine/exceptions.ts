import type { ExceptionDecisionDocument } from '../documents/ceremony/exception.ts'
import type { ExceptionDecision } from '../model/commands.ts'
import type { OwnEffect } from '../model/effects.ts'
import type { ComparedCard, ExceptionScope, NewEvent } from '../model/events.ts'
import type { ExceptionState, State } from '../model/state.ts'
import { stepFacts } from '../steps/facts.ts'
import { currentStep } from '../steps/stages.ts'
import { openException } from './next-effect.ts'

type Proposed = Pick<ExceptionDecisionDocument, 'decided' | 'by' | 'reason' | 'head'>

type Opening = {
  about: 'failed' | 'ambiguous' | 'mismatch' | 'reported'
  scope: ExceptionScope
  expected: string
  happened: string
  compared?: ComparedCard
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

/** What officers sign about an exception when somebody proposes how to go on. */
export function decisionDocument(
  { domain, ceremonyId, planHash }: State,
  { id, step, attempt, about, expected, happened }: ExceptionState,
  { decided, by, reason, head }: Proposed,
): ExceptionDecisionDocument {
  const run = { domain, ceremonyId, planHash }
  const what = { exception: id, stepId: step, attempt, about, expected, happened }
  return { v: 1, kind: 'exception-decision', ...run, ...what, decided, by, reason, head }
}

/** The document that officers sign now, or null. */
export function proposedDocument(state: State): ExceptionDecisionDocument | null {
  return openException(state)?.proposal?.payload ?? null
}

/** Going on without the result is open only where no key, seal or proof depends on it. */
function choicesOf(state: State, { about, scope, compared }: Opening): ExceptionDecision[] {
  const abort: ExceptionDecision[] = state.base === 'Exported' || state.base === 'Receipted' ? [] : ['abort']
  const again =
    compared !== undefined && state.exceptions.some((one) => one.compared?.digest === compared.digest)
  if (again && abort.length > 0) return abort
  if (about === 'reported') return ['continue', ...abort]
  const kind = currentStep(state)?.step.do
  const free = scope === 'step' && kind !== undefined && stepFacts[kind].dispensable === true
  return free ? ['retry', 'continue', ...abort] : ['retry', ...abort]
}

/** What a retry of the effect tries again. */
export function scopeOf(effect: OwnEffect): ExceptionScope {
  if (effect.kind === 'make-checkpoint') return 'checkpoint'
  return effect.kind === 'log-in' && effect.again ? 'log-in' : 'step'
}
