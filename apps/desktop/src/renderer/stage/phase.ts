import type { CurrentStep, RunView, StepView } from '../../contract/index.ts'
import { playedAlone } from './run-people.ts'

/** What people do themselves is seen while it is done. */
const byHand: ReadonlySet<string> = new Set(['roll-call', 'clock-check', 'confirm', 'read-aloud', 'pause'])

export function stepsOf(view: Pick<RunView, 'parts'>): StepView[] {
  return view.parts.flatMap(({ steps }) => steps)
}

export function lastDone(view: Pick<RunView, 'parts'>): StepView | null {
  return stepsOf(view).findLast(({ state }) => state === 'done') ?? null
}

/**
 * Up to which step all was seen when the window opens a run: the last result is shown again where no note since names it, as
 * nobody knows then whether the room saw it. Whoever plays everybody saw it.
 */
export function seenBefore(
  view: Pick<RunView, 'parts' | 'domain' | 'people' | 'remarks'>,
  titleOf: (step: StepView) => string,
): number {
  const last = lastDone(view)
  if (last === null) return 0
  const { number, doneAt } = last
  const said = view.remarks.some(
    ({ kind, at, text }) =>
      kind === 'note' && doneAt !== null && at >= doneAt && text.includes(titleOf(last)),
  )
  return said || playedAlone(view) ? number : number - 1
}

/** The step whose result the room has not seen yet; a decision, a pause and the end of the run come before it. */
export function unseenResult(view: RunView, seen: number): StepView | null {
  if (view.current === null || view.paused !== null || view.exception !== null) return null
  const done = lastDone(view)
  return done !== null && done.number > seen && !byHand.has(done.do) ? done : null
}

/** Nothing but somebody's word is wanted: there is no value, PIN, signature, file or word to compare. */
export function handsFree(step: CurrentStep): boolean {
  return (
    step.mayProceed &&
    !byHand.has(step.do) &&
    step.needs.length === 0 &&
    step.procedure.length === 0 &&
    step.failure === null &&
    step.state === 'ready' &&
    step.facts.every(({ form }) => form !== 'words')
  )
}
