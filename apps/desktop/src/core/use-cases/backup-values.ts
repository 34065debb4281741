import type { BundleContents } from '@lux/ceremony/bundle'
import type { ScriptValues } from '@lux/ceremony/plan'
import { accept, type Outcome, refuse } from '@lux/crypto'

/**
 * What a verified bundle says of the backup of one root, as the blanks of a script that checks, drills or restores it. `root`: which,
 * where the bundle has several. Refuses BACKUP-NONE.
 */
export function backupValues(
  { digest, predicate }: Pick<BundleContents, 'digest' | 'predicate'>,
  root: string | null,
): Outcome<ScriptValues> {
  const all = predicate.backups ?? []
  const backup = root === null ? all[0] : all.find(({ id }) => id === root)
  if (backup === undefined)
    return refuse(
      'BACKUP-NONE',
      root === null ? 'the bundle has no backup' : `the bundle has no backup of ${root}`,
    )
  if (root === null && all.length > 1)
    return refuse('BACKUP-NONE', `the bundle has backups of ${all.map(({ id }) => id).join(', ')}: name one`)
  const { id, set, identifier, t, medium, shares } = backup
  const birth = predicate.wrapTree.find((node) => node.id === id)?.root
  const key = predicate.keyEvidence.find((one) => one.id === id)
  const proof = predicate.possession.find((one) => one.id === id)
  if (!birth || key === undefined || proof === undefined)
    return refuse('BACKUP-NONE', `the bundle does not say where ${id} was born`)
  return accept({
    rootKey: id,
    rootCkaId: key.ckaId,
    rootId: birth.rootId,
    rootCeremony: birth.born,
    t,
    custodians: shares.map(({ name }) => name),
    backupBundle: digest,
    backupSet: set,
    backupIdentifier: identifier,
    backupMedium: medium,
    backupMechanism: proof.mechanism,
    backupPossession: proof.digest,
    backupShares: shares.map(({ share }) => share),
  })
}
