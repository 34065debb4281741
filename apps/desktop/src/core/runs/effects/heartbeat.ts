import type { Perform } from './context.ts'
import { leavesNothing, type Works } from './work.ts'

/** The challenge is drawn with the intent and stands in it: holders are asked by the file in out/ that names it. */
export const askHeartbeats: Perform<'ask-heartbeats'> = async ({ challenge }) => ({ challenge })

export const works = {
  'ask-heartbeats': { perform: askHeartbeats, look: leavesNothing },
} satisfies Works<'ask-heartbeats'>
