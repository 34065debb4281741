import { checkPassphrase } from '@lux/crypto/passphrase'
import { ExpectedError } from '@lux/node-files'
import { wordsOf } from '@lux/people'
import type { InputOf, StoreBackupView } from '../../contract/index.ts'
import { type BackupFacts, backUpStore, checkStoreBackup, restoreStore } from '../store/store-backup.ts'
import { noteBackup } from './home/due.ts'
import { needed } from './shared/needed.ts'
import type { ServiceContext } from './shared/service-context.ts'

/** Errors: STORE-BUSY while people are in the middle of a ceremony, PASSWORD-WEAK, those of `backUpStore`. */
export async function backUp(
  parts: ServiceContext,
  { path: out, passphrase }: InputOf<'store.backup'>,
): Promise<{ backup: StoreBackupView; elsewhere: string[] }> {
  needed(await checkPassphrase(passphrase))
  if (parts.runs.attention()) throw new ExpectedError('STORE-BUSY', 'a ceremony is under way')
  parts.paths.write(out)
  // They are read again when they are next asked for; until then nobody holds their logs.
  parts.runs.close()
  const by = parts.program.measurement.version
  const { elsewhere, ...facts } = await backUpStore(parts.store, {
    out,
    to: { passphrase },
    made: parts.clock.now(),
    by,
  })
  noteBackup(parts.store, facts, false)
  return { backup: viewOf(out, facts), elsewhere }
}

/** Errors: those of `checkStoreBackup`. */
export async function check(
  { paths, store }: ServiceContext,
  { path, passphrase }: InputOf<'store.check'>,
): Promise<{ backup: StoreBackupView }> {
  const facts = await checkStoreBackup(paths.read(path), { passphrase })
  noteBackup(store, facts, true)
  return { backup: viewOf(path, facts) }
}

/** Errors: those of `restoreStore`. */
export async function restore(
  { paths }: ServiceContext,
  asked: InputOf<'store.restore'>,
): Promise<{ backup: StoreBackupView }> {
  const from = paths.read(asked.path)
  const folder = paths.folder(asked.folder)
  const { passphrase } = asked
  return { backup: viewOf(from, await restoreStore(from, { passphrase }, { folder })) }
}

function viewOf(path: string, { digest, bytes, made, runs }: BackupFacts): StoreBackupView {
  return { path, digest, words: wordsOf(digest), bytes, made, runs }
}
