import * as v from 'valibot'
import { digest, hex16, id, line } from '../format/fields.ts'

/**
 * A backup as a later plan, its run and its bundle name it. `bundle` is that of its ceremony; `key`, `ckaId`, `rootId` and `ceremonyId`
 * are those of the ceremony that made the root. `mechanism` and `possession` are its possession proof. By its entry in `shares`, each share is
 * checked without the others.
 */
export const dealtBackup = v.strictObject({
  bundle: digest,
  key: id,
  ckaId: hex16,
  rootId: hex16,
  ceremonyId: hex16,
  set: hex16,
  identifier: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0x7fff)),
  t: v.pipe(v.number(), v.safeInteger(), v.minValue(2), v.maxValue(16)),
  medium: digest,
  mechanism: line,
  possession: digest,
  shares: v.pipe(v.array(digest), v.minLength(1), v.maxLength(16)),
})

export type DealtBackup = v.InferOutput<typeof dealtBackup>
