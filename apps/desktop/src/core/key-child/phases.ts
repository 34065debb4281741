import type { Phase, PhaseStart, PhaseTime } from './protocol.ts'

/** Announces each phase before its synchronous work starts, and times it. */
export type Phases = {
  run<T>(phase: Phase, expectedSeconds: number, work: () => T | Promise<T>): Promise<T>
  readonly times: readonly PhaseTime[]
}

export function phases(announce: (start: PhaseStart) => Promise<void>): Phases {
  const times: PhaseTime[] = []
  return {
    times,
    async run(phase, expectedSeconds, work) {
      await announce({ phase, expectedSeconds })
      const started = performance.now()
      const value = await work()
      times.push({ phase, milliseconds: Math.round(performance.now() - started) })
      return value
    },
  }
}
