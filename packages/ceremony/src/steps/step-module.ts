import type * as v from 'valibot'
import type { EffectKind, EffectOf, Results } from '../model/effects.ts'
import type { State, StepProgress } from '../model/state.ts'
import type { common } from './effect-parts.ts'

/** What a result contradicts: the plan's expectation and what happened instead. */
export type Mismatch = { expected: string; happened: string }

export const differs = (expected: string, happened: string): Mismatch => ({ expected, happened })

/** Where an effect is owed; `base` is what every effect begins with. */
export type EffectAt = {
  state: State
  progress: StepProgress
  base: Omit<ReturnType<typeof common>, 'pins'> & { pins: EffectOf<EffectKind>['pins'] }
}

/** Adds a line to what people see of the step. */
export type Show = (label: string, value: string | number) => void

/** All that the engine knows of one kind of effect. */
export type EffectModule<K extends EffectKind> = {
  /** Shape of its result. */
  schema: v.GenericSchema<unknown, Results[K]>
  /** Needs a second value of 16 random bytes with its intent. */
  draws?: true
  /** What has to be done; asking twice gives the same answer. */
  effect(at: EffectAt): EffectOf<K>
  /** Compares a result with the effect that was owed; null when all is as planned. */
  verify(state: State, effect: EffectOf<K>, result: Results[K]): Mismatch | null
  /** Takes a verified result into the state (a draft), and says in the step's summary what people should see. */
  apply(state: State, progress: StepProgress, result: Results[K], show: Show): void
}

export type EffectModules<K extends EffectKind> = { [Kind in K]: EffectModule<Kind> }

/** Nothing that a result of this kind could contradict. */
export const asOwed = (): null => null
