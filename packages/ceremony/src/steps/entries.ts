import type { Facts } from '../model/events.ts'
import type { State, StepProgress } from '../model/state.ts'

/** Takes an entry that a family knows into a draft, at the step where it came in; true when the stage is over. */
export type EntriesOf<K extends keyof Facts> = {
  [Kind in K]: (state: State, progress: StepProgress, fact: Facts[Kind]) => boolean
}
