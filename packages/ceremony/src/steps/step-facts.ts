import type { Version } from '../documents/format/versions.ts'
import type { EffectKind, KeyEvidence, PinNeed, Results } from '../model/effects.ts'
import type { Stage } from '../model/stage.ts'
import type { State } from '../model/state.ts'
import type { Role, Step, StepKind } from '../plan/plan.ts'
import type { Ability } from '../plan/profiles.ts'
import type { Template } from './key/templates.ts'

/** All that is always so of a kind of step, said by its family: whoever wants to know it asks the table of steps/facts.ts. */
export type StepFacts = {
  /** Who does it, where a script says nothing else. */
  readonly actor: Role
  /** What it consists of; it is done when its last stage is. */
  readonly stages: readonly Stage[]
  /** Null of a step that neither makes nor brings a key. `probed`: its token passed the probe before. */
  readonly key: {
    readonly makes: 'the key that it names' | 'the ceremony key' | 'the threshold key' | null
    readonly probed: boolean
  } | null
  /** The effect whose result the manifest is compared with. */
  readonly recorded: EffectKind | null
  /** Officers may go on without its result: no key, seal or proof depends on it. */
  readonly dispensable?: true
  /** Digests are read aloud at its start, before anybody goes on. */
  readonly aloud?: true
  /** What whoever goes on says with it. */
  readonly says?: 'who is here' | 'the time'
  /** Whose PINs people enter at its start, for one attempt. */
  readonly pins?: (state: State, step: Step) => readonly PinNeed['user'][]
  /** What its token must be able to do, and what besides where a root leaves it by a window. */
  readonly asks?: readonly Ability[]
  readonly asksForWindow?: readonly Ability[]
}

/** What must stand in the transcript of a key that an effect read. */
export type Reading = Template | 'as the root is made' | 'as it was wrapped' | 'as its record'

/** All that is always so of a kind of effect. */
export type EffectFacts<K extends EffectKind> = {
  /** What the checks of a bundle do with its result. */
  readonly result: 'makes a key' | 'is asked for' | null
  /** What its result must say of the key that it read; every effect that reads one says so. */
  readonly reads: Results[K] extends { evidence: KeyEvidence } ? Reading : null
  /** What nobody brings back afterwards. */
  readonly destroys?: 'all in its token' | 'a root'
  /** What its intent names before anything is made: CKA_IDs of the attempt. */
  readonly names: 'an object' | 'an object and its seal' | null
  /** Members of its result that version 1 of a run does not know, by the version that brought them. */
  readonly newer?: Readonly<Partial<Record<string, Version>>>
}

export type StepFactsOf<K extends StepKind> = { readonly [Kind in K]: StepFacts }
export type EffectFactsOf<K extends EffectKind> = { readonly [Kind in K]: EffectFacts<Kind> }
