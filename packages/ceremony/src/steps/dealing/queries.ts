import type { State, StepProgress } from '../../model/state.ts'

/** Holders whom an acknowledge-holder step still waits for. */
export function missingHolders(state: State, progress: StepProgress): string[] {
  const next = state.reshare?.next ?? null
  const all = next?.holders ?? state.plan.fhe?.holders ?? []
  const wanted = progress.step.holder === undefined ? all : [progress.step.holder]
  const proved =
    next === null
      ? (state.fhe?.acknowledged ?? [])
      : all.filter((_, at) => (state.reshare?.acknowledgements[at] ?? null) !== null)
  return wanted.filter((name) => !proved.includes(name))
}
