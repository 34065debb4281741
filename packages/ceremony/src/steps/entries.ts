import type * as v from 'valibot'
import type { Facts } from '../model/events.ts'
import type { Needs } from '../model/run-view.ts'
import type { Stage } from '../model/stage.ts'
import type { State, StepProgress } from '../model/state.ts'

/** All that the engine knows of one kind of entry that people of a family bring about. */
export type EntryModule<K extends keyof Facts> = {
  /** Shape of its fact; one with more or less is refused. */
  schema: v.GenericSchema<unknown, Facts[K]>
  /** Takes it into a draft, at the step where it came in; true when the stage is over. */
  apply(state: State, progress: StepProgress, fact: Facts[K]): boolean
}

export type EntryModules<K extends keyof Facts> = { [Kind in K]: EntryModule<Kind> }

/** What a run waits for at stages at which people of a family are heard. */
export type StageNeeds<K extends Stage['kind']> = {
  [Kind in K]: (state: State, progress: StepProgress) => Needs
}
