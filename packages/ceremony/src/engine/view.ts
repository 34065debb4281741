import type { ExceptionView, RunState, RunView, StepView } from '../model/run-view.ts'
import type { ExceptionState, State, StepProgress } from '../model/state.ts'
import { ceremonyKeyId, decryptionOf, namesOf } from '../plan/queries.ts'
import { unstatedCustodians } from '../steps/recovery/queries.ts'
import { carriedParts, unstated } from '../steps/resharing/left-budget.ts'
import { currentStep } from '../steps/stages.ts'
import { comparedNow } from './compare.ts'
import { needsOf, notable, pausable } from './needs.ts'
import { isOver, openException } from './next-effect.ts'
import { neededInRoom } from './presence.ts'

/** Everything about a run that is shown: plain JSON, no secrets. */
export function view(state: State): RunView {
  const steps = state.steps.map((progress) => viewStep(state, progress))
  return {
    ceremonyId: state.ceremonyId,
    domain: state.domain,
    title: state.plan.title,
    inRoom: neededInRoom(state),
    here: state.here && [...state.here],
    organisation: state.plan.organisation.name,
    planHash: state.planHash,
    state: runState(state),
    parts: state.plan.parts.map(({ kind }, index) => ({
      kind,
      steps: steps.filter((step) => step.part === index),
    })),
    current: state.started && !isOver(state) ? (currentStep(state)?.step.id ?? null) : null,
    needs: needsOf(state),
    compares: comparedNow(state),
    exceptions: state.exceptions.map(viewException),
    signatures: signatures(state),
    checkpoints: state.checkpoints.map(({ size, reason, digest, live, cosigned }) => ({
      size,
      reason,
      digest,
      live,
      cosigned: cosigned.map(({ name }) => name),
    })),
    evidence: evidenceOf(state),
    holders: holdersOf(state),
    ...viewEpochs(state),
    bundle: state.bundle && {
      digest: state.bundle.digest,
      sha256: state.bundle.sha256,
      size: state.bundle.size,
    },
    // Counted as steps are numbered: a step that is left out on the way is behind, and what never comes stays in the total.
    progress: { done: steps.findLastIndex((step) => step.state === 'Done') + 1, total: steps.length },
    over: isOver(state),
    pausable: pausable(state),
    notable: notable(state),
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

function evidenceOf(state: State): RunView['evidence'] {
  const better = (key: { id: string; level: string }) =>
    state.attestations.find(({ id, level }) => id === key.id && level === key.level)?.evidence.level
  const own = state.ceremonyKey
  const ceremony = { id: ceremonyKeyId, level: 'ceremony' as const, evidence: own?.evidence ?? 'E0' }
  const made = state.keys.flatMap(({ id, level, evidence }) =>
    evidence === null ? [] : [{ id, level, evidence: evidence.level }],
  )
  return [...(own === null ? [] : [ceremony]), ...made].map((one) => ({
    ...one,
    evidence: better(one) ?? one.evidence,
  }))
}

function holdersOf(state: State): RunView['holders'] {
  const { reshare } = state
  const next = reshare?.next ?? null
  if (next !== null)
    return next.holders.map((name, at) => ({
      name,
      index: at + 1,
      state: (reshare?.acknowledgements[at] ?? null) === null ? 'dealt' : 'proved',
    }))
  const before = state.plan.fhe?.existing !== undefined
  return (state.plan.fhe?.holders ?? []).map((name, at) => ({
    name,
    index: at + 1,
    state:
      before || state.fhe?.acknowledged.includes(name) ? 'proved' : state.fhe === null ? 'enrolled' : 'dealt',
  }))
}

function viewEpochs(
  state: State,
): Pick<RunView, 'epoch' | 'decryptions' | 'budgets' | 'unstated' | 'carried'> {
  const { epoch } = state
  return {
    epoch: epoch && {
      keyId: epoch.keyId,
      epochId: epoch.epochId,
      epoch: epoch.epoch,
      t: epoch.t,
      n: epoch.n,
      holders: [...epoch.holders],
    },
    decryptions: state.decryptions.map(({ id, request, digest, approvedBy, answers, result }) => ({
      id,
      request: digest,
      what: decryptionOf(state.plan, id)?.what ?? '',
      purpose: request?.purpose ?? '',
      requester: request?.requester ?? '',
      expiry: request?.expiry ?? null,
      approvedBy: [...approvedBy],
      answers: answers.map(({ name, decision, reason }) => ({ name, decision, reason })),
      outcome: result?.outcome ?? null,
      verified: result?.verified ?? 0,
      cheaters: [...(result?.cheaters ?? [])],
    })),
    budgets: state.budgets
      .filter((one) => one.epochId === epoch?.epochId)
      .map(({ name, left }) => ({ name, ...left })),
    unstated: isOver(state) ? [] : unstated(state),
    carried: isOver(state) ? null : carriedParts(state),
  }
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
  if (state.heartbeat !== null)
    shown.push({
      what: 'heartbeat',
      subject: state.heartbeat.challenge,
      ...split(state.epoch?.holders ?? [], state.heartbeat.said),
    })
  if (state.recovery !== null)
    shown.push({
      what: 'custodian-statement',
      subject: state.recovery.backup.medium,
      present: [...state.recovery.said],
      missing: unstatedCustodians(state),
    })
  if (state.nextPolicy !== null)
    shown.push({
      what: 'policy',
      subject: state.nextPolicy.policy,
      ...split(officers, state.nextPolicy.signers),
    })
  if (state.bundle !== null)
    shown.push({ what: 'bundle', subject: state.bundle.digest, ...split(officers, state.bundle.signers) })
  return shown
}

function abortable(state: State): boolean {
  if (!state.started || isOver(state) || state.base === 'Exported' || state.base === 'Receipted') return false
  return currentStep(state)?.state !== 'IntentLogged'
}
