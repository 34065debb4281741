import type { RequestState } from '../database/fhe-tables.ts'

/** A result that nobody has read is gone after this. */
export const resultLives = 3_600_000

type Clocked = {
  readonly state: RequestState
  readonly expires_at: Date
  readonly released_at: Date | null
}

/**
 * Where the clock alone has brought a request: `open` and `ready` expire, and a released result that was not read within an
 * hour is closed.
 */
export function stateNow({ state, expires_at, released_at }: Clocked, now: Date): RequestState {
  if (state === 'open' || state === 'ready') return expires_at <= now ? 'expired' : state
  if (state === 'released' && released_at !== null)
    return released_at.getTime() + resultLives <= now.getTime() ? 'closed' : state
  return state
}

/**
 * Where the answers bring an open request: `refused` once too few holders are left to reach t, `ready` once what they gave
 * combines, and `open` again where a further answer disagrees.
 */
export function stateAfterAnswer(
  { t, n }: { readonly t: number; readonly n: number },
  { refusals, combined }: { readonly refusals: number; readonly combined: boolean },
): 'open' | 'ready' | 'refused' {
  if (combined) return 'ready'
  return refusals >= n - t + 1 ? 'refused' : 'open'
}
