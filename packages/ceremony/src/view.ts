import { isOver, openException } from './kinds/effect-at.ts'
import { currentStep } from './kinds/stages.ts'
import { needsOf, pausable } from './needs.ts'
import { namesOf } from './plan/queries.ts'
import type { ExceptionView, RunState, RunView, StepView } from './run-view.ts'
import type { ExceptionState, State, StepProgress } from './state.ts'

/** Everything about a run that is shown: plain JSON, no secrets. */
export function view(state: State): RunView {
  const steps = state.steps.map((progress) => viewStep(state, progress))
  return {
    ceremonyId: state.ceremonyId,
    domain: state.domain,
    title: state.plan.title,
    organisation: state.plan.organisation.name,
    planHash: state.planHash,
    state: runState(state),
    parts: state.plan.parts.map(({ kind }, index) => ({
      kind,
      steps: steps.filter((step) => step.part === index),
    })),
    current: state.started && !isOver(state) ? (currentStep(state)?.step.id ?? null) : null,
    needs: needsOf(state),
    exceptions: state.exceptions.map(viewException),
    signatures: signatures(state),
    checkpoints: state.checkpoints.map(({ size, reason, digest, live, cosigned }) => ({
      size,
      reason,
      digest,
      live,
      cosigned: cosigned.map(({ name }) => name),
    })),
    holders: (state.plan.fhe?.holders ?? []).map((name, index) => ({
      name,
      index: index + 1,
      state: state.fhe === null ? 'enrolled' : state.fhe.acknowledged.includes(name) ? 'proved' : 'dealt',
    })),
    bundle: state.bundle && {
      digest: state.bundle.digest,
      sha256: state.bundle.sha256,
      size: state.bundle.size,
    },
    progress: {
      done: steps.filter((step) => step.state === 'Done').length,
      total: steps.filter((step) => step.state !== 'Skipped').length,
    },
    pausable: pausable(state),
    abortable: abortable(state),
  }
}

/** Where the run stands, with pauses, exceptions and reconciling over it. */
export function runState(state: State): RunState {
  if (isOver(state)) return state.base
  if (state.paused !== null) return 'Paused'
  if (openException(state) !== null) return 'Exception'
  return currentStep(state)?.state === 'Unknown' ? 'Reconciling' : state.base
}

function viewException({ scope: _scope, attempt: _attempt, ...shown }: ExceptionState): ExceptionView {
  if (shown.proposal === null) return { ...shown, proposal: null }
  const { document, payload } = shown.proposal
  const { decided: decision, by, reason } = payload
  return { ...shown, proposal: { decision, by, reason, document } }
}

function viewStep(state: State, progress: StepProgress): StepView {
  const { part, step, attempt, started, finished, summary } = progress
  return {
    id: step.id,
    part,
    do: step.do,
    actor: step.actor,
    names: namesOf(state.plan, step.actor),
    textKey: step.textKey,
    text: step.text,
    state: progress.state,
    attempt,
    started,
    finished,
    summary,
    pausable: progress === currentStep(state) && pausable(state),
  }
}

function signatures(state: State): RunView['signatures'] {
  const officers = namesOf(state.plan, 'officer')
  const holders = state.plan.fhe?.holders ?? []
  const split = (all: string[], present: string[]) => ({
    present,
    missing: all.filter((name) => !present.includes(name)),
  })
  const shown: RunView['signatures'] = []
  if (state.opening !== null)
    shown.push({ what: 'opening', subject: state.opening.digest, ...split(officers, state.opening.signers) })
  const proposal = openException(state)?.proposal
  if (proposal)
    shown.push({ what: 'exception', subject: proposal.document, ...split(officers, proposal.signers) })
  const checkpoint = state.checkpoints.at(-1)
  if (checkpoint !== undefined) {
    const cosigned = checkpoint.cosigned.map(({ name }) => name)
    shown.push({
      what: 'checkpoint',
      subject: checkpoint.digest,
      ...split(namesOf(state.plan, 'witness'), cosigned),
    })
  }
  if (state.fhe !== null)
    shown.push({
      what: 'acknowledgement',
      subject: state.fhe.epochId,
      ...split(holders, state.fhe.acknowledged),
    })
  if (state.bundle !== null)
    shown.push({ what: 'bundle', subject: state.bundle.digest, ...split(officers, state.bundle.signers) })
  return shown
}

function abortable(state: State): boolean {
  if (!state.started || isOver(state) || state.base === 'Exported' || state.base === 'Receipted') return false
  return currentStep(state)?.state !== 'IntentLogged'
}
