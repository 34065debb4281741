import { type ErrorCode, limits } from '../contract/index.ts'

/**
 * Decides whether one frame of the renderer may pass, by sender, type, length and rate; it never looks inside.
 * `now` is in milliseconds of a clock that does not go back.
 */
export function createFrameGate(now: () => number): {
  check(fromOwnWindow: boolean, frame: unknown): ErrorCode | null
} {
  let tokens: number = limits.requestsPerSecond
  let last = now()
  return {
    check(fromOwnWindow, frame) {
      if (!fromOwnWindow || typeof frame !== 'string') return 'INPUT-INVALID'
      const time = now()
      tokens = Math.min(limits.requestsPerSecond, tokens + ((time - last) / 1000) * limits.requestsPerSecond)
      last = time
      if (tokens < 1) return 'FRAME-TOO-MANY'
      tokens -= 1
      return frame.length > limits.requestLength ? 'FRAME-TOO-LARGE' : null
    },
  }
}
