import { fromHex, toWords } from '@lux/crypto'
import type { Needs } from '../model/run-view.ts'
import type { Stage } from '../model/stage.ts'
import type { CheckpointState, DecryptionState, ExceptionState, State, StepProgress } from '../model/state.ts'
import { namesOf } from '../plan/queries.ts'
import { decryptionAt } from '../steps/decryption/queries.ts'
import { stepFacts } from '../steps/facts.ts'
import { stillToSign } from '../steps/officers/queries.ts'
import { stageNeeds } from '../steps/run.ts'
import { currentStep, pinsOf, stageOf, stagesOf } from '../steps/stages.ts'
import { effectAt, isOver, openException, owed } from './next-effect.ts'

/** The one thing that stands between now and the next progress; null when the run is over. */
export function needsOf(state: State): Needs | null {
  if (!state.started) return { kind: 'start' }
  const progress = currentStep(state)
  if (isOver(state) || progress === null) return null
  const exception = openException(state)
  const effect = owed(state)
  if (exception !== null && (state.paused === null || effect === null)) return decision(state, exception)
  if (state.paused !== null && effect === null) return { kind: 'resume' }
  // A PIN is kept nowhere, so a program that was started again asks for it once more before it goes on.
  if (effect !== null && effect.kind !== 'reconcile' && effect.pins.length > 0) {
    const again = effect.kind === 'log-in' && effect.again
    const names = namesOf(state.plan, again ? 'operator' : progress.step.actor)
    return { kind: 'pin', names, willDo: effect.kind, pins: effect.pins, again: true, values: [] }
  }
  if (effect !== null) return { kind: 'wait', effect: effect.kind }
  const stage = stageOf(progress)
  return stage === null ? null : needsOfStage(state, progress, stage)
}

/** Officers who leave sign too, but count only in the version before. */
function policySignatures(state: State): Needs {
  const { policy = '', signers = [] } = state.nextPolicy ?? {}
  const stillNeeded = stillToSign(state)
  const all = namesOf(state.plan, 'officer')
  return counted('policy', policy, all, signers, signers.length + stillNeeded)
}

function approvals(state: State, { digest, approvedBy }: DecryptionState): Needs {
  const approvers = namesOf(state.plan, 'approver')
  return counted('decryption-approval', digest ?? '', approvers, approvedBy, state.terms.approvers)
}

/** A decision that is proposed waits for officers; another may still be proposed in its place. */
function decision(state: State, { id, choices, proposal }: ExceptionState): Needs {
  if (proposal === null) return { kind: 'exception', id, choices }
  const officers = namesOf(state.plan, 'officer')
  return counted('exception', proposal.document, officers, proposal.signers, state.terms.officers)
}

function needsOfStage(state: State, progress: StepProgress, stage: Stage): Needs {
  switch (stage.kind) {
    case 'confirm':
      return confirmation(state, progress, stage.shows)
    case 'signatures': {
      if (stage.what === 'decryption-approval') return approvals(state, decryptionAt(state, progress))
      if (stage.what === 'policy') return policySignatures(state)
      const signed = stage.what === 'opening' ? state.opening : state.bundle
      return counted(
        stage.what,
        signed?.digest ?? '',
        namesOf(state.plan, 'officer'),
        signed?.signers ?? [],
        state.terms.officers,
      )
    }
    case 'checkpoint': {
      const checkpoint = state.checkpoints[progress.checkpoint ?? -1]
      const present = (checkpoint?.cosigned ?? []).map(({ name }) => name)
      const witnesses = namesOf(state.plan, 'witness')
      return counted('checkpoint', checkpoint?.digest ?? '', witnesses, present, state.terms.witnesses)
    }
    case 'effect':
      return { kind: 'wait', effect: stage.effect }
    default:
      return stageNeeds[stage.kind](state, progress)
  }
}

function confirmation(state: State, progress: StepProgress, shows: 'nothing' | 'bundle'): Needs {
  const names = namesOf(state.plan, progress.step.actor)
  const next = stagesOf(progress.step.do)[progress.stage + 1]
  const willDo =
    next?.kind === 'effect' ? next.effect : next?.kind === 'checkpoint' ? 'make-checkpoint' : 'record'
  const values = progress.stage === 0 ? (progress.step.values ?? []) : []
  const pins = progress.stage === 0 ? pinsOf(state, progress) : []
  if (pins.length > 0) return { kind: 'pin', names, willDo, pins, again: false, values }
  if (values.length > 0) return { kind: 'values', names, willDo, values }
  return {
    kind: 'confirm',
    names,
    willDo,
    shows: shows === 'bundle' ? bundleWords(state) : aloud(state, progress),
  }
}

/** What the plan has read aloud: before the opening is signed plan and policy, at a step of its own all that there is to compare. */
function aloud(state: State, progress: StepProgress) {
  if (stepFacts[progress.step.do].aloud !== true) return []
  const shown = [readAloud('plan', state.planHash), readAloud('policy', state.policyDigest)]
  if (state.opening !== null) shown.push(readAloud('opening', state.opening.digest))
  const checkpoint = state.checkpoints.at(-1)
  if (checkpoint !== undefined) shown.push(readAloud('checkpoint', checkpoint.digest))
  return shown
}

function bundleWords(state: State) {
  return state.bundle === null ? [] : [readAloud('bundle', state.bundle.digest)]
}

/** A digest to read aloud: 32 PGP words. */
function readAloud(label: string, hex: string): { label: string; words: string[]; hex: string } {
  return { label, words: toWords(fromHex(hex)), hex }
}

function counted(
  what: Extract<Needs, { kind: 'signatures' }>['what'],
  subject: string,
  all: string[],
  present: string[],
  threshold: number,
): Needs {
  const missing = all.filter((name) => !present.includes(name))
  const stillNeeded = Math.max(0, threshold - present.length)
  return { kind: 'signatures', what, subject, threshold, present: [...present], missing, stillNeeded }
}

/** Whether a person may pause right now: never while an effect is under way, so never in the root's window. */
export function pausable(state: State): boolean {
  return state.started && !isOver(state) && state.paused === null && effectAt(state) === null
}

/**
 * Whether somebody may write a note right now: whenever the run waits for people, also where it waits for a PIN, and never while the
 * machine is at work.
 */
export function notable(state: State): boolean {
  const waits = needsOf(state)?.kind ?? 'wait'
  if (state.plan.v === 1 || waits === 'wait' || waits === 'start') return false
  return currentStep(state)?.state !== 'IntentLogged'
}

/**
 * The checkpoint that witnesses are asked to cosign, else the newest one; null before the first. A pause or an exception
 * makes another one while it is awaited, so it is not always the newest.
 */
export function awaitedCheckpoint(state: State): CheckpointState | null {
  const progress = currentStep(state)
  const awaited = progress !== null && stageOf(progress)?.kind === 'checkpoint' ? progress.checkpoint : null
  return state.checkpoints.at(awaited ?? -1) ?? null
}
