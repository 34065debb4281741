import type { CurrentStep, Need, RunView, StepView } from '../../contract/index.ts'
import { inHand } from '../runner/step/heard.ts'
import { awayFrom, leadersOf, peopleOf, playedAlone, presentIn, type RunPerson } from './run-people.ts'

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
  | 'come'
  | 'differs'
  | 'note'
  | 'deviate'
  | 'pause'
  | 'abort'

/** What the room may press: of the run and of what this window has shown, and of nothing else. */
export function offersOf(view: RunView, shown: Shown): Offer[] {
  const face = faceOf(view, shown)
  const { may } = view
  const next = face.kind === 'step' ? nextOf(view, face.step, shown) : 'wait'
  const leads = leadersOf(view).length > 0
  const presses: Record<Offer, boolean> = {
    decide: face.kind === 'decision' && leads,
    seen: face.kind === 'result' && (saysSeen(view).length === 0 || sawIt(view).length > 0),
    resume: next === 'resume' && leads,
    'sign-as': next === 'sign-as',
    file: next === 'file',
    hear: next === 'hear' && face.kind === 'step' && mayGoOn(view, face.step),
    proceed: next === 'proceed' && face.kind === 'step' && mayGoOn(view, face.step),
    come: face.kind !== 'end' && may.note && awayFrom(view).size > 0,
    differs: face.kind === 'step' && may.deviate && inHand(face.step.compares, shown.heard) !== null,
    note: may.note,
    deviate: may.deviate && view.current !== null,
    pause: may.pause && leads,
    abort: may.abort && leads,
  }
  return offers.filter((offer) => presses[offer])
}

const offers: readonly Offer[] = [
  ...(['decide', 'seen', 'resume', 'sign-as', 'file', 'hear', 'proceed', 'come'] as const),
  ...(['differs', 'note', 'deviate', 'pause', 'abort'] as const),
]

/** Whether those are here who go on: one who acts and, where words are read aloud, another who hears. */
function mayGoOn(view: RunView, step: CurrentStep): boolean {
  const hears = view.may.hear && readsAloud(step) && !playedAlone(view)
  return actorsHere(view, step).length > 0 && (!hears || presentIn(view).length > 1)
}

/** Who may act at this step and is in the room. */
export function actorsHere(view: Pick<RunView, 'people' | 'here'>, { actor }: Pick<CurrentStep, 'actor'>) {
  return presentIn(view).filter(({ roles }) => roles.includes(actor.role))
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

/** Who watches and is in the room: they may say that they have seen it. */
export function sawIt(view: Pick<RunView, 'people' | 'here'>): RunPerson[] {
  const away = awayFrom(view)
  return watching(view).filter(({ name }) => !away.has(name))
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
