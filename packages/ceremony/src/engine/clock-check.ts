import { millisecondsOf } from '../documents/format/milliseconds.ts'
import type { Step } from '../plan/plan.ts'

const toleratedMinutes = 5

/**
 * Why a clock check does not pass, or null: a time that was read off another clock and is more than five minutes from the
 * workstation's own, which every entry's time is of. Only people can say which of the two is wrong. `now`: ISO-8601 UTC.
 */
export function clockFault(
  { do: kind, values = [] }: Step,
  input: Readonly<Record<string, string>>,
  now: string,
): string | null {
  if (kind !== 'clock-check') return null
  for (const { id, format } of values) {
    const read = input[id] ?? ''
    const minutes = Math.abs(millisecondsOf(read) - millisecondsOf(now)) / 60_000
    // A time that is none, as 24:61, is no minutes away, which is not within five either.
    if (format === 'time' && !(minutes <= toleratedMinutes))
      return `${read} was read, and the workstation’s clock says ${now}`
  }
  return null
}
