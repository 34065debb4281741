import {
  begun,
  changed,
  type DraftHistory,
  draftHash,
  draftText,
  emptyDraft,
  isDraft,
  keyFields,
  makesCheckpoint,
  mostUndone,
  named,
  planTerms,
  readDraft,
  redone,
  type ScriptDraft,
  type ScriptEdit,
  stepFields,
  tryDraft,
  undone,
} from '@lux/ceremony/script-draft'
import { toHex, utf8 } from '@lux/crypto'
import { ExpectedError, writeInFolder } from '@lux/node-files'
import { wordsOf } from '@lux/people'
import * as v from 'valibot'
import {
  type DraftEdit,
  type DraftSummary,
  type DraftView,
  type InputOf,
  type PersonRole,
  personRoles,
  type SetupFault,
} from '../../../contract/index.ts'
import { refusedPlan } from '../../runs/begin/refused-plan.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { keepScript, neededScript, ownScriptId } from './own-scripts.ts'

const terms = planTerms[2]

const draft = v.custom<ScriptDraft>(isDraft)
const stored: v.GenericSchema<unknown, { v: 1 } & DraftHistory> = v.strictObject({
  v: v.literal(1),
  past: v.pipe(v.array(draft), v.maxLength(mostUndone)),
  now: draft,
  future: v.pipe(v.array(draft), v.maxLength(mostUndone)),
})

/** Errors: DRAFT-UNKNOWN; STORE-DAMAGED where what is stored is none. */
function load({ store }: ServiceContext, id: string): DraftHistory {
  const row = store.drafts().find((one) => one.id === id)
  if (row === undefined) throw new ExpectedError('DRAFT-UNKNOWN', id)
  const read = v.safeParse(stored, parse(row.state))
  if (!read.success) throw new ExpectedError('STORE-DAMAGED', `draft ${id}: ${v.getDotPath(read.issues[0])}`)
  const { past, now, future } = read.output
  return { past, now, future }
}

function parse(state: string): unknown {
  try {
    return JSON.parse(state)
  } catch {
    return null
  }
}

/** In one commit: a window that is closed at any moment has the old one or the new one. */
function save({ store, clock }: ServiceContext, id: string, history: DraftHistory): void {
  store.setDraft({ id, state: JSON.stringify({ v: 1, ...history }), changed: clock.now() })
}

export function listDrafts(parts: ServiceContext): { drafts: DraftSummary[] } {
  const frozen = new Set(parts.store.scripts().map(({ hash }) => hash))
  return {
    drafts: parts.store.drafts().map(({ id, changed: at }) => {
      const { now } = load(parts, id)
      const { faults } = tryDraft(now)
      return {
        id,
        title: now.script.title,
        changed: at,
        faults: faults.length,
        frozen: frozen.has(draftHash(now)),
      }
    }),
  }
}

export function beginDraft(parts: ServiceContext, asked: InputOf<'scripts.begin'>): { id: string } {
  const id = toHex(parts.entropy.bytes(16))
  save(
    parts,
    id,
    begun(asked.from === null ? emptyDraft(asked.title) : copied(parts, asked.from, asked.title)),
  )
  return { id }
}

function copied(parts: ServiceContext, from: string, title: string): ScriptDraft {
  const read = readDraft(neededScript(parts, from))
  if (!read.ok) throw refusedPlan(read.refusals)
  return named(read.value, title)
}

export function viewDraft(parts: ServiceContext, { id }: InputOf<'scripts.draft'>): DraftView {
  return viewOf(parts, id, load(parts, id))
}

export function editDraft(parts: ServiceContext, { id, edit }: InputOf<'scripts.edit'>): DraftView {
  const history = load(parts, id)
  const next =
    edit.do === 'undo'
      ? undone(history)
      : edit.do === 'redo'
        ? redone(history)
        : changed(history, editOf(edit))
  if (next !== history) save(parts, id, next)
  return viewOf(parts, id, next)
}

