import type { Entry } from '../model/events.ts'
import type { RuleId } from '../model/rules.ts'
import { draft, type State } from '../model/state.ts'
import { hereAfter } from './presence.ts'

/**
 * What an earlier build took and this one refuses: HISTORY-03. A refused outcome is followed at once by the exception about
 * it; where another entry follows, nobody was asked, and what was built on that outcome cannot be gone on with. The run stands
 * still at the step, and the one thing that is open to people is to abort it.
 */
export function incompatibleHistory(before: State): State {
  const { refused } = before
  if (refused === null) return before
  const state = draft(before)
  const { step, attempt, expected, happened } = refused
  const rule: RuleId = 'HISTORY-03'
  const over = state.base === 'Exported' || state.base === 'Receipted'
  state.refused = null
  state.incompatibleHistory = true
  state.exceptions.push({
    id: state.exceptions.length + 1,
    step,
    attempt,
    about: 'mismatch',
    scope: 'step',
    expected,
    happened: `${rule}: an earlier build of this program took what this one refuses: ${happened}`,
    choices: over ? [] : ['abort'],
    compared: null,
    proposal: null,
    document: null,
    decision: null,
    by: null,
    reason: null,
  })
  return state
}

/** Of what follows in an incompatible history, only pauses, the end and the decision to end it are taken; the rest was built on what is refused. */
export function evolveIncompatible(before: State, entry: Entry): State {
  const state = draft(before)
  state.size = before.size + 1
  state.here = hereAfter(before, null, entry)
  const open = state.exceptions.find(({ decision }) => decision === null)
  switch (entry.kind) {
    case 'exception.decided':
      if (entry.fact.decision !== 'abort' || open === undefined) break
      open.decision = entry.fact.decision
      open.by = entry.fact.by
      open.reason = entry.fact.reason
      break
    case 'run.paused':
      state.paused = entry.fact.cause
      for (const token of state.tokens) token.loggedIn = false
      break
    case 'run.resumed':
      state.paused = null
      break
    case 'run.aborted':
      state.base = 'Aborted'
      state.paused = null
      break
    case 'run.exported':
      state.base = 'Exported'
      if (open !== undefined) open.choices = []
      break
    case 'run.closed':
      state.base = 'Closed'
      break
    default:
      break
  }
  return state
}
