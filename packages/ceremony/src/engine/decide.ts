import type { Json } from '@lux/crypto'
import { textFault, tidyText } from '@lux/crypto/text'
import { exceptionCodec } from '../documents/ceremony/exception.ts'
import { millisecondsOf } from '../documents/format/milliseconds.ts'
import { unreachable } from '../documents/format/outcome.ts'
import type { Command, Refusal } from '../model/commands.ts'
import type { Decision, NewEvent } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import type { State } from '../model/state.ts'
import type { Step } from '../plan/plan.ts'
import { namesOf, valueFault } from '../plan/queries.ts'
import { stepFacts } from '../steps/facts.ts'
import { budgetFault } from '../steps/resharing/left-budget.ts'
import { takeRequest } from '../steps/run.ts'
import { currentStep, isConfirmed, stageOf } from '../steps/stages.ts'
import { factTextFault } from '../transcript/fact-texts.ts'
import { decideDiffers, hearings, unheardFault } from './compare.ts'
import { decideIntend, decideOutcome, decideReconcile } from './decide-effects.ts'
import { decisionDocument, opened } from './exceptions.ts'
import { eventFault } from './fact-schemas.ts'
import { notable } from './needs.ts'
import { effectAt, isOver, openException, owed } from './next-effect.ts'
import { absentFault, rollCall } from './presence.ts'
import { isAtRest } from './restart.ts'
import { bindStart } from './start.ts'
import { takeSubmission } from './submit.ts'

/** What a command leads to: events to append in one transaction, or a refusal that changes nothing. Pure and total. */
export function decide(state: State, command: Command): Decision {
  const decision = consider(state, tidied(state, command))
  if (!decision.ok) return decision
  for (const event of decision.events) {
    const fault = eventFault(event) ?? typedFault(state, event)
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
      const idle = command.what === 'exception' ? null : restFault(state)
      return idle === null ? takeSubmission(state, command) : refuse('RUN-06', idle)
    }
    case 'take-request': {
      const idle = restFault(state)
      return idle === null ? takeRequest(state, command) : refuse('RUN-06', idle)
    }
    case 'pause':
      return decidePause(state, command)
    case 'resume':
      return decideResume(state, command)
    case 'abort':
      return decideAbort(state, command.by, command.reason)
    case 'deviate':
      return decideDeviate(state, command)
    case 'differs': {
      const idle = restFault(state)
      return idle === null ? decideDiffers(state, command) : refuse('RUN-06', idle)
    }
    case 'note':
      return decideNote(state, command)
    case 'decide-exception':
      return decideException(state, command)
    default:
      return unreachable(command)
  }
}

type Of<K extends Command['type']> = Extract<Command, { type: K }>

function decideStart(state: State, command: Of<'start'>): Decision {
  if (state.started) return refuse('RUN-01', 'the first entry is there')
  const barred = leadFault(state, command.by, 'start the run')
  if (barred !== null) return barred
  const bound = bindStart(state, command)
  if (!bound.ok) return bound
  return { ok: true, events: [{ kind: 'run.started', stepId: 'run', fact: bound.value }] }
}

