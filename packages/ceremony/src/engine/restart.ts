import { draft, type State } from '../model/state.ts'
import { currentStep } from '../steps/stages.ts'

/** The process or the token's host went away: sessions are gone, and what was under way is unknown. Changes a draft. */
export function afterRestart(state: State): void {
  for (const token of state.tokens) token.loggedIn = false
  if (state.due === 'pause') state.due = null
  const progress = currentStep(state)
  if (progress?.state === 'IntentLogged') progress.state = 'Unknown'
}

/** Whether a restart takes nothing from a run: it is paused by an earlier one, and nothing was begun since. */
export function isAtRest(state: State): boolean {
  return (
    state.paused === 'restart' &&
    state.due !== 'pause' &&
    !state.tokens.some(({ loggedIn }) => loggedIn) &&
    currentStep(state)?.state !== 'IntentLogged'
  )
}

/**
 * The state that taking a run up again leads to, once somebody has resumed it and, where `loggedIn`, every token that it
 * uses is logged in to. What it needs is what the run really waits for, known with nothing said in the log and no PIN asked.
 */
export function resumed(before: State, { loggedIn }: { loggedIn: boolean }): State {
  const state = draft(before)
  afterRestart(state)
  state.paused = null
  if (loggedIn) for (const token of state.tokens) token.loggedIn = token.wanted
  return state
}
