import * as v from 'valibot'
import type { DueItem } from '../../../contract/index.ts'
import type { Run } from '../../runs/run/run.ts'
import type { Store } from '../../store/store.ts'
import { readableRuns } from '../shared/readable-runs.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { dueItems, type RunFacts, type StoreFacts } from './due-items.ts'

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

const setting = 'last-backup'
const kept = v.strictObject({ made: v.string(), digest: v.string(), checked: v.boolean() })

/** Noted when a backup of the store was written, and again when it, or another one, was read back. */
export function noteBackup(store: Store, backup: { made: string; digest: string }, checked: boolean): void {
  const known = read(store)
  if (known !== null && known.made > backup.made) return
  const { made, digest } = backup
  store.setSetting(setting, JSON.stringify({ made, digest, checked }))
}

function lastBackup(store: Store): StoreFacts['backup'] {
  const known = read(store)
  return known === null ? null : { made: known.made, checked: known.checked }
}

function read(store: Store): v.InferOutput<typeof kept> | null {
  try {
    const result = v.safeParse(kept, JSON.parse(store.setting(setting) ?? 'null'))
    return result.success ? result.output : null
  } catch {
    return null
  }
}
