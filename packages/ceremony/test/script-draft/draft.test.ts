import { utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import {
  begun,
  changed,
  draftHash,
  draftText,
  emptyDraft,
  keyFields,
  named,
  readDraft,
  redone,
  type ScriptDraft,
  type ScriptEdit,
  stepFields,
  tryDraft,
  undone,
} from '../../src/exports/script-draft.ts'
import { type ScriptName, scriptBytes, scriptNames } from '../engine/plans.ts'

const shipped = (name: ScriptName): ScriptDraft => {
  const read = readDraft(scriptBytes(name))
  if (!read.ok) throw new Error(JSON.stringify(read.refusals))
  return read.value
}
const ids = ({ parts }: ScriptDraft) => parts.map(({ steps }) => steps.map(({ id }) => id))
const all = (draft: ScriptDraft, edits: ScriptEdit[]) => edits.reduce(changed, begun(draft)).now
const faults = (draft: ScriptDraft) => tryDraft(draft).faults.map(({ rule, step }) => [rule, step])

test.each(scriptNames)(
  '%s lints with made-up people, and still does when it was written as a draft',
  (name) => {
    const draft = shipped(name)
    expect(tryDraft(draft).faults).toEqual([])
    const again = readDraft(utf8(draftText(draft)))
    expect(again).toEqual({ ok: true, value: draft })
  },
)

test('the same draft is the same file, and every change is another', () => {
  const draft = shipped('root-kek')
  expect(draftHash(draft)).toBe(draftHash(structuredClone(draft)))
  expect(draftHash(all(draft, [{ do: 'title', title: 'Root of 2027' }]))).not.toBe(draftHash(draft))
})

test('a step moves by one, over the edge of its part, and stays at the ends', () => {
  const draft = shipped('root-kek')
  const [first, second, last] = ids(draft)
  const down = all(draft, [{ do: 'move-step', id: 'open-run', by: 1 }])
  expect(ids(down)).toEqual([first?.slice(0, -1), ['open-run', ...(second ?? [])], last])
  expect(ids(all(down, [{ do: 'move-step', id: 'open-run', by: -1 }]))).toEqual(ids(draft))
  expect(all(draft, [{ do: 'move-step', id: 'roll-call', by: -1 }])).toBe(draft)
  expect(all(draft, [{ do: 'move-step', id: 'close', by: 1 }])).toBe(draft)
})

test('the linter says in place what a removed or moved step breaks', () => {
  const draft = shipped('root-kek')
  expect(faults(all(draft, [{ do: 'remove-step', id: 'log-in' }]))).toContainEqual([
    'PLAN-52',
    'opening-inventory',
  ])
  const up: ScriptEdit = { do: 'move-step', id: 'generate-root', by: -1 }
  // After the opening is early enough, before it is not.
  expect(faults(all(draft, [up]))).toEqual([])
  expect(faults(all(draft, [up, up])).map(([, step]) => step)).toContain('generate-root')
})

test('a removed step is no longer cosigned, a renamed one still is', () => {
  const draft = shipped('root-kek')
  expect(all(draft, [{ do: 'remove-step', id: 'generate-root' }]).checkpoints.live).toEqual(['open-run'])
  const renamed = all(draft, [{ do: 'change-step', id: 'generate-root', entry: 'id', value: 'make-root' }])
  expect(renamed.checkpoints.live).toEqual(['open-run', 'make-root'])
  expect(faults(renamed)).toEqual([])
  expect(all(draft, [{ do: 'change-step', id: 'seal', entry: 'id', value: 'close' }])).toBe(draft)
})

test('a part whose last step goes is gone, and the last step of all stays', () => {
  const empty = emptyDraft('Mine')
  expect(all(empty, [{ do: 'remove-step', id: 'roll-call' }])).toBe(empty)
  const two = all(empty, [{ do: 'add-part', kind: 'bundle-export' }])
  expect(ids(all(two, [{ do: 'remove-step', id: 'roll-call' }]))).toEqual([['seal']])
})

test('from empty to a script that lints, by edits alone', () => {
  const opening = ['clock-check', 'measure-machine', 'log-in', 'inventory', 'probe-token'] as const
  const made = all(emptyDraft('Ours'), [
    ...[...opening, 'make-ceremony-key' as const, 'open-run' as const].map(
      (step, at): ScriptEdit => ({ do: 'add-step', part: 0, at: at + 1, step }),
    ),
    { do: 'change-step', id: 'clock-check', entry: 'values', value: 'Time on the wall clock' },
    { do: 'add-key' },
    { do: 'add-part', kind: 'root-kek' },
    { do: 'add-step', part: 1, at: 1, step: 'read-back' },
    { do: 'add-step', part: 1, at: 2, step: 'prove-possession' },
    { do: 'cosign', id: 'generate-root', on: true },
    { do: 'add-part', kind: 'bundle-export' },
    ...(['export', 'receipt', 'close'] as const).map(
      (step, at): ScriptEdit => ({ do: 'add-step', part: 2, at: at + 1, step }),
    ),
  ])
  expect(tryDraft(made).faults).toEqual([])
})

test('a sentence that people wrote is shown in every language as they wrote it', () => {
  const draft = all(shipped('root-kek'), [
    { do: 'change-step', id: 'seal', entry: 'text', value: 'Seal it, all of you.' },
  ])
  const step = draft.parts.flatMap(({ steps }) => steps).find(({ id }) => id === 'seal')
  expect(step).toMatchObject({ text: 'Seal it, all of you.', textKey: 'script.own.seal' })
  expect(faults(draft)).toEqual([])
})

test('a form asks for what the step’s family uses, and for nothing else', () => {
  const draft = shipped('root-kek')
  const entries = (id: string) => {
    const step = draft.parts.flatMap(({ steps }) => steps).find((one) => one.id === id)
    return step === undefined ? [] : stepFields(draft, step).map(({ entry }) => entry)
  }
  expect(entries('log-in')).toEqual(['id', 'actor', 'text', 'token', 'by'])
  expect(entries('generate-root')).toEqual(['id', 'actor', 'text', 'token', 'key'])
  expect(entries('clock-check')).toEqual(['id', 'actor', 'text', 'values'])
  expect(entries('close')).toEqual(['id', 'actor', 'text'])
  expect(all(draft, [{ do: 'change-step', id: 'close', entry: 'key', value: 'root-kek' }])).toBe(draft)
})

test('a blank stays a choice where it stands', () => {
  const draft = shipped('root-kek')
  const logIn = draft.parts[0]?.steps.find(({ id }) => id === 'log-in')
  const by = logIn && stepFields(draft, logIn).find(({ entry }) => entry === 'by')
  expect(by).toMatchObject({ value: '{{logIn}}', choices: ['pin', 'pin-pad', '{{logIn}}'], optional: true })
})

test('keys are added level by level, and a renamed one takes its steps and children along', () => {
  const made = all(emptyDraft('Keys'), [
    { do: 'add-key' },
    { do: 'add-key' },
    { do: 'add-key' },
    { do: 'add-part', kind: 'root-kek' },
    { do: 'change-key', id: 'root-kek', entry: 'id', value: 'root-2027' },
  ])
  expect(made.keys.map(({ id, parent }) => [id, parent])).toEqual([
    ['root-2027', undefined],
    ['organisation', 'root-2027'],
    ['project', 'organisation'],
  ])
  expect(made.parts[1]?.steps[0]?.key).toBe('root-2027')
  const root = made.keys[0]
  expect(root && keyFields(made, root).find(({ entry }) => entry === 'parent')?.choices).toEqual([
    'organisation',
    'project',
  ])
})

test('every change can be taken back and made again; a new one forgets what was taken back', () => {
  const draft = shipped('first-run')
  const edits: ScriptEdit[] = [
    { do: 'title', title: 'Ours' },
    { do: 'move-step', id: 'clock-check', by: 1 },
    { do: 'remove-step', id: 'measure-machine' },
  ]
  const full = edits.reduce(changed, begun(draft))
  const back = undone(undone(undone(full)))
  expect(back.now).toEqual(draft)
  expect(undone(back)).toEqual(back)
  expect(redone(redone(redone(back)))).toEqual(full)
  expect(changed(back, { do: 'title', title: 'Another' }).future).toEqual([])
  expect(changed(full, { do: 'remove-step', id: 'nothing-of-it' })).toBe(full)
})

test('a draft of its own carries no shipped script’s id', () => {
  expect(named(shipped('root-kek'), 'Wurzel für 2027').script.id).toBe('own-wurzel-fu-r-2027')
  expect(named(shipped('root-kek'), 'المفتاح').script.id).toBe('own-script')
})
