/** Time enters here alone. */
export type Clock = {
  /** ISO-8601 UTC with milliseconds. */
  now(): string
}

export const systemClock: Clock = { now: () => new Date().toISOString() }
