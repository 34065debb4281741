import type { CheckpointReason, PinNeed } from '../model/effects.ts'
import type { Stage } from '../model/stage.ts'
import type { State, StepProgress } from '../model/state.ts'
import type { StepKind } from '../plan/plan.ts'
import { isAtPad } from '../plan/queries.ts'
import { stepFacts } from './facts.ts'

export function stagesOf(kind: StepKind): readonly Stage[] {
  return stepFacts[kind].stages
}

/** The stage at which a step stands, or null when it is done. */
export function stageOf(progress: StepProgress): Stage | null {
  return stagesOf(progress.step.do)[progress.stage] ?? null
}

/** The step that is current, or null at the end. */
export function currentStep(state: State): StepProgress | null {
  return state.steps[state.current] ?? null
}

/** The PINs that people type at the start of a step, for one attempt. */
export function pinsOf(state: State, progress: StepProgress): PinNeed[] {
  const role = progress.step.token ?? 'ceremony'
  const serial = state.tokens.find((token) => token.role === role)?.serial ?? ''
  const pad = isAtPad(state.plan, role)
  return pinUsersOf(state, progress).map((user) => ({ token: role, serial, user, pad }))
}

function pinUsersOf(state: State, { step }: StepProgress): readonly PinNeed['user'][] {
  const { pins } = stepFacts[step.do]
  return pins === undefined ? [] : pins(state, step)
}

/** Whether witnesses must cosign the checkpoint of this stage before the run goes on. */
export function isLive(state: State, progress: StepProgress, reason: CheckpointReason): boolean {
  if (state.terms.witnesses === 0) return false
  if (reason === 'sealing' || reason === 'planned') return true
  return (reason === 'opening' || reason === 'key') && state.plan.checkpoints.live.includes(progress.step.id)
}

/** Whether a person says when the stage is over. */
export function isConfirmed(stage: Stage | null): boolean {
  return stage?.kind === 'confirm' || stage?.kind === 'heartbeats' || stage?.kind === 'share-checks'
}
