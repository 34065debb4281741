import { expect, test } from 'vitest'
import type { StepView } from '../../src/contract/index.ts'
import { seenBefore, unseenResult } from '../../src/renderer/stage/phase.ts'
import { keepSeen, roomOf } from '../../src/renderer/stores/room.ts'
import { current, run } from '../support/fake-views.ts'

const step = (number: number, state: StepView['state']): StepView => ({
  ...current,
  id: `step-${number}`,
  do: 'generate-root',
  number,
  state,
  doneAt: state === 'done' ? '2026-11-24T16:05:00.000Z' : null,
})
const parts = [
  { id: 'p', kind: 'root-kek', title: 'p', steps: [step(1, 'done'), step(2, 'done'), step(3, 'ready')] },
]
const view = { ...run, parts, current, paused: null, exception: null }
const titleOf = ({ number }: StepView) => `Step ${number}.`
const own = view.people.map((person) => ({ ...person, standIn: false }))

test('a window that opens a run of people shows its last result again, as nobody knows who saw it', () => {
  for (const domain of ['production', 'rehearsal'] as const) {
    const opened = { ...view, domain, people: own, remarks: [] }
    expect(unseenResult(opened, seenBefore(opened, titleOf))?.id).toBe('step-2')
  }
  expect(unseenResult(view, seenBefore(view, titleOf))).toBe(null)
})

test('a note that was made after it and names it says that the room saw it, and no other note does', () => {
  const [note] = run.remarks
  const opened = (at: string, text: string) => ({
    ...view,
    people: own,
    remarks: [{ ...note!, kind: 'note' as const, at, text }],
  })
  const [early, late] = ['2026-11-24T16:04:59.999Z', '2026-11-24T16:05:00.000Z']
  const shown = (at: string, text: string) => {
    const before = opened(at, text)
    return unseenResult(before, seenBefore(before, titleOf))?.id
  }
  expect(shown(early, 'Seen by Ada: Step 2.')).toBe('step-2')
  expect(shown(late, 'A sheet was printed for Kim')).toBe('step-2')
  expect(shown(late, 'Seen by Ada: Step 1.')).toBe('step-2')
  expect(shown(late, 'Seen by Ada: Step 2.')).toBe(undefined)
})

test('a rehearsal that is left by the menu shows the result again that nobody has seen', () => {
  keepSeen(view.id, 1)
  // The screen is opened anew, and a rehearsal alone would call every result seen.
  keepSeen(view.id, seenBefore(view, titleOf))
  expect(unseenResult(view, roomOf(view.id).seen ?? 0)?.id).toBe('step-2')
})
