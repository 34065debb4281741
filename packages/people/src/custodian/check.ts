import type { Predicate } from '@lux/ceremony/bundle'
import { fromHex, sha256Hex } from '@lux/crypto'
import { checkShare, parseMedium, readCustodianShare } from '@lux/crypto/backup'
import { checked, need, no, type Outcome } from '../outcome.ts'

type Backup = NonNullable<Predicate['backups']>[number]

/** What is as it was dealt. */
type CheckedBackup = {
  readonly key: string
  readonly set: string
  readonly t: number
  readonly n: number
  readonly share: { readonly index: number; readonly name: string } | null
  readonly medium: string | null
}

/**
 * Checks a share, a medium or both against a verified bundle. It combines and opens nothing, so it burns nothing. Refuses BACKUP-NONE,
 * BACKUP-MEDIUM-OTHER, BACKUP-SET-OTHER where they are of different backups or of none of the bundle's, and what `readCustodianShare`,
 * `checkShare` and `parseMedium` refuse.
 */
export function checkBackup(
  predicate: Predicate,
  given: { words: string | null; medium: Uint8Array | null },
): Outcome<CheckedBackup> {
  return checked(() => {
    const backups = predicate.backups ?? []
    if (backups.length === 0) return no('BACKUP-NONE', 'the bundle has no backup')
    const medium = given.medium === null ? null : mediumOf(backups, given.medium)
    const share = given.words === null ? null : shareOf(backups, given.words)
    const of = share?.backup ?? medium
    if (of === null) return no('BACKUP-NONE', 'neither a share nor a medium was given')
    if (medium !== null && share !== null && medium !== share.backup)
      return no('BACKUP-SET-OTHER', 'the share and the medium are of two backups')
    const { id: key, set, t, n } = of
    return { key, set, t, n, share: share?.holder ?? null, medium: medium?.medium ?? null }
  })
}

function mediumOf(backups: readonly Backup[], bytes: Uint8Array): Backup {
  const { header } = need(parseMedium(bytes))
  const backup = backups.find(({ set }) => set === header.set)
  if (backup === undefined) return no('BACKUP-SET-OTHER', `the medium is of the backup ${header.set}`)
  const digest = sha256Hex(bytes)
  if (digest === backup.medium) return backup
  return no('BACKUP-MEDIUM-OTHER', `SHA-256 ${digest}, the bundle says ${backup.medium}`)
}

function shareOf(backups: readonly Backup[], words: string) {
  const share = need(readCustodianShare(words))
  try {
    const backup = backups.find(({ identifier }) => identifier === share.identifier)
    if (backup === undefined)
      return no(
        'BACKUP-SET-OTHER',
        `the share is of the backup ${share.identifier}, which is not in the bundle`,
      )
    const dealt = backup.shares.find(({ index }) => index === share.index)
    if (dealt === undefined) return no('BACKUP-SHARE-OTHER', `no custodian has share ${share.index}`)
    const { set, identifier, t } = backup
    const expected = {
      set: fromHex(set),
      identifier,
      t,
      index: dealt.index,
      commitment: fromHex(dealt.share),
    }
    const verdict = checkShare(share, expected)
    if (!verdict.ok) return no(verdict.rule, verdict.detail)
    return { backup, holder: { index: dealt.index, name: dealt.name } }
  } finally {
    share.value.wipe()
  }
}

/** The backup set that a bundle's run burnt by opening it. Null where it opened none. */
export function burntBy({ recovery }: Predicate): string | null {
  return recovery === undefined || recovery.use === 'check' ? null : recovery.backup.set
}

/** Refuses BACKUP-SET-BURNT. */
export function checkUnburnt(set: string, burnt: ReadonlySet<string>): Outcome<null> {
  return checked(() =>
    burnt.has(set)
      ? no('BACKUP-SET-BURNT', `the set ${set} was opened by an earlier drill or restore`)
      : null,
  )
}
