import type { Phase, PhaseStart, PhaseTime } from './protocol.ts'

/** Announces each phase before its synchronous work starts, and times it. */
export type Phases = {
  run<T>(phase: Phase, expectedSeconds: number, work: () => T | Promise<T>): Promise<T>
  /** Begins a phase that ends with the next one or with `done`. */
  enter(phase: Phase, expectedSeconds: number): Promise<void>
  done(): void
  readonly times: readonly PhaseTime[]
}

export function phases(announce: (start: PhaseStart) => Promise<void>): Phases {
  const times: PhaseTime[] = []
  let entered: { phase: Phase; since: number } | null = null
  const done = () => {
    if (entered === null) return
    times.push({ phase: entered.phase, milliseconds: Math.round(performance.now() - entered.since) })
    entered = null
  }
  return {
    times,
    done,
    async enter(phase, expectedSeconds) {
      done()
      await announce({ phase, expectedSeconds })
      entered = { phase, since: performance.now() }
    },
    async run(phase, expectedSeconds, work) {
      await announce({ phase, expectedSeconds })
      const started = performance.now()
      const value = await work()
      times.push({ phase, milliseconds: Math.round(performance.now() - started) })
      return value
    },
  }
}
