import type { Command, ExceptionDecision, Refusal } from './commands.ts'
import type { OwnEffect } from './effects.ts'
import type { NewEvent } from './events.ts'
import { eventFault } from './fact-schemas.ts'
import { attemptCkaId, effectAt, isOver, openException, owed } from './kinds/effect-at.ts'
import { readResult, type TaggedResult } from './kinds/result-schemas.ts'
import { currentStep, isLive, stageOf } from './kinds/stages.ts'
import { verifyResult } from './kinds/verify.ts'
import { namesOf } from './plan/queries.ts'
import { valueFault } from './plan/values.ts'
import { refuse } from './rules.ts'
import { bindStart } from './start.ts'
import type { ExceptionScope, State } from './state.ts'
import { takeSubmission } from './submit.ts'
import { unreachable } from './unreachable.ts'

export type Decision = { ok: true; events: NewEvent[] } | Refusal

/** What a command leads to: events to append in one transaction, or a refusal that changes nothing. Pure and total. */
export function decide(state: State, command: Command): Decision {
  const decision = consider(state, command)
  if (!decision.ok) return decision
  for (const event of decision.events) {
    const fault = eventFault(event)
    if (fault !== null) return refuse('COMMAND-01', `${event.kind}: ${fault}`)
  }
  return decision
}

function consider(state: State, command: Command): Decision {
  if (command.type === 'start') return decideStart(state, command)
  if (!state.started || isOver(state))
    return refuse('RUN-06', state.started ? 'the run is over' : 'the run has not started')
  switch (command.type) {
    case 'proceed':
      return decideProceed(state, command)
    case 'intend':
      return decideIntend(state, command)
    case 'outcome':
      return decideOutcome(state, command)
    case 'reconcile':
      return decideReconcile(state, command)
    case 'submit': {
      const idle = restFault(state)
      return idle === null ? takeSubmission(state, command) : refuse('RUN-06', idle)
    }
    case 'pause':
      return decidePause(state, command)
    case 'resume':
      return decideResume(state, command.by)
    case 'abort':
      return decideAbort(state, command.by, command.reason)
    case 'deviate':
      return decideDeviate(state, command)
    case 'decide-exception':
      return decideException(state, command)
    default:
      return unreachable(command)
  }
}

type Of<K extends Command['type']> = Extract<Command, { type: K }>

function decideStart(state: State, command: Of<'start'>): Decision {
  if (state.started) return refuse('RUN-01', 'the first entry is there')
  if (!mayLead(state, command.by)) return refuse('RUN-10', `${command.by} may not start the run`)
  const bound = bindStart(state, command)
  if (!bound.ok) return bound
  return { ok: true, events: [{ kind: 'run.started', stepId: 'run', fact: bound.value }] }
}

function decideProceed(state: State, { step, by, input = {} }: Of<'proceed'>): Decision {
  const idle = restFault(state)
  if (idle !== null) return refuse('RUN-06', idle)
  const progress = currentStep(state)
  if (progress === null || progress.step.id !== step)
    return refuse('STEP-01', `the current step is ${progress?.step.id ?? 'none'}, not ${step}`)
  const effect = effectAt(state)
  if (effect !== null || stageOf(progress)?.kind !== 'confirm')
    return refuse('STEP-03', effect === null ? 'signatures are awaited' : `${effect.kind} is under way`)
  const names = namesOf(state.plan, progress.step.actor)
  if (!names.includes(by)) return refuse('STEP-02', `${by} is not among ${names.join(', ')}`)
  const asked = progress.stage === 0 ? (progress.step.values ?? []) : []
  const fault = valueFault(asked, input)
  if (fault !== null) return refuse('STEP-04', fault)
  const fact = { stage: progress.stage, by, input: { ...input } }
  return { ok: true, events: [{ kind: 'step.confirmed', stepId: step, fact }] }
}

const hex16 = /^[0-9a-f]{32}$/

function decideIntend(state: State, { step, attempt, nonce, rootId }: Of<'intend'>): Decision {
  const effect = owed(state)
  if (effect === null || effect.intent !== 'needed' || effect.step !== step || effect.attempt !== attempt)
    return refuse('EFFECT-03', effect === null ? 'nothing is owed' : `owed is ${place(effect)}`)
  if (!hex16.test(nonce) || !hex16.test(rootId))
    return refuse('EFFECT-03', 'nonce and rootId are 16 bytes in hex each')
  // 'reconcile' never needs an intent, so the effect is one of a step's own.
  if (effect.kind === 'reconcile') return refuse('EFFECT-03', 'looking needs no intent')
  const named = makesObject(effect)
  const fact = {
    attempt,
    effect: effect.kind,
    nonce,
    rootId: effect.kind === 'generate-root' ? rootId : '',
    ckaId: named ? attemptCkaId(state.ceremonyId, step, attempt, nonce) : '',
    sealCkaId:
      effect.kind === 'make-ceremony-key'
        ? attemptCkaId(state.ceremonyId, `${step}/seal`, attempt, nonce)
        : '',
  }
  return { ok: true, events: [{ kind: 'step.intended', stepId: step, fact }] }
}

