import type { AskedValue, PartKind, StepKind } from '../plan/plan.ts'
import { firstStep, stepFacts } from '../steps/facts.ts'
import { type DraftKey, type DraftPart, type DraftStep, named, type ScriptDraft } from './draft.ts'
import { keyEntries, stepEntries } from './fields.ts'

/** One thing that a person changes of a draft. Parts and places in them are counted from 0. */
export type ScriptEdit =
  | { do: 'title'; title: string }
  | { do: 'add-part'; kind: PartKind }
  | { do: 'add-step'; part: number; at: number; step: StepKind }
  | { do: 'remove-step'; id: string }
  /** Past the edge of its part a step goes to the next one; a part without steps is none. */
  | { do: 'move-step'; id: string; by: -1 | 1 }
  | { do: 'change-step'; id: string; entry: string; value: string }
  /** Whether witnesses cosign before the run goes on. */
  | { do: 'cosign'; id: string; on: boolean }
  | { do: 'add-key' }
  | { do: 'change-key'; id: string; entry: string; value: string }
  | { do: 'remove-key'; id: string }

/** The draft with that change; the same draft where there is nothing to change. Never throws. */
export function edited(draft: ScriptDraft, edit: ScriptEdit): ScriptDraft {
  switch (edit.do) {
    case 'title':
      return edit.title === '' ? draft : named(draft, edit.title)
    case 'add-part': {
      const part: DraftPart = { kind: edit.kind, steps: [newStep(draft, firstStep[edit.kind])] }
      return { ...draft, parts: [...draft.parts, part] }
    }
    case 'add-step':
      return withSteps(draft, edit.part, (steps) => steps.toSpliced(edit.at, 0, newStep(draft, edit.step)))
    case 'remove-step':
      return without(draft, edit.id)
    case 'move-step':
      return moved(draft, edit.id, edit.by)
    case 'change-step':
      return changedStep(draft, edit)
    case 'cosign': {
      const others = draft.checkpoints.live.filter((id) => id !== edit.id)
      return stepOf(draft, edit.id) === undefined
        ? draft
        : { ...draft, checkpoints: { live: edit.on ? [...others, edit.id] : others } }
    }
    case 'add-key':
      return { ...draft, keys: [...draft.keys, newKey(draft)] }
    case 'change-key':
      return changedKey(draft, edit)
    case 'remove-key':
      return { ...draft, keys: draft.keys.filter(({ id }) => id !== edit.id) }
  }
}

function stepOf({ parts }: ScriptDraft, id: string): DraftStep | undefined {
  return parts.flatMap(({ steps }) => steps).find((step) => step.id === id)
}

function withSteps(
  draft: ScriptDraft,
  part: number,
  change: (steps: DraftStep[]) => DraftStep[],
): ScriptDraft {
  const parts = draft.parts.map((one, at) => (at === part ? { ...one, steps: change(one.steps) } : one))
  return { ...draft, parts: parts.filter(({ steps }) => steps.length > 0) }
}

function freeId(taken: readonly string[], wanted: string): string {
  for (let at = 1; ; at += 1) {
    const id = at === 1 ? wanted : `${wanted.slice(0, 60)}-${at}`
    if (!taken.includes(id)) return id
  }
}

function newStep(draft: ScriptDraft, kind: StepKind): DraftStep {
  const taken = draft.parts.flatMap(({ steps }) => steps.map(({ id }) => id))
  const entries = stepEntries(kind)
  return {
    id: freeId(taken, kind),
    do: kind,
    actor: stepFacts[kind].actor,
    textKey: `script.step.${kind}`,
    text: `${kind.charAt(0).toUpperCase()}${kind.slice(1).replaceAll('-', ' ')}.`,
    ...(entries.includes('key') && draft.keys[0] !== undefined ? { key: draft.keys[0].id } : {}),
    ...(entries.includes('when') ? { when: 'opening' } : {}),
  }
}

function without(draft: ScriptDraft, id: string): ScriptDraft {
  const count = draft.parts.reduce((sum, { steps }) => sum + steps.length, 0)
  // A script of no steps is none.
  if (stepOf(draft, id) === undefined || count === 1) return draft
  const parts = draft.parts
    .map((part) => ({ ...part, steps: part.steps.filter((step) => step.id !== id) }))
    .filter(({ steps }) => steps.length > 0)
  return { ...draft, parts, checkpoints: { live: draft.checkpoints.live.filter((live) => live !== id) } }
}

