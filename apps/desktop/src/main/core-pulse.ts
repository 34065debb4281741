/** `ask` puts one question; `silent` is called once where nothing came for `patienceMs` of our own running time. */
export type PulseOptions = {
  readonly patienceMs: number
  readonly ask: () => void
  readonly silent: () => void
}

export type Pulse = {
  /** Core said something, whatever it was. */
  heard(): void
  stop(): void
}

const ticks = 12

/**
 * Watches whether core still takes its messages. Time is counted in ticks of this process and by no clock: while the machine
 * sleeps, or this process itself gets no turn, none is counted, and one that comes late counts as one.
 */
export function watchPulse({ patienceMs, ask, silent }: PulseOptions): Pulse {
  let asked = false
  let unanswered = 0
  const timer = setInterval(() => {
    if (!asked) {
      asked = true
      ask()
      return
    }
    unanswered += 1
    if (unanswered < ticks) return
    clearInterval(timer)
    silent()
  }, patienceMs / ticks)
  timer.unref()
  return {
    heard() {
      asked = false
      unanswered = 0
    },
    stop: () => clearInterval(timer),
  }
}