function makesObject(effect: OwnEffect): boolean {
  return (
    effect.kind === 'make-ceremony-key' || effect.kind === 'generate-root' || effect.kind === 'generate-key'
  )
}

function decideOutcome(state: State, command: Of<'outcome'>): Decision {
  const effect = owed(state)
  const { step, attempt } = command
  if (
    effect === null ||
    effect.kind === 'reconcile' ||
    effect.intent === 'needed' ||
    effect.kind !== command.effect ||
    effect.step !== step ||
    effect.attempt !== attempt
  )
    return refuse('EFFECT-01', effect === null ? 'nothing is owed' : `owed is ${place(effect)}`)
  const again = effect.kind === 'log-in' && effect.again
  if ('failure' in command) {
    const failure = { code: shown(command.failure.code, 100), detail: shown(command.failure.detail, 2000) }
    const events: NewEvent[] = [
      { kind: 'step.failed', stepId: step, fact: { attempt, effect: effect.kind, again, failure } },
      opened(state, step, {
        about: 'failed',
        scope: scopeOf(effect),
        expected: effect.kind,
        happened: `${failure.code}: ${failure.detail}`,
      }),
    ]
    return { ok: true, events }
  }
  const read = readResult(effect.kind, command.result)
  if (!read.ok) return refuse('EFFECT-02', read.detail)
  return { ok: true, events: performed(state, effect, read.tagged) }
}

/** Events of a result: what was done, and what follows from it at once. */
function performed(state: State, effect: OwnEffect, tagged: TaggedResult): NewEvent[] {
  const { step, attempt } = effect
  const mismatch = verifyResult(state, effect, tagged)
  const { result } = tagged
  if (tagged.effect === 'make-checkpoint' && effect.kind === 'make-checkpoint' && mismatch === null) {
    const { size, node, root, digest, signature } = tagged.result
    const live = state.due === null && isLiveHere(state, effect)
    const fact = { size, node, root, digest, signature, reason: effect.reason, live }
    return [{ kind: 'checkpoint.made', stepId: step, fact }]
  }
  const again = effect.kind === 'log-in' && effect.again
  const events: NewEvent[] = [
    { kind: 'step.performed', stepId: step, fact: { attempt, effect: effect.kind, again, result } },
  ]
  if (mismatch !== null) {
    events.push(opened(state, step, { about: 'mismatch', scope: scopeOf(effect), ...mismatch }))
    return events
  }
  return [...events, ...milestone(state, step, tagged)]
}

function isLiveHere(state: State, effect: OwnEffect & { kind: 'make-checkpoint' }): boolean {
  const progress = currentStep(state)
  return progress !== null && isLive(state, progress, effect.reason)
}

function milestone(state: State, stepId: string, tagged: TaggedResult): NewEvent[] {
  if (tagged.effect === 'write-bundle') return [{ kind: 'run.sealed', stepId, fact: { ...tagged.result } }]
  if (tagged.effect === 'write-medium') {
    const { medium, sha256 } = tagged.result
    return [{ kind: 'run.exported', stepId, fact: { medium, sha256 } }]
  }
  if (tagged.effect === 'destroy-ceremony-key')
    return [{ kind: 'run.closed', stepId, fact: { closeout: state.closeout ?? '' } }]
  return []
}

function decideReconcile(state: State, { step, attempt, finding }: Of<'reconcile'>): Decision {
  const effect = owed(state)
  if (effect?.kind !== 'reconcile' || effect.step !== step || effect.attempt !== attempt)
    return refuse('EFFECT-04', effect === null ? 'nothing is owed' : `owed is ${place(effect)}`)
  const { of } = effect
  const fact = { attempt, effect: of.kind }
  if (finding.found === 'absent') {
    const { found, detail } = finding
    return {
      ok: true,
      events: [{ kind: 'step.reconciled', stepId: step, fact: { ...fact, found, detail, result: null } }],
    }
  }
  if (finding.found === 'ambiguous') {
    const { found, detail } = finding
    const events: NewEvent[] = [
      { kind: 'step.reconciled', stepId: step, fact: { ...fact, found, detail, result: null } },
      opened(state, step, {
        about: 'ambiguous',
        scope: 'step',
        expected: `the outcome of ${of.kind}`,
        happened: detail,
      }),
    ]
    return { ok: true, events }
  }
  const read = readResult(of.kind, finding.result)
  if (!read.ok) return refuse('EFFECT-02', read.detail)
  const { found } = finding
  const events: NewEvent[] = [
    {
      kind: 'step.reconciled',
      stepId: step,
      fact: { ...fact, found, detail: '', result: read.tagged.result },
    },
  ]
  const mismatch = verifyResult(state, of, read.tagged)
  if (mismatch !== null) events.push(opened(state, step, { about: 'mismatch', scope: 'step', ...mismatch }))
  else events.push(...milestone(state, step, read.tagged))
  return { ok: true, events }
}

