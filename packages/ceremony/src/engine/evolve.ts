import { unreachable } from '../documents/format/outcome.ts'
import type { Entry, Facts } from '../model/events.ts'
import { draft, type ExceptionState, type State, type StepProgress } from '../model/state.ts'
import { recoveryOf } from '../steps/recovery/queries.ts'
import {
  applyEntry,
  applyResult,
  approved,
  isFamilyEntry,
  policySigned,
  readResult,
  verifyResult,
} from '../steps/run.ts'
import { missingAudiences } from '../steps/sealing/queries.ts'
import { currentStep, pinsOf, stageOf, stagesOf } from '../steps/stages.ts'
import { evolveIncompatible, incompatibleHistory } from './incompatible-history.ts'
import { effectAt, openException } from './next-effect.ts'
import { hereAfter } from './presence.ts'
import { afterRestart } from './restart.ts'

/**
 * One fold: the state after an entry. Pure; the entry must have come from `decide` or through `readEntry`. Replaying
 * a run's entries over `initialState` gives the live state again.
 */
export function evolve(before: State, entry: Entry): State {
  if (before.incompatibleHistory) return evolveIncompatible(before, entry)
  if (before.refused !== null && entry.kind !== 'exception.opened')
    return evolveIncompatible(incompatibleHistory(before), entry)
  const state = draft(before)
  state.size = before.size + 1
  const progress = currentStep(state)
  state.here = hereAfter(before, progress?.step.do ?? null, entry)
  if (isFamilyEntry(entry)) {
    if (progress !== null && applyEntry(state, progress, entry)) advance(state, progress, entry.time)
    return state
  }
  switch (entry.kind) {
    case 'run.started':
      start(state, entry.fact, entry.time)
      break
    case 'step.confirmed':
      if (progress !== null) {
        if (state.base === 'Opened') state.base = 'Running'
        if (progress.step.do === 'seal') state.base = 'Sealing'
        for (const [label, value] of Object.entries(entry.fact.input)) progress.summary.push({ label, value })
        advance(state, progress, entry.time)
      }
      break
    case 'step.intended':
      if (progress !== null) {
        const { effect, nonce, rootId, ckaId, sealCkaId } = entry.fact
        progress.intent = { effect, nonce, rootId, ckaId, sealCkaId }
        progress.state = 'IntentLogged'
      }
      break
    case 'step.performed':
      performed(before, state, entry.fact, entry.time)
      break
    case 'step.failed':
      if (progress !== null && entry.fact.effect !== 'make-checkpoint' && !entry.fact.again)
        progress.state = 'OutcomeLogged'
      break
    case 'step.reconciled':
      if (progress === null) break
      if (entry.fact.found === 'absent') again(state, progress)
      else if (entry.fact.found === 'ambiguous') progress.state = 'OutcomeLogged'
      else performed(before, state, { ...entry.fact, again: false }, entry.time)
      break
    case 'signature.accepted':
      if (entry.fact.what === 'exception') openException(state)?.proposal?.signers.push(entry.fact.name)
      else if (progress !== null && signedEnough(state, progress, entry.fact))
        advance(state, progress, entry.time)
      break
    case 'checkpoint.made': {
      const { size, node, root, digest, reason, live } = entry.fact
      state.checkpoints.push({ size, node, root, digest, reason, live, cosigned: [] })
      if (state.due !== null) state.due = null
      else if (progress !== null) {
        progress.checkpoint = state.checkpoints.length - 1
        if (!live) advance(state, progress, entry.time)
      }
      break
    }
    case 'checkpoint.cosigned': {
      const index = cosigned(state, entry.fact)
      if (index !== null && progress?.checkpoint === index) advance(state, progress, entry.time)
      break
    }
    case 'exception.opened': {
      const { id, about, expected, happened, scope, choices, compared = null } = entry.fact
      const step = entry.stepId
      const open = { proposal: null, document: null, decision: null, by: null, reason: null }
      const attempt = progress?.attempt ?? 1
      state.refused = null
      const told = { about, expected, happened, scope, choices, compared }
      state.exceptions.push({ id, step, attempt, ...told, ...open })
      break
    }
    case 'exception.proposed': {
      const exception = openException(state)
      if (exception !== null) exception.proposal = { ...entry.fact, signers: [] }
      break
    }
    case 'exception.decided':
      decided(state, entry.fact, entry.time)
      break
    case 'note.made':
    case 'reading.heard':
    case 'reading.signed':
      break
    case 'run.paused':
      state.paused = entry.fact.cause
      if (entry.fact.cause === 'restart') afterRestart(state)
      else if (canCheckpoint(state)) state.due = 'pause'
      break
    case 'run.resumed':
      state.paused = null
      break
    case 'run.aborted':
      state.base = 'Aborted'
      state.paused = null
      break
    case 'run.sealed':
      state.base = 'Sealed'
      if (state.domain === 'rehearsal' && state.destinations.length === 0) skipRest(state)
      break
    case 'run.exported':
      state.base = 'Exported'
      break
    case 'run.receipted':
      state.receipts.push({ audience: entry.fact.audience, digest: entry.fact.digest })
      if (progress !== null && missingAudiences(state).length === 0) {
        state.base = 'Receipted'
        advance(state, progress, entry.time)
      }
      break
    case 'run.closed':
      state.base = 'Closed'
      break
    default:
      return unreachable(entry)
  }
  return state
}

/** Takes a signature under what the step asks for: whether that was the last of them. */
function signedEnough(state: State, progress: StepProgress, fact: Facts['signature.accepted']): boolean {
  if (fact.what === 'decryption-approval') return approved(state, progress, fact)
  if (fact.what === 'policy') return policySigned(state, progress, fact.name)
  const signed = fact.what === 'opening' ? state.opening : state.bundle
  if (signed === null) return false
  signed.signers.push(fact.name)
  return signed.signers.length >= state.terms.officers
}