function decideProceed(state: State, command: Of<'proceed'>): Decision {
  const { step, by, input = {}, heard, now } = command
  const idle = restFault(state)
  if (idle !== null) return refuse('RUN-06', idle)
  const progress = currentStep(state)
  if (progress === null || progress.step.id !== step)
    return refuse('STEP-01', `the current step is ${progress?.step.id ?? 'none'}, not ${step}`)
  const effect = effectAt(state)
  if (effect !== null || !isConfirmed(stageOf(progress)))
    return refuse('STEP-03', effect === null ? 'signatures are awaited' : `${effect.kind} is under way`)
  const names = namesOf(state.plan, progress.step.actor)
  if (!names.includes(by)) return refuse('STEP-02', `${by} is not among ${names.join(', ')}`)
  const absent = absentFault(state, [by])
  if (absent !== null) return absent
  const unheard = unheardFault(state, command)
  if (unheard !== null) return refuse('COMPARE-02', unheard)
  const asked = progress.stage === 0 ? (progress.step.values ?? []) : []
  const fault = valueFault(asked, input)
  if (fault !== null) return refuse('STEP-04', fault)
  const called = rollCall(state, progress.step, command)
  if (!called.ok) return called
  const apart = progress.stage === 0 ? clockDiffers(state, progress.step, { by, input, now }) : null
  if (apart !== null) return 'rule' in apart ? apart : { ok: true, events: [apart] }
  const spent = progress.step.do === 'assemble-epoch' ? budgetFault(state) : null
  if (spent !== null) return refuse(spent.rule, spent.detail)
  const readings = hearings(state, command)
  if (!readings.ok) return readings
  const unseen = absentFault(
    state,
    heard.flatMap((one) => one.by),
  )
  if (unseen !== null) return unseen
  const fact = { stage: progress.stage, by, input: { ...called.roll, ...input } }
  return { ok: true, events: [...readings.events, { kind: 'step.confirmed', stepId: step, fact }] }
}

function decidePause(state: State, { by, cause, reason }: Of<'pause'>): Decision {
  const fact = { by, cause, reason }
  const event: NewEvent = { kind: 'run.paused', stepId: 'run', fact }
  // A program that is started again and again says so once.
  if (cause === 'restart') return { ok: true, events: isAtRest(state) ? [] : [event] }
  const barred = leadFault(state, by, 'pause the run')
  if (barred !== null) return barred
  if (state.paused !== null) return refuse('RUN-06', 'the run is paused')
  const effect = effectAt(state)
  if (effect !== null) return refuse('RUN-07', `${effect.kind} is under way`)
  return { ok: true, events: [event] }
}

function decideResume(state: State, command: Of<'resume'>): Decision {
  const answered = command.cause === 'answer'
  const by = answered ? 'machine' : command.by
  const barred = answered ? null : leadFault(state, by, 'resume the run')
  if (barred !== null) return barred
  if (state.paused === null) return refuse('RUN-08', 'the run is not paused')
  const effect = owed(state)
  if (effect !== null) return refuse('RUN-08', `${effect.kind} of the pause is under way`)
  return { ok: true, events: [{ kind: 'run.resumed', stepId: 'run', fact: { by } }] }
}

function decideAbort(state: State, by: string, reason: string): Decision {
  const barred = leadFault(state, by, 'abort the run')
  if (barred !== null) return barred
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
  const absent = absentFault(state, [by])
  if (absent !== null) return absent
  const effect = effectAt(state)
  if (effect !== null) return refuse('RUN-07', `${effect.kind} is under way`)
  return {
    ok: true,
    events: [opened(state, step, { about: 'reported', scope: 'step', expected, happened }, by)],
  }
}

function decideNote(state: State, { by, text }: Of<'note'>): Decision {
  if (state.plan.v === 1) return refuse('RUN-12', 'the plan is of version 1')
  if (!state.plan.people.some((person) => person.name === by))
    return refuse('RUN-10', `${by} is nobody of this run`)
  if (!notable(state)) return refuse('RUN-07', `${effectAt(state)?.kind ?? 'the machine'} is under way`)
  const stepId = currentStep(state)?.step.id ?? 'run'
  return { ok: true, events: [{ kind: 'note.made', stepId, fact: { by, text } }] }
}

