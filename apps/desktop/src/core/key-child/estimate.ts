/** Seconds that a reference string for 64 bits takes; one for 1024 takes a third more. */
export const REFERENCE_STRING_SECONDS = 55

/** Seconds that a threshold key takes from the child's start to its shares, as its phases announce them. */
export function expectedSeconds({ squash, proofBits }: { squash: boolean; proofBits?: number }): number {
  return (squash ? 104 : 10) + (proofBits === undefined ? 0 : REFERENCE_STRING_SECONDS)
}

/** How far a child is that can only say which phase it begins and how long that usually takes. */
export type Estimate = {
  begin(phaseSeconds: number): void
  /** 0 to 0.99: it grows while a phase runs, and waits at the phase's end when that takes longer than usual. */
  fraction(): number
}

/** `now` in milliseconds. */
export function createEstimate(totalSeconds: number, now: () => number): Estimate {
  let before = 0
  let phase = { seconds: 0, since: now() }
  return {
    begin(seconds) {
      before += phase.seconds
      phase = { seconds, since: now() }
    },
    fraction() {
      const spent = Math.min(phase.seconds, (now() - phase.since) / 1000)
      return Math.min(0.99, (before + spent) / totalSeconds)
    },
  }
}
