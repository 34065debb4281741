import { randomBytes } from 'node:crypto'
import type { Entropy } from '@lux/crypto'

/** Time enters here alone. */
export type Clock = {
  /** ISO-8601 UTC with milliseconds. */
  now(): string
}

export const systemClock: Clock = { now: () => new Date().toISOString() }

/** The operating system's generator. */
export const systemEntropy: Entropy = { bytes: (n) => new Uint8Array(randomBytes(n)) }
