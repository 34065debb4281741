import * as v from 'valibot'
import { digest, hex16, line } from '../../documents/format/fields.ts'
import type { BackupOf, DealtHolder, Results } from '../../model/effects.ts'
import type { State } from '../../model/state.ts'
import type { PlannedKey } from '../../plan/plan.ts'
import { repeated } from '../../plan/queries.ts'
import { differs, type Mismatch } from '../step-module.ts'

type MadeBackup = NonNullable<Results['generate-root']['backup']>

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(16))

/** What the window says of a backup: public values alone. */
export const madeBackup: v.GenericSchema<unknown, MadeBackup> = v.strictObject({
  set: hex16,
  identifier: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0x7fff)),
  publicKey: digest,
  wrapped: digest,
  medium: digest,
  possession: v.strictObject({ mechanism: line, digest }),
  shares: v.pipe(
    v.array(v.strictObject({ index, name: line, share: digest, envelope: digest })),
    v.maxLength(16),
  ),
})

/** Who gets which share of a root's backup, with what it is sealed to; null for a root without one. */
export function backupOf(state: State, { backup }: PlannedKey): BackupOf | null {
  if (backup === undefined) return null
  const custodians = backup.custodians.map((name, at): DealtHolder => {
    const seat = state.seats.find((one) => one.role === 'custodian' && one.name === name)
    if (seat?.recipient === undefined)
      throw new TypeError(`custodian ${name}: no recipient; start refuses that`)
    return { index: at + 1, name, card: seat.card, recipient: seat.recipient, keys: seat.keys }
  })
  return { t: backup.t, n: backup.n, custodians }
}

/** A backup that is not the planned one: there or not, for whom, and each share its own. */
export function backupFault(planned: BackupOf | null, made: MadeBackup | undefined): Mismatch | null {
  if (planned === null || made === undefined)
    return (planned === null) === (made === undefined)
      ? null
      : differs(planned === null ? 'no backup' : 'a backup', made === undefined ? 'none' : 'one')
  const wanted = planned.custodians.map((one) => `${one.index} ${one.name}`).join(', ')
  const dealt = made.shares.map((one) => `${one.index} ${one.name}`).join(', ')
  if (wanted !== dealt) return differs(`shares for ${wanted}`, `shares for ${dealt}`)
  const digests = made.shares.flatMap(({ share, envelope }) => [share, envelope])
  return repeated(digests).length === 0
    ? null
    : differs('a share of its own for each', 'two shares are alike')
}

/** Takes a dealt backup into the state, with whoever has yet to check a share. */
export function tookBackup(state: State, key: string, made: MadeBackup | undefined): void {
  if (made !== undefined) state.backups.push({ key, ...made, acknowledged: [] })
}

/** The proof of the root that the sealed medium gives back, made before the window closed; null without a backup. */
export function provedByBackup(state: State, key: string): { mechanism: string; digest: string } | null {
  return state.backups.find((one) => one.key === key)?.possession ?? null
}
