import type { Perform } from './context.ts'

/** The challenge is drawn with the intent and stands in it: holders are asked by the file in out/ that names it. */
export const askHeartbeats: Perform<'ask-heartbeats'> = async ({ challenge }) => ({ challenge })
