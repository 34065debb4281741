import type { CurrentStep, Need, RunView, StepView } from '../../contract/index.ts'
import { inHand } from '../runner/step/heard.ts'
import { peopleOf, playedAlone, type RunPerson } from './run-people.ts'

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

/** What this window has shown, and no log keeps: how far all was seen, and by digest how many cards were heard. */
export type Shown = { seen: number; heard: Readonly<Record<string, number>> }

/** What fills the stage: a decision comes first, then a result that the room has not seen, then the step in hand. */
export type Face =
  | { kind: 'decision' }
  | { kind: 'result'; step: StepView }
  | { kind: 'step'; step: CurrentStep }
  | { kind: 'end' }

export function faceOf(view: RunView, { seen }: Pick<Shown, 'seen'>): Face {
  if (view.exception !== null) return { kind: 'decision' }
  const result = unseenResult(view, seen)
  if (result !== null) return { kind: 'result', step: result }
  return view.current === null ? { kind: 'end' } : { kind: 'step', step: view.current }
}

/** The one next action of a step. `wait`: the machine is at work, or what is missing is not for people here. */
export type Next = 'resume' | 'wait' | 'sign-as' | 'file' | 'hear' | 'proceed'

export function nextOf(view: RunView, step: CurrentStep, { heard }: Pick<Shown, 'heard'>): Next {
  if (view.may.resume) return 'resume'
  if (step.blocked === 'machine-works' && step.needs.length === 0) return 'wait'
  const sign = step.needs.find((need) => need.need === 'sign')
  if (sign !== undefined && standInsLeft(sign).length > 0) return 'sign-as'
  const carried =
    step.needs.some(({ need }) => need === 'file') || (sign !== undefined && view.domain === 'production')
  if (carried && !step.mayProceed && step.blocked !== 'machine-works') return 'file'
  if (step.blocked !== null && step.blocked !== 'pin-missing') return 'wait'
  return readsAloud(step) && inHand(step.compares, heard) !== null ? 'hear' : 'proceed'
}

/** Whether people read words aloud at this step; beside a signature they may, and are not asked to. */
export function readsAloud(step: Pick<CurrentStep, 'facts'>): boolean {
  return step.facts.some(({ form }) => form === 'words')
}

/** All that may be pressed, besides what only looks. */
export type Offer =
  | 'decide'
  | 'seen'
  | Exclude<Next, 'wait'>
  | 'differs'
  | 'note'
  | 'deviate'
  | 'pause'
  | 'abort'

export function offersOf(view: RunView, shown: Shown): Offer[] {
  const face = faceOf(view, shown)
  const { may } = view
  const next = face.kind === 'step' ? nextOf(view, face.step, shown) : 'wait'
  return [
    ...(face.kind === 'decision' ? (['decide'] as const) : []),
    ...(face.kind === 'result' ? (['seen'] as const) : []),
    ...(next === 'wait' ? [] : [next]),
    ...(face.kind === 'step' && may.deviate && inHand(face.step.compares, shown.heard) !== null
      ? (['differs'] as const)
      : []),
    ...(may.note ? (['note'] as const) : []),
    ...(may.deviate && view.current !== null ? (['deviate'] as const) : []),
    ...(may.pause ? (['pause'] as const) : []),
    ...(may.abort ? (['abort'] as const) : []),
  ]
}

/** Stand-ins who have to sign now: no more of them than are needed. */
export function standInsLeft({ signers, required }: Extract<Need, { need: 'sign' }>): string[] {
  const left = Math.max(0, required - signers.filter(({ signed }) => signed).length)
  return signers
    .filter(({ signed, standIn }) => !signed && standIn)
    .map(({ name }) => name)
    .slice(0, left)
}

const watchers = ['witness', 'administrator', 'recorder']

/** Who watches the results. */
export function watching(view: Pick<RunView, 'people'>): RunPerson[] {
  return peopleOf(view).filter(({ roles }) => roles.some((role) => watchers.includes(role)))
}

/** Of whom one has to say so before anything goes on: who plays everybody says nothing, nor does a transcript that keeps no notes. */
export function saysSeen(view: Pick<RunView, 'people' | 'domain' | 'may'>): RunPerson[] {
  return playedAlone(view) || !view.may.note ? [] : watching(view)
}

/** The step whose result the room has not seen yet; a decision, a pause and the end of the run come before it. */
export function unseenResult(view: RunView, seen: number): StepView | null {
  if (view.current === null || view.paused !== null || view.exception !== null) return null
  const done = lastDone(view)
  return done !== null && done.number > seen && done.byHand !== true ? done : null
}

/** Nothing but somebody's word is wanted: there is no value, PIN, signature, file or word to compare. */
export function handsFree(step: CurrentStep): boolean {
  return (
    step.mayProceed &&
    step.byHand !== true &&
    step.needs.length === 0 &&
    step.procedure.length === 0 &&
    step.failure === null &&
    step.state === 'ready' &&
    !readsAloud(step)
  )
}
