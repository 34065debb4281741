import type { PersonRole, PlannedStep, SetupFault } from './setups.ts'

/** A script that is being made, as lists name it. */
export type DraftSummary = { id: string; title: string; changed: string; faults: number; frozen: boolean }

/** One entry of a step or a key, as its family asks for it. `lines`: several texts, one a line. */
export type DraftFieldView = {
  entry: string
  type: 'text' | 'long' | 'lines' | 'choice'
  value: string
  choices?: string[]
  optional: boolean
}

export type DraftStepView = PlannedStep & {
  fields: DraftFieldView[]
  /** Witnesses can be asked to cosign after it. */
  checkpoint: boolean
  faults: SetupFault[]
}
export type DraftPartView = { kind: string; title: string; steps: DraftStepView[] }
export type DraftKeyView = { id: string; name: string; level: string; fields: DraftFieldView[] }

export type DraftView = {
  id: string
  title: string
  canUndo: boolean
  canRedo: boolean
  /** Who stands in the script; names are those of a rehearsal. */
  people: { role: PersonRole; name: string }[]
  keys: DraftKeyView[]
  parts: DraftPartView[]
  /** What the linter says that belongs to no step. */
  faults: SetupFault[]
  /** Of the file as it stands. */
  hash: string
  words: string[]
  /** When exactly this file was frozen; null: not yet. */
  frozen: string | null
  /** As a ceremony's choice; empty before it is frozen. */
  script: string
  kinds: { steps: string[]; parts: string[] }
}
