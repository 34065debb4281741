import { millisecondsOf } from '../documents/format/milliseconds.ts'
import type { Refusal } from '../model/commands.ts'
import type { NewEvent } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import type { State } from '../model/state.ts'
import type { Step } from '../plan/plan.ts'
import { stepFacts } from '../steps/facts.ts'
import { opened } from './exceptions.ts'

const toleratedMinutes = 5
const expected = `both clocks within ${toleratedMinutes} minutes of each other`

/**
 * Of a time that was read off another clock: more than five minutes from the workstation's own, which every entry's time is of, the
 * run stops until people decide, because only they can say which of the two is wrong. Then the clock is read again, and what officers
 * signed to go on with is gone on with. Refuses STEP-05 of a time that is none, as 24:61. `now`: ISO-8601 UTC.
 */
export function clockDiffers(
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