/** An edit that names a kind of step or part names one that a script can have. Errors: INPUT-INVALID. */
function editOf(edit: Exclude<DraftEdit, { do: 'undo' | 'redo' }>): ScriptEdit {
  if (edit.do === 'add-part') {
    const kind = terms.partKinds.find((one) => one === edit.kind)
    if (kind === undefined) throw new ExpectedError('INPUT-INVALID', 'edit.kind')
    return { ...edit, kind }
  }
  if (edit.do !== 'add-step') return edit
  const step = terms.stepKinds.find((one) => one === edit.step)
  if (step === undefined) throw new ExpectedError('INPUT-INVALID', 'edit.step')
  return { ...edit, step }
}

/** Errors: DRAFT-UNKNOWN, PLAN-… with what the linter says. */
export function freezeDraft(parts: ServiceContext, { id }: InputOf<'scripts.freeze'>): DraftView {
  const history = load(parts, id)
  const { faults } = tryDraft(history.now)
  if (faults.length > 0) throw refusedPlan(faults)
  keepScript(parts, utf8(draftText(history.now)))
  return viewOf(parts, id, history)
}

export function saveDraft(parts: ServiceContext, asked: InputOf<'scripts.save'>): { path: string } {
  const { now } = load(parts, asked.id)
  const file = parts.paths.write(asked.path)
  writeInFolder(file, utf8(draftText(now)), 0o644)
  return { path: file }
}

export function discardDraft(
  parts: ServiceContext,
  { id }: InputOf<'scripts.discard'>,
): Record<string, never> {
  load(parts, id)
  parts.store.removeDraft(id)
  return {}
}

function viewOf({ store }: ServiceContext, id: string, { past, now, future }: DraftHistory): DraftView {
  const hash = draftHash(now)
  const row = store.scripts().find((one) => one.hash === hash)
  const { faults } = tryDraft(now)
  const people = peopleOf(now)
  const ids = new Set(now.parts.flatMap(({ steps }) => steps.map((step) => step.id)))
  const said = (step: string): SetupFault[] =>
    faults.filter((one) => one.step === step).map(({ rule, detail }) => ({ code: rule, step, detail }))
  const { stepKinds, partKinds } = planTerms[now.v]
  return {
    id,
    title: now.script.title,
    canUndo: past.length > 0,
    canRedo: future.length > 0,
    people,
    keys: now.keys.map((key) => ({
      id: key.id,
      name: key.name,
      level: key.level,
      fields: keyFields(now, key),
    })),
    parts: now.parts.map(({ kind, steps }) => ({
      kind,
      title: kind,
      steps: steps.map((step) => ({
        id: step.id,
        do: step.do,
        title: step.id,
        text: step.text,
        textKey: step.textKey,
        actor: {
          role: step.actor,
          name: people
            .filter(({ role }) => role === step.actor)
            .map((one) => one.name)
            .join(', '),
        },
        values: (step.values ?? []).map(({ label }) => label),
        cosigned: now.checkpoints.live.includes(step.id),
        fields: stepFields(now, step),
        checkpoint: makesCheckpoint(step.do),
        faults: said(step.id),
      })),
    })),
    faults: [...new Set(faults.map(({ step }) => step))].filter((step) => !ids.has(step)).flatMap(said),
    hash,
    words: wordsOf(hash),
    frozen: row?.frozen ?? null,
    script: row === undefined ? '' : ownScriptId(hash),
    kinds: { steps: [...stepKinds], parts: [...partKinds] },
  }
}

const personName = v.pipe(v.string(), v.minLength(1), v.maxLength(200))

/** Whom the script names for a rehearsal. */
function peopleOf({ script: { rehearsal } }: ScriptDraft): { role: PersonRole; name: string }[] {
  const read = v.safeParse(
    v.looseObject({ people: v.array(v.strictObject({ role: v.picklist(personRoles), name: personName })) }),
    rehearsal,
  )
  return read.success ? read.output.people : []
}