function decidePause(state: State, { by, cause, reason }: Of<'pause'>): Decision {
  const fact = { by, cause, reason }
  const event: NewEvent = { kind: 'run.paused', stepId: 'run', fact }
  if (cause === 'restart') return { ok: true, events: [event] }
  if (!mayLead(state, by)) return refuse('RUN-10', `${by} may not pause the run`)
  if (state.paused !== null) return refuse('RUN-06', 'the run is paused')
  const effect = effectAt(state)
  if (effect !== null) return refuse('RUN-07', `${effect.kind} is under way`)
  return { ok: true, events: [event] }
}

function decideResume(state: State, by: string): Decision {
  if (!mayLead(state, by)) return refuse('RUN-10', `${by} may not resume the run`)
  if (state.paused === null) return refuse('RUN-08', 'the run is not paused')
  const effect = owed(state)
  if (effect !== null) return refuse('RUN-08', `${effect.kind} of the pause is under way`)
  return { ok: true, events: [{ kind: 'run.resumed', stepId: 'run', fact: { by } }] }
}

function decideAbort(state: State, by: string, reason: string): Decision {
  if (!mayLead(state, by)) return refuse('RUN-10', `${by} may not abort the run`)
  if (state.base === 'Exported' || state.base === 'Receipted')
    return refuse('RUN-09', `the run is ${state.base}`)
  if (currentStep(state)?.state === 'IntentLogged') return refuse('RUN-07', 'the token is at work')
  return { ok: true, events: [{ kind: 'run.aborted', stepId: 'run', fact: { by, reason } }] }
}

function decideDeviate(state: State, { by, step, expected, happened }: Of<'deviate'>): Decision {
  const idle = restFault(state)
  if (idle !== null) return refuse('RUN-06', idle)
  const progress = currentStep(state)
  if (progress?.step.id !== step)
    return refuse('STEP-01', `the current step is ${progress?.step.id ?? 'none'}`)
  if (!state.plan.people.some((person) => person.name === by))
    return refuse('RUN-10', `${by} is nobody of this run`)
  const effect = effectAt(state)
  if (effect !== null) return refuse('RUN-07', `${effect.kind} is under way`)
  return {
    ok: true,
    events: [opened(state, step, { about: 'reported', scope: 'step', expected, happened }, by)],
  }
}

function decideException(state: State, { by, decision, reason }: Of<'decide-exception'>): Decision {
  const exception = openException(state)
  if (exception === null) return refuse('EXCEPTION-01', 'no exception is open')
  if (!mayLead(state, by)) return refuse('RUN-10', `${by} may not decide`)
  if (!exception.choices.includes(decision))
    return refuse('EXCEPTION-02', `open are ${exception.choices.join(', ')}, not ${decision}`)
  const events: NewEvent[] = [
    { kind: 'exception.decided', stepId: exception.step, fact: { id: exception.id, decision, by, reason } },
  ]
  if (decision === 'abort') events.push({ kind: 'run.aborted', stepId: 'run', fact: { by, reason } })
  return { ok: true, events }
}

type Opening = {
  about: 'failed' | 'ambiguous' | 'mismatch' | 'reported'
  scope: ExceptionScope
  expected: string
  happened: string
}

function opened(state: State, stepId: string, opening: Opening, by = 'machine'): NewEvent {
  const choices = choicesOf(state, opening)
  return {
    kind: 'exception.opened',
    stepId,
    fact: { id: state.exceptions.length + 1, by, choices, ...opening },
  }
}

/** Going on without the result is open only where no key, seal or proof depends on it. */
function choicesOf(state: State, { about, scope }: Opening): ExceptionDecision[] {
  const abort: ExceptionDecision[] = state.base === 'Exported' || state.base === 'Receipted' ? [] : ['abort']
  if (about === 'reported') return ['continue', ...abort]
  const kind = currentStep(state)?.step.do
  const free = scope === 'step' && (kind === 'measure-machine' || kind === 'inventory')
  return free ? ['retry', 'continue', ...abort] : ['retry', ...abort]
}

function scopeOf(effect: OwnEffect): ExceptionScope {
  if (effect.kind === 'make-checkpoint') return 'checkpoint'
  return effect.kind === 'log-in' && effect.again ? 'log-in' : 'step'
}

/** A message of the machine, cut so that a failure can always be recorded. */
function shown(message: string, length: number): string {
  return message.slice(0, length).toWellFormed()
}

/** Why people cannot go on right now, or null. */
function restFault(state: State): string | null {
  if (state.paused !== null) return 'the run is paused'
  const exception = openException(state)
  return exception === null ? null : `exception ${exception.id} waits for a decision`
}

function mayLead(state: State, name: string): boolean {
  return state.plan.people.some(
    (person) => person.name === name && ['administrator', 'operator', 'officer'].includes(person.role),
  )
}

function place({ kind, step, attempt }: { kind: string; step: string; attempt: number }): string {
  return `${kind} of ${step}, attempt ${attempt}`
}
