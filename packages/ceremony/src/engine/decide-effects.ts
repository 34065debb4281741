import type { Command } from '../model/commands.ts'
import type { OwnEffect } from '../model/effects.ts'
import type { Decision, NewEvent } from '../model/events.ts'
import { attemptCkaId } from '../model/identifiers.ts'
import { refuse } from '../model/rules.ts'
import type { State } from '../model/state.ts'
import { effectFacts } from '../steps/facts.ts'
import { effectModules, readResult, type TaggedResult, verifyResult } from '../steps/run.ts'
import { currentStep, isLive } from '../steps/stages.ts'
import { opened, scopeOf } from './exceptions.ts'
import { owed } from './next-effect.ts'

type Of<K extends Command['type']> = Extract<Command, { type: K }>

const hex16 = /^[0-9a-f]{32}$/

/** Names what is about to be done, before it is done. */
export function decideIntend(state: State, { step, attempt, nonce, rootId }: Of<'intend'>): Decision {
  const effect = owed(state)
  if (effect === null || effect.intent !== 'needed' || effect.step !== step || effect.attempt !== attempt)
    return refuse('EFFECT-03', effect === null ? 'nothing is owed' : `owed is ${place(effect)}`)
  if (!hex16.test(nonce) || !hex16.test(rootId))
    return refuse('EFFECT-03', 'nonce and rootId are 16 bytes in hex each')
  // 'reconcile' never needs an intent, so the effect is one of a step's own.
  if (effect.kind === 'reconcile') return refuse('EFFECT-03', 'looking needs no intent')
  const { names } = effectFacts[effect.kind]
  const fact = {
    attempt,
    effect: effect.kind,
    nonce,
    rootId: effectModules[effect.kind].draws === true ? rootId : '',
    ckaId: names !== null ? attemptCkaId(state.ceremonyId, step, attempt, nonce) : '',
    sealCkaId:
      names === 'an object and its seal'
        ? attemptCkaId(state.ceremonyId, `${step}/seal`, attempt, nonce)
        : '',
  }
  return { ok: true, events: [{ kind: 'step.intended', stepId: step, fact }] }
}

/** Takes what an effect reports: done as planned, done otherwise, or failed. */
export function decideOutcome(state: State, command: Of<'outcome'>): Decision {
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

/** Takes what was found after a crash, for the one attempt whose outcome is unknown. */
export function decideReconcile(state: State, { step, attempt, finding }: Of<'reconcile'>): Decision {
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

/** A message of the machine, cut so that a failure can always be recorded. */
function shown(message: string, length: number): string {
  return message.slice(0, length).toWellFormed()
}

function place({ kind, step, attempt }: { kind: string; step: string; attempt: number }): string {
  return `${kind} of ${step}, attempt ${attempt}`
}