/** Takes a witness's cosignature: which live checkpoint has all that it needs by it. */
function cosigned(state: State, { digest, name, signer }: Facts['checkpoint.cosigned']): number | null {
  const index = state.checkpoints.findIndex((one) => one.digest === digest)
  const checkpoint = state.checkpoints[index]
  if (checkpoint === undefined) return null
  checkpoint.cosigned.push({ name, signer })
  return checkpoint.live && checkpoint.cosigned.length >= state.terms.witnesses ? index : null
}

function start(state: State, fact: Facts['run.started'], time: string): void {
  state.started = true
  state.terms = fact.terms
  state.seats = fact.seats
  state.destinations = fact.destinations
  state.authorities = fact.authorities
  const { fhe } = state.plan
  if (fact.epoch !== null && fhe !== undefined)
    state.epoch = { ...fact.epoch, t: fhe.t, n: fhe.n, holders: fhe.holders }
  if (fact.backup !== undefined) state.recovery = recoveryOf(fact.backup)
  state.tokens = fact.tokens.map(({ role, serial }) => ({
    role,
    serial,
    initialised: serial !== '',
    loggedIn: false,
    wanted: false,
    probed: false,
    wrapMechanism: '',
    baseline: [],
  }))
  begin(state, time)
}

/** Makes the current step ready. */
function begin(state: State, time: string): void {
  const progress = currentStep(state)
  if (progress === null) return
  if (progress.step.do === 'receipt' && state.destinations.length === 0) {
    progress.state = 'Skipped'
    state.current += 1
    begin(state, time)
    return
  }
  progress.state = 'Ready'
  progress.started = time
}

/** To the next stage of the step, or to the next step. */
function advance(state: State, progress: StepProgress, time: string): void {
  const [left] = stagesOf(progress.step.do).slice(progress.stage)
  progress.stage += 1
  progress.checkpoint = null
  const stage = stageOf(progress)
  if (stage === null) finish(state, progress, time)
  else if (stage.kind === 'effect') {
    progress.state = stage.intent ? 'Ready' : 'Executing'
    progress.intent = null
  } else if (left?.kind === 'checkpoint') progress.state = 'Witnessed'
  else if (left?.kind === 'effect') progress.state = 'Verified'
}

function finish(state: State, progress: StepProgress, time: string): void {
  progress.stage = stagesOf(progress.step.do).length
  progress.state = 'Done'
  progress.finished = time
  state.current += 1
  if (progress.step.do === 'open-run') state.base = 'Opened'
  begin(state, time)
}

function skipRest(state: State): void {
  for (const progress of state.steps.slice(state.current)) progress.state = 'Skipped'
  state.current = state.steps.length
}

function performed(
  before: State,
  state: State,
  fact: Pick<Facts['step.performed'], 'effect' | 'again' | 'result'>,
  time: string,
): void {
  const progress = currentStep(state)
  const read = readResult(fact.effect, fact.result)
  const at = effectAt(before)
  const effect = at?.kind === 'reconcile' ? at.of : at
  if (progress === null || !read.ok || effect === null || effect.kind !== fact.effect) return
  if (fact.again) {
    const token = state.tokens.find(
      (candidate) => effect.kind === 'log-in' && candidate.role === effect.token,
    )
    if (token !== undefined && verifyResult(before, effect, read.tagged) === null) token.loggedIn = true
    return
  }
  progress.state = 'OutcomeLogged'
  const mismatch = verifyResult(before, effect, read.tagged)
  if (mismatch !== null) {
    state.refused = { step: progress.step.id, attempt: progress.attempt, ...mismatch }
    return
  }
  progress.state = 'Verified'
  applyResult(state, progress, read.tagged)
  advance(state, progress, time)
}

/** A new attempt at the stage where the step stands; where PINs are typed, from the confirmation before it. */
function again(state: State, progress: StepProgress): void {
  const { ckaId = '', sealCkaId = '' } = progress.intent ?? {}
  progress.abandoned.push(...[ckaId, sealCkaId].filter((id) => id !== ''))
  progress.attempt += 1
  progress.intent = null
  const stages = stagesOf(progress.step.do)
  if (pinsOf(state, progress).length > 0) {
    progress.stage = stages.slice(0, progress.stage + 1).findLastIndex((stage) => stage.kind === 'confirm')
    progress.state = 'Ready'
    return
  }
  const stage = stageOf(progress)
  progress.state = stage?.kind === 'effect' && !stage.intent ? 'Executing' : 'Ready'
}

function decided(state: State, fact: Facts['exception.decided'], time: string): void {
  const exception: ExceptionState | undefined = state.exceptions.find(({ id }) => id === fact.id)
  const progress = currentStep(state)
  if (exception === undefined || progress === null) return
  exception.decision = fact.decision
  exception.by = fact.by
  exception.reason = fact.reason
  exception.document = fact.document
  exception.proposal = null
  if (fact.decision === 'abort') return
  if (exception.scope === 'step' && exception.about !== 'reported') {
    if (fact.decision === 'retry') again(state, progress)
    else finish(state, progress, time)
  }
  if (canCheckpoint(state) && state.due === null) state.due = 'exception'
}

/** Before the sealing checkpoint an entry can still be covered by another one. */
function canCheckpoint(state: State): boolean {
  if (state.opening === null || state.opening.signers.length < state.terms.officers) return false
  return !state.checkpoints.some((checkpoint) => checkpoint.reason === 'sealing')
}