function decideException(state: State, command: Of<'decide-exception'>): Decision {
  const { by, decision, reason, head } = command
  const exception = openException(state)
  if (exception === null) return refuse('EXCEPTION-01', 'no exception is open')
  const barred = leadFault(state, by, 'decide')
  if (barred !== null) return barred
  if (!exception.choices.includes(decision))
    return refuse('EXCEPTION-02', `open are ${exception.choices.join(', ')}, not ${decision}`)
  const { id, step: stepId } = exception
  if (decision === 'abort') {
    const fact = { id, decision, by, reason, document: null }
    const events: NewEvent[] = [
      { kind: 'exception.decided', stepId, fact },
      { kind: 'run.aborted', stepId: 'run', fact: { by, reason } },
    ]
    return { ok: true, events }
  }
  if (head.size !== String(state.size))
    return refuse('EXCEPTION-03', `the head is over ${head.size} entries, the run has ${state.size}`)
  const built = exceptionCodec.payload.check(
    decisionDocument(state, exception, { decided: decision, by, reason, head }),
  )
  if (!built.ok) return refuse('COMMAND-01', built.detail)
  const document = exceptionCodec.payload.digest(built.value)
  const fact = { document, payload: built.value }
  return { ok: true, events: [{ kind: 'exception.proposed', stepId, fact }] }
}

/** Why people cannot go on right now, or null. */
function restFault(state: State): string | null {
  if (state.paused !== null) return 'the run is paused'
  const exception = openException(state)
  return exception === null ? null : `exception ${exception.id} waits for a decision`
}

/** Who leads is of a role that may, and in the room. */
function leadFault(state: State, name: string, what: string): Refusal | null {
  const leads = state.plan.people.some(
    (person) => person.name === name && ['administrator', 'operator', 'officer'].includes(person.role),
  )
  return leads ? absentFault(state, [name]) : refuse('RUN-10', `${name} may not ${what}`)
}

/** What people typed, composed and without spaces at its ends; as it is in a run of before version 3. */
function tidied(state: State, command: Command): Command {
  if (state.plan.v !== 3) return command
  switch (command.type) {
    case 'note':
      return { ...command, text: tidyText(command.text) }
    case 'pause':
    case 'abort':
    case 'decide-exception':
      return { ...command, reason: tidyText(command.reason) }
    case 'proceed': {
      if (command.input === undefined) return command
      const input = Object.entries(command.input).map(([name, text]) => [name, tidyText(text)])
      return { ...command, input: Object.fromEntries(input) }
    }
    default:
      return command
  }
}

/** Since version 3 names and what people typed keep the text rule, as verifiers ask: why they do not, or null. */
function typedFault(state: State, { kind, fact }: NewEvent): string | null {
  if (state.plan.v !== 3) return null
  // What officers are asked to sign stands in the transcript once they have.
  const proposed = kind === 'exception.proposed' ? textFault(fact.payload.reason) : null
  // Facts are built of JSON's values by their type.
  const fault = proposed ?? factTextFault(fact as { readonly [name: string]: Json })
  return fault === null ? null : `what was typed does not keep the text rule: ${fault}`
}

const toleratedMinutes = 5
const expected = `both clocks within ${toleratedMinutes} minutes of each other`

/**
 * Of a time that was read off another clock: more than five minutes from the workstation's own, which every entry's time is of, the
 * run stops until people decide, because only they can say which of the two is wrong. Then the clock is read again, and what officers
 * signed to go on with is gone on with. Refuses STEP-05 of a time that is none, as 24:61. `now`: ISO-8601 UTC.
 */
function clockDiffers(
  state: State,
  { id, do: kind, values = [] }: Step,
  { by, input, now }: { by: string; input: Readonly<Record<string, string>>; now: string },
): NewEvent | Refusal | null {
  if (stepFacts[kind].says !== 'the time') return null
  for (const value of values.filter(({ format }) => format === 'time')) {
    const read = input[value.id] ?? ''
    const minutes = Math.abs(millisecondsOf(read) - millisecondsOf(now)) / 60_000
    if (Number.isNaN(minutes)) return refuse('STEP-05', `${read} is no time`)
    if (minutes <= toleratedMinutes || isDecided(state, id)) continue
    const happened = `STEP-05: ${read} was read, and the workstation’s clock says ${now}`
    return opened(state, id, { about: 'reported', scope: 'step', expected, happened }, by)
  }
  return null
}

function isDecided({ exceptions }: State, stepId: string): boolean {
  return exceptions.some(
    (one) => one.step === stepId && one.expected === expected && one.decision === 'continue',
  )
}