function moved(draft: ScriptDraft, id: string, by: -1 | 1): ScriptDraft {
  const part = draft.parts.findIndex(({ steps }) => steps.some((step) => step.id === id))
  const steps = draft.parts[part]?.steps ?? []
  const at = steps.findIndex((step) => step.id === id)
  const step = steps[at]
  if (step === undefined) return draft
  const to = at + by
  if (to >= 0 && to < steps.length)
    return withSteps(draft, part, (all) => all.toSpliced(at, 1).toSpliced(to, 0, step))
  const other = draft.parts[part + by]
  if (other === undefined) return draft
  const parts = draft.parts.map((one, index) => {
    if (index === part) return { ...one, steps: one.steps.toSpliced(at, 1) }
    if (index === part + by) return { ...one, steps: by < 0 ? [...one.steps, step] : [step, ...one.steps] }
    return one
  })
  return { ...draft, parts: parts.filter(({ steps: left }) => left.length > 0) }
}

function changedStep(
  draft: ScriptDraft,
  { id, entry, value }: Extract<ScriptEdit, { do: 'change-step' }>,
): ScriptDraft {
  const step = stepOf(draft, id)
  if (step === undefined || !stepEntries(step.do).includes(entry)) return draft
  if (entry === 'values') return replaced(draft, id, { ...step, values: askedOf(value, step.values) })
  if (entry === 'text')
    // A sentence of its own is in no list of texts: every language shows it as it was written.
    return value === '' ? draft : replaced(draft, id, { ...step, text: value, textKey: `script.own.${id}` })
  if (value === '') {
    const { [entry]: _gone, ...rest } = { ...step } as Record<string, unknown>
    // Without id and actor a step is none.
    return entry === 'id' || entry === 'actor' ? draft : replaced(draft, id, rest as DraftStep)
  }
  const changed = replaced(draft, id, { ...step, [entry]: value })
  if (entry !== 'id') return changed
  const live = draft.checkpoints.live.map((one) => (one === id ? value : one))
  return stepOf(draft, value) === undefined ? { ...changed, checkpoints: { live } } : draft
}

function replaced(draft: ScriptDraft, id: string, step: DraftStep): ScriptDraft {
  const { values, ...rest } = step
  const kept: DraftStep = values === undefined || values.length === 0 ? rest : { ...rest, values }
  const parts = draft.parts.map((part) => ({
    ...part,
    steps: part.steps.map((one) => (one.id === id ? kept : one)),
  }))
  return { ...draft, parts }
}

/** One value a line, by its label; a label that stays keeps its id and its format. */
function askedOf(lines: string, before: readonly AskedValue[] = []): AskedValue[] {
  const asked: AskedValue[] = []
  for (const label of lines.split('\n').map((line) => line.trim())) {
    if (label === '') continue
    const known = before.find((one) => one.label === label)
    const id = freeId(
      asked.map((one) => one.id),
      known?.id ?? `value-${asked.length + 1}`,
    )
    asked.push(known === undefined ? { id, label } : { ...known, id })
  }
  return asked
}

function newKey({ keys }: ScriptDraft): DraftKey {
  const taken = keys.map(({ id }) => id)
  const root = keys.find(({ level }) => level === 'root')
  if (root === undefined)
    return { id: freeId(taken, 'root-kek'), level: 'root', name: 'Root KEK', algorithm: 'AES-256' }
  const above = keys.findLast(({ level }) => level !== 'data') ?? root
  const below = { root: 'organisation', organisation: 'project', project: 'data', data: 'data' } as const
  const level = below[above.level]
  return { id: freeId(taken, level), level, name: `${level} key`, algorithm: 'AES-256', parent: above.id }
}

function changedKey(
  draft: ScriptDraft,
  { id, entry, value }: Extract<ScriptEdit, { do: 'change-key' }>,
): ScriptDraft {
  const taken = draft.keys.some((key) => key.id === value)
  if (!keyEntries.some((one) => one === entry) || (entry === 'id' && (value === '' || taken))) return draft
  const keys = draft.keys.map((key): DraftKey => {
    const renamed = entry === 'id' && key.parent === id ? { ...key, parent: value } : key
    if (key.id !== id) return renamed
    if (value !== '') return { ...key, [entry]: value }
    const { parent: _none, ...rest } = key
    // What is left has every entry that a key must have.
    return entry === 'parent' ? (rest as DraftKey) : key
  })
  if (entry !== 'id') return { ...draft, keys }
  const parts = draft.parts.map((part) => ({
    ...part,
    steps: part.steps.map((step) => (step.key === id ? { ...step, key: value } : step)),
  }))
  return { ...draft, keys, parts }
}
