import type { Effect, EffectKind, OwnEffect } from '../model/effects.ts'
import type { State, StepProgress } from '../model/state.ts'
import { common } from '../steps/effect-parts.ts'
import { checkpointEffect, effectOf, logInAgain } from '../steps/run.ts'
import { currentStep, isLive, pinsOf, stageOf } from '../steps/stages.ts'

/** Whether anything may still happen. A rehearsal without a destination is over once it is sealed. */
export function isOver(state: State): boolean {
  return state.base === 'Closed' || state.base === 'Aborted' || (state.started && currentStep(state) === null)
}

export function openException(state: State) {
  return state.exceptions.find((exception) => exception.decision === null) ?? null
}

/**
 * The effect that has to happen next, or null when people have to act first. Core does what it says and asks
 * again; asking twice gives the same answer, so a restart finds it again.
 */
export function owed(state: State): Effect | null {
  if (state.paused === 'restart') return null
  if (state.paused === 'person' && state.due !== 'pause') return null
  return effectAt(state)
}

/** As `owed`, whether the run is paused or not. */
export function effectAt(state: State): Effect | null {
  const progress = currentStep(state)
  if (!state.started || isOver(state) || progress === null || openException(state) !== null) return null
  const lost = state.tokens.find((token) => token.wanted && !token.loggedIn)
  if (lost !== undefined) return logInAgain(state, progress, lost)
  const stage = stageOf(progress)
  if (progress.state === 'Unknown' && stage?.kind === 'effect') {
    const { step, attempt, ceremonyId, domain } = common(state, progress, 'logged')
    const of = build(state, progress, stage.effect, 'logged')
    return { kind: 'reconcile', step, attempt, ceremonyId, domain, intent: 'none', pins: [], of }
  }
  if (state.due !== null) return checkpointEffect(state, progress, state.due, false)
  if (stage?.kind === 'checkpoint' && progress.checkpoint === null)
    return checkpointEffect(state, progress, stage.reason, isLive(state, progress, stage.reason))
  if (stage?.kind !== 'effect') return null
  if (!stage.intent) return build(state, progress, stage.effect, 'none')
  return build(state, progress, stage.effect, progress.intent === null ? 'needed' : 'logged')
}

function build(
  state: State,
  progress: StepProgress,
  effect: EffectKind,
  intent: 'none' | 'needed' | 'logged',
): OwnEffect {
  const base = { ...common(state, progress, intent), pins: pinsOf(state, progress) }
  return effectOf(effect, { state, progress, base })
}
