import { type Conditions, checkConditions, unmet } from '../access/conditions.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** What an organisation holds to be out of the ordinary, of one identity. */
export type AlertRule =
  /** Something outside these hours and days, UTC. */
  | {
      readonly kind: 'unusual-hour'
      readonly hours: NonNullable<Conditions['hours']>
      readonly days?: readonly number[]
    }
  /** Something from none of these networks. */
  | { readonly kind: 'source'; readonly networks: readonly string[] }
  /** More than so many operations within so many minutes. */
  | { readonly kind: 'volume'; readonly most: number; readonly minutes: number }
  /** More than so many refusals within so many minutes. */
  | { readonly kind: 'failures'; readonly most: number; readonly minutes: number }

/** What a rule looks at of an entry of the audit log. `source` is null where a call came from no network. */
export type Seen = {
  readonly identity: string
  readonly time: Date
  readonly outcome: string
  readonly source: string | null
}

export const mostCounted = 1_000_000
export const mostMinutes = 1440
/** Of a rule that an entry alone breaks: the same identity is spoken of once in that time. */
const quietMinutes = 60

/** Refuses CONDITION-MALFORMED, REQUEST-FIELDS. */
export function checkRule(rule: AlertRule): Outcome<null> {
  if (rule.kind === 'unusual-hour')
    return checkConditions({ hours: rule.hours, ...(rule.days === undefined ? {} : { days: rule.days }) })
  if (rule.kind === 'source') return checkConditions({ networks: rule.networks })
  const fits = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most
  return fits(rule.most, mostCounted) && fits(rule.minutes, mostMinutes)
    ? accept(null)
    : refuse('REQUEST-FIELDS', `most: 1 to ${mostCounted}, minutes: 1 to ${mostMinutes}`)
}

/** An operation was refused: its outcome is a rule, and rules are written large, or the status of what came to no operation. */
export const refusal = '^([A-Z]|[45][0-9][0-9]$)'
const isRefusal = (outcome: string): boolean => new RegExp(refusal).test(outcome)

/** Whether an entry is of those that a rule counts, or, where it counts none, breaks it alone. */
export function concerns(rule: AlertRule, { time, outcome, source }: Seen): boolean {
  switch (rule.kind) {
    case 'unusual-hour': {
      const { hours, days } = rule
      return unmet({ hours, ...(days === undefined ? {} : { days }) }, { time, source }, null) !== null
    }
    case 'source':
      return source !== null && unmet({ networks: rule.networks }, { time, source }, null) !== null
    case 'volume':
      return true
    case 'failures':
      return isRefusal(outcome)
  }
}

/** How many of them, within how many minutes, are one alert. */
export const threshold = (rule: AlertRule): { readonly most: number; readonly minutes: number } =>
  'most' in rule ? rule : { most: 0, minutes: quietMinutes }
