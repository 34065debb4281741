export { planTerms } from '../plan/schema.ts'
export {
  draftHash,
  draftText,
  emptyDraft,
  isDraft,
  named,
  readDraft,
  type ScriptDraft,
} from '../script-draft/draft.ts'
export type { ScriptEdit } from '../script-draft/edit.ts'
export { keyFields, makesCheckpoint, stepFields } from '../script-draft/fields.ts'
export {
  begun,
  changed,
  type DraftHistory,
  mostUndone,
  redone,
  tryDraft,
  undone,
} from '../script-draft/trial.ts'
