import { encodeCanonical, equalBytes, type Json } from '@lux/crypto'
import type { Predicate } from '../../bundle/predicate.ts'
import type { DealtBackup } from '../../documents/backup/dealt-backup.ts'
import type { Domain } from '../../documents/format/fields.ts'
import type { State } from '../../model/state.ts'
import type { Plan } from '../../plan/plan.ts'
import { namesOf } from '../../plan/queries.ts'

/** Custodians of the backup who are in the room. */
export function askedCustodians(plan: Plan): string[] {
  const seated = namesOf(plan, 'custodian')
  return (plan.recovery?.custodians ?? []).filter((name) => seated.includes(name))
}

/** Custodians who are asked and have not stated the share. */
export function unstatedCustodians({ plan, recovery }: State): string[] {
  return askedCustodians(plan).filter((name) => recovery?.said.includes(name) !== true)
}

/** What a backup has otherwise than the planned one. A rehearsal has a stand-in, of the same root and quorum by name. */
export function otherBackup(planned: DealtBackup, backup: DealtBackup, domain: Domain): string | null {
  if (domain === 'production') return sameBackup(planned, backup) ? null : 'other values than the plan’s'
  if (planned.key !== backup.key) return 'another root'
  return planned.t === backup.t && planned.shares.length === backup.shares.length ? null : 'another quorum'
}

/** Plain JSON by its shape. */
const bytesOf = (backup: DealtBackup) => encodeCanonical({ ...backup } as unknown as Json)

const sameBackup = (one: DealtBackup, other: DealtBackup) => equalBytes(bytesOf(one), bytesOf(other))

/** What a bundle says of a backup that its run used otherwise than the plan. */
export function recoveryPlanFault(
  { recovery, domain }: Predicate,
  { recovery: planned }: Plan,
): string | null {
  if (recovery === undefined || planned === undefined)
    return recovery === undefined && planned === undefined
      ? null
      : 'the use of a backup stands in only one of plan and bundle'
  if (recovery.use !== planned.use) return 'the backup is used for something else than planned'
  const fault = otherBackup(planned.backup, recovery.backup, domain)
  return fault === null ? null : `the backup that was used has ${fault}`
}

/** A run that has not used the backup yet. */
export function recoveryOf(backup: DealtBackup): NonNullable<State['recovery']> {
  return { backup, said: [], medium: null, request: null, releases: [], restored: null, zeroised: false }
}

/** Whether the plan brings the root back, and so burns the backup. */
export const opens = (use: NonNullable<Plan['recovery']>['use']): use is 'drill' | 'restore' =>
  use !== 'check'

/**
 * The set that a run has burnt: from when t shares are in its folder, whatever came of it, nobody may rely on fewer than t being known. Null
 * where it has burnt none.
 */
export function burntSet({ recovery }: State): string | null {
  return recovery !== null && recovery.releases.length >= recovery.backup.t ? recovery.backup.set : null
}

/** Whether a root of the plan gets a backup: its medium and shares lie where those of the backup that is used lie. */
export function makesBackup({ keys }: Plan): boolean {
  return keys.some(({ backup }) => backup !== undefined)
}
