import { replyWithin } from '../platform/in-time.ts'
import { accept } from '../refusal.ts'

const nothing = (): readonly Uint8Array[] => []

/** Entries of what only reads: nobody approves it, and the same is read again. */
export const reads = {
  secondFactor: false,
  shown: null,
  hashed: nothing,
  fits: () => accept(null),
  repeats: 'done-again',
  deadline: replyWithin,
  output: nothing,
} as const

/** Entries of what changes something: its caller may name it, so that it is done once. */
export const changes = {
  secondFactor: false,
  hashed: nothing,
  repeats: 'reply-kept',
  deadline: replyWithin,
  output: nothing,
} as const
