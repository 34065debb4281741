import type { CoreStatus } from '../contract/index.ts'

/** Crashes that end in `stopped`; a core that stayed ready for `forgiveAfter` ms starts again from none. */
const strikesAllowed = 3
const forgiveAfter = 60_000

/** Where core stands, and what decides whether it starts again. */
export type Life = {
  readonly status: CoreStatus
  /** What is under way. A dead core that will be started again rests until then. */
  readonly at: 'rest' | 'checking' | 'running'
  readonly strikes: number
  /** Milliseconds of a clock that never goes back. */
  readonly readySince: number | null
  /** Why it does not start again until a person asks for it. */
  readonly refusal: string | null
  readonly hung: boolean
  readonly stopping: boolean
}

export type LifeEvent =
  | { readonly is: 'start' | 'launch' | 'hello' | 'silent' | 'stop' }
  /** `file`: what is not as it was packed. */
  | { readonly is: 'checked'; readonly file: string | null }
  | { readonly is: 'refused' | 'died'; readonly reason: string }

/** What is to be done now: at most one thing. */
export type LifeTask = { readonly do: 'check' | 'kill' } | { readonly do: 'launch'; readonly afterMs: number }

export const unborn: Life = {
  status: { state: 'stopped', generation: 0, reason: null },
  at: 'rest',
  strikes: 0,
  readySince: null,
  refusal: null,
  hung: false,
  stopping: false,
}

const withState = (life: Life, state: CoreStatus['state'], reason: string | null): Life => ({
  ...life,
  status: { ...life.status, state, reason },
})

/** What becomes of core by an event at `now`, and what is to be done. */
export function live(life: Life, event: LifeEvent, now: number): readonly [Life, LifeTask | null] {
  switch (event.is) {
    case 'start':
      return launched({ ...withState(life, life.status.state, null), strikes: 0, refusal: null })
    case 'launch':
      return launched(life)
    case 'checked': {
      const rested: Life = { ...life, at: 'rest' }
      if (life.stopping) return [rested, null]
      if (event.file === null) return [{ ...life, at: 'running', hung: false }, null]
      const refusal = 'PROGRAM-CHANGED'
      return [withState({ ...rested, refusal }, 'stopped', refusal), null]
    }
    case 'hello':
      return [withState({ ...life, readySince: now }, 'ready', null), null]
    case 'silent':
      return [{ ...life, hung: true }, { do: 'kill' }]
    case 'refused':
      return [{ ...life, refusal: event.reason }, null]
    case 'stop':
      return [{ ...life, stopping: true }, null]
    case 'died':
      return died(life, event.reason, now)
  }
}

function launched(life: Life): readonly [Life, LifeTask | null] {
  if (life.stopping || life.at !== 'rest') return [life, null]
  const generation = life.status.generation + 1
  const status: CoreStatus = {
    state: generation === 1 ? 'starting' : 'restarting',
    generation,
    reason: life.status.reason,
  }
  return [{ ...life, status, at: 'checking' }, { do: 'check' }]
}

function died(life: Life, reason: string, now: number): readonly [Life, LifeTask | null] {
  const forgiven = life.readySince !== null && now - life.readySince > forgiveAfter
  const strikes = (forgiven ? 0 : life.strikes) + 1
  const dead: Life = { ...life, at: 'rest', readySince: null, strikes }
  if (life.stopping) return [withState(dead, 'stopped', null), null]
  if (life.refusal !== null) return [withState(dead, 'stopped', life.refusal), null]
  if (strikes >= strikesAllowed) return [withState(dead, 'stopped', 'CORE-STOPPED'), null]
  const why = life.hung ? 'CORE-HUNG' : reason
  return [withState(dead, 'restarting', why), { do: 'launch', afterMs: 200 * strikes }]
}
