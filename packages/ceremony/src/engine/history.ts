import type { Json } from '@lux/crypto'
import type { Refusal } from '../model/commands.ts'
import type { Entry } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import { initialState, type State } from '../model/state.ts'
import type { Plan, RunHeader } from '../plan/plan.ts'
import { evolve } from './evolve.ts'
import { readFact } from './fact-schemas.ts'
import { incompatibleHistory } from './incompatible-history.ts'

/** An entry as a transcript holds it; salt and other fields of the transcript are not looked at. */
export type StoredEntry = { seq: string; time: string; stepId: string; kind: string; fact: Json }

/** A stored entry to one that `evolve` takes. HISTORY-01 for an unknown kind or a fact of another shape. */
export function readEntry(stored: StoredEntry): { ok: true; entry: Entry } | Refusal {
  const { seq, time, stepId, kind } = stored
  const read = readFact(kind, stored.fact)
  if (!read.ok) return refuse('HISTORY-01', `entry ${seq}, ${kind}: ${read.detail}`)
  return { ok: true, entry: { ...read.event, seq, time, stepId } }
}

/**
 * Loads a run: its state from header, plan and entries alone. HISTORY-01 for an entry that cannot be read,
 * HISTORY-02 for one that is missing or out of place. HISTORY-03 is an exception of the state, which people end by aborting.
 */
export function replay(
  header: RunHeader,
  plan: Plan,
  entries: Iterable<StoredEntry>,
): { ok: true; state: State } | Refusal {
  let state = initialState(header, plan)
  for (const stored of entries) {
    const read = readEntry(stored)
    if (!read.ok) return read
    if (stored.seq !== String(state.size))
      return refuse('HISTORY-02', `entry ${stored.seq} stands at ${state.size}`)
    if ((stored.kind === 'run.started') !== (state.size === 0))
      return refuse('HISTORY-02', `entry ${stored.seq} is ${stored.kind}`)
    const newer = plan.v === 1 ? newerFault(read.entry) : null
    if (newer !== null) return refuse('HISTORY-01', `entry ${stored.seq}, ${stored.kind}: ${newer}`)
    state = evolve(state, read.entry)
  }
  return { ok: true, state: incompatibleHistory(state) }
}

const newKinds: readonly Entry['kind'][] = [
  'note.made',
  'heartbeat.taken',
  'custodian.acknowledged',
  'custodian.stated',
]

/** What stands in no transcript of version 1, or null. */
function newerFault(entry: Entry): string | null {
  if (newKinds.includes(entry.kind)) return 'the kind is of version 2'
  if ('here' in entry.fact) return 'here is of version 2'
  if ('compared' in entry.fact) return 'compared is of version 2'
  if (entry.kind === 'run.started') return entry.fact.v === 1 ? null : 'v is not that of the plan'
  if (entry.kind !== 'step.performed') return null
  const { effect, result } = entry.fact
  const has = (name: string) => typeof result === 'object' && result !== null && name in result
  if (effect === 'probe-token' && has('token')) return 'result.token is of version 2'
  return effect === 'generate-root' && has('backup') ? 'result.backup is of version 2' : null
}
