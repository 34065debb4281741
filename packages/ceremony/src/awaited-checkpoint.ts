import { currentStep, stageOf } from './model/stages.ts'
import type { CheckpointState, State } from './state.ts'

/**
 * The checkpoint that witnesses are asked to cosign, else the newest one; null before the first. A pause or an exception
 * makes another one while it is awaited, so it is not always the newest.
 */
export function awaitedCheckpoint(state: State): CheckpointState | null {
  const progress = currentStep(state)
  const awaited = progress !== null && stageOf(progress)?.kind === 'checkpoint' ? progress.checkpoint : null
  return state.checkpoints.at(awaited ?? -1) ?? null
}
