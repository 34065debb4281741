import type { Json } from '@lux/crypto'
import type { Version } from '../documents/format/versions.ts'
import type { Refusal } from '../model/commands.ts'
import type { EffectKind } from '../model/effects.ts'
import type { Entry } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import { initialState, type State } from '../model/state.ts'
import type { Plan, RunHeader } from '../plan/plan.ts'
import { effectFacts, isEffectKind } from '../steps/facts.ts'
import type { EffectFacts } from '../steps/step-facts.ts'
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
    const newer = newerFault(read.entry, plan.v)
    if (newer !== null) return refuse('HISTORY-01', `entry ${stored.seq}, ${stored.kind}: ${newer}`)
    state = evolve(state, read.entry)
  }
  return { ok: true, state: incompatibleHistory(state) }
}

/** Kinds that version 1 has not, by the version since which they stand in a transcript. */
const since: { readonly [K in Entry['kind']]?: Version } = {
  'note.made': 2,
  'heartbeat.taken': 2,
  'custodian.acknowledged': 2,
  'custodian.stated': 2,
  'reading.heard': 3,
  'reading.signed': 3,
}

/** What stands in no transcript of the run's version, or null. */
function newerFault(entry: Entry, version: Version): string | null {
  const kind = since[entry.kind] ?? 1
  if (kind > version) return `the kind is of version ${kind}`
  if (entry.kind === 'run.started' && entry.fact.v !== version) return 'v is not that of the plan'
  const { effect, result } = entry.kind === 'step.performed' ? entry.fact : { effect: null, result: null }
  const has = (name: string) => typeof result === 'object' && result !== null && name in result
  const known: EffectFacts<EffectKind>['newer'] = isEffectKind(effect) ? effectFacts[effect].newer : {}
  const members: [boolean, string, Version][] = [
    ['here' in entry.fact, 'here', 2],
    ['compared' in entry.fact, 'compared', 2],
    ...Object.entries(known ?? {}).map(([name, first = 1]): [boolean, string, Version] => [
      has(name),
      `result.${name}`,
      first,
    ]),
  ]
  const newer = members.find(([there, , first]) => there && first > version)
  return newer === undefined ? null : `${newer[1]} is of version ${newer[2]}`
}
