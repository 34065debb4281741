import type { DueItem } from '../../../contract/index.ts'
import type { Run } from '../../runs/run/run.ts'
import { lastBackup } from '../../store/store-backup.ts'
import { readableRuns } from '../shared/readable-runs.ts'
import type { ServiceContext } from '../shared/service-context.ts'

/** What people have to do by a day, from the runs of this store; a rehearsal obliges nobody. */
export function listDue(parts: ServiceContext): { due: DueItem[] } {
  const { open } = readableRuns(parts)
  const runs = open.map(({ run }) => run)
  const production = runs.filter(({ folder }) => folder.state.domain === 'production')
  const newestRun = production
    .map(({ folder }) => folder.header.created)
    .toSorted()
    .at(-1)
  const store: StoreFacts = { newestRun: newestRun ?? null, backup: lastBackup(parts.store) }
  return { due: dueItems(production.map(factsOf), store, parts.clock.now()) }
}

function factsOf({ folder }: Run): RunFacts {
  const { state, header, policy } = folder
  const { epoch, heartbeat, plan } = state
  return {
    id: state.ceremonyId,
    title: plan.title,
    at: header.created,
    organisation: plan.organisation.name,
    policyExpiry: policy.policy.expiry,
    epoch:
      epoch === null ? null : { keyId: epoch.keyId, epochId: epoch.epochId, holders: [...epoch.holders] },
    heartbeat:
      heartbeat === null || plan.heartbeat === undefined
        ? null
        : { dueDays: plan.heartbeat.dueDays, said: [...heartbeat.said] },
    dealt: state.backups.map(({ set, acknowledged }) => ({ set, names: [...acknowledged] })),
    // One that only began has tried nothing.
    recovered: state.recovery === null || state.bundle === null ? null : state.recovery.backup.set,
  }
}

/** What one production run says of what has to be done after it. */
export type RunFacts = {
  id: string
  title: string
  /** When it began; ISO. */
  at: string
  organisation: string
  policyExpiry: string
  /** The epoch that it left live. */
  epoch: { keyId: string; epochId: string; holders: readonly string[] } | null
  /** Statements that it took: who gave one, and how many days each counts. */
  heartbeat: { dueDays: number; said: readonly string[] } | null
  /** Backups that it dealt, and the one that it checked, drilled or used, each by its set. */
  dealt: readonly { set: string; names: readonly string[] }[]
  recovered: string | null
}

export type StoreFacts = {
  /** When the newest run of any domain began; null: there is none. */
  newestRun: string | null
  backup: { made: string; checked: boolean } | null
}

/** A backup that nobody has tried for this long may be none; no plan says how long. */
const drillDays = 365
/** How long before its last day a policy is said to end. */
const expiryDays = 60
/** Statements are asked for this long before they are due. */
const heartbeatDays = 14

const day = 86_400_000
const after = (at: string, days: number): string => new Date(Date.parse(at) + days * day).toISOString()

/** All that is due at `now` or soon, what is late first, then by day. */
export function dueItems(runs: readonly RunFacts[], store: StoreFacts, now: string): DueItem[] {
  const oldestFirst = runs.toSorted((a, b) => (a.at < b.at ? -1 : 1))
  const items = [
    ...heartbeats(oldestFirst, now),
    ...drills(oldestFirst, now),
    ...policies(oldestFirst, now),
    ...backups(store),
  ]
  return items.toSorted((a, b) => Number(b.late) - Number(a.late) || ((a.at ?? '') < (b.at ?? '') ? -1 : 1))
}

function heartbeats(runs: readonly RunFacts[], now: string): DueItem[] {
  const live = new Map<string, string>()
  const asked = new Map<string, RunFacts>()
  for (const run of runs) {
    if (run.epoch === null) continue
    live.set(run.epoch.keyId, run.epoch.epochId)
    if (run.heartbeat !== null) asked.set(run.epoch.epochId, run)
  }
  // A key that moved to another epoch leaves the statements about the old one behind.
  return [...live.values()].flatMap((epoch): DueItem[] => {
    const run = asked.get(epoch)
    if (run?.heartbeat == null || run.epoch === null) return []
    const { dueDays, said } = run.heartbeat
    const at = after(run.at, dueDays)
    const silent = run.epoch.holders.filter((name) => !said.includes(name))
    const late = at < now
    if (!late && silent.length === 0 && after(now, heartbeatDays) < at) return []
    const names = late ? [...run.epoch.holders] : silent
    return [{ kind: 'heartbeat', title: run.title, names, at, late: late || silent.length > 0, run: run.id }]
  })
}

function drills(runs: readonly RunFacts[], now: string): DueItem[] {
  const tried = new Map<string, { run: RunFacts; at: string; names: readonly string[] }>()
  for (const run of runs) {
    for (const { set, names } of run.dealt) tried.set(set, { run, at: run.at, names })
    const known = run.recovered === null ? undefined : tried.get(run.recovered)
    if (known !== undefined && run.recovered !== null) tried.set(run.recovered, { ...known, at: run.at })
  }
  return [...tried.values()].flatMap(({ run, at: last, names }): DueItem[] => {
    const at = after(last, drillDays)
    if (after(now, expiryDays) < at) return []
    return [{ kind: 'drill', title: run.title, names: [...names], at, late: at < now, run: run.id }]
  })
}

function policies(runs: readonly RunFacts[], now: string): DueItem[] {
  const newest = new Map(runs.map((run) => [run.organisation, run]))
  return [...newest.values()].flatMap((run): DueItem[] => {
    const at = run.policyExpiry
    if (after(now, expiryDays) < at) return []
    return [{ kind: 'policy', title: run.organisation, names: [], at, late: at < now, run: run.id }]
  })
}

function backups({ newestRun, backup }: StoreFacts): DueItem[] {
  const item = (kind: 'store-backup' | 'backup-check', at: string | null): DueItem[] => [
    { kind, title: '', names: [], at, late: false, run: null },
  ]
  if (newestRun === null) return []
  if (backup === null || backup.made < newestRun) return item('store-backup', null)
  return backup.checked ? [] : item('backup-check', backup.made)
}
