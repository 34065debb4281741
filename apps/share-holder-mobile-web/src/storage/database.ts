import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { SealedRecord } from './sealed-record.ts'
import type { VaultHeader } from './vault.ts'

interface Schema extends DBSchema {
  /** One entry, `header`: what the passphrase opens. */
  vault: { key: 'header'; value: VaultHeader }
  /** Sealed records by store and id. */
  records: { key: [string, string]; value: SealedRecord }
}

export type Database = IDBPDatabase<Schema>

const name = 'lux-custody-phone'

/** Opens the phone's database. `blocked` is told when another tab holds an older one open. */
export function openDatabase(blocked: () => void): Promise<Database> {
  return openDB<Schema>(name, 1, {
    upgrade(database) {
      database.createObjectStore('vault')
      database.createObjectStore('records', { keyPath: ['store', 'id'] })
    },
    blocked,
    blocking(_current, _wanted, event) {
      // A newer app in another tab goes first; this one reads the database anew when it is asked again.
      const { target } = event
      if (target instanceof IDBDatabase) target.close()
    },
  })
}

export async function readHeader(database: Database): Promise<VaultHeader | null> {
  return (await database.get('vault', 'header')) ?? null
}

/**
 * A new vault with its first records: together or not at all, and on disk when it answers. False, and nothing is written, where there is
 * a vault already: another tab was first.
 */
export async function beginDatabase(
  database: Database,
  header: VaultHeader,
  records: readonly SealedRecord[],
): Promise<boolean> {
  const transaction = database.transaction(['vault', 'records'], 'readwrite', { durability: 'strict' })
  const vault = transaction.objectStore('vault')
  const kept = transaction.objectStore('records')
  if ((await vault.get('header')) !== undefined) {
    await transaction.done
    return false
  }
  await Promise.all([
    // Without a header nothing here opens any more.
    kept.clear(),
    vault.put(header, 'header'),
    ...records.map((record) => kept.put(record)),
    transaction.done,
  ])
  return true
}

export function readRecords(database: Database): Promise<SealedRecord[]> {
  return database.getAll('records')
}

export class RevisionConflict extends Error {}

/**
 * Writes records together or not at all, each one revision after the one that is there. Answers only once they are on disk.
 * Throws RevisionConflict when another tab wrote one of them first: then nothing is written.
 */
export async function writeRecords(database: Database, records: readonly SealedRecord[]): Promise<void> {
  const transaction = database.transaction('records', 'readwrite', { durability: 'strict' })
  const written = transaction.done
  // Awaited below in either case; an abort of ours is no unhandled failure.
  written.catch(() => undefined)
  for (const record of records) {
    const found = await transaction.store.get([record.store, record.id])
    if (record.revision !== (found?.revision ?? 0) + 1) {
      transaction.abort()
      await written.catch(() => undefined)
      throw new RevisionConflict(`${record.store}/${record.id}`)
    }
    await transaction.store.put(record)
  }
  await written
}

/** Everything that this app keeps on the phone, gone in one transaction. */
export async function wipeDatabase(database: Database): Promise<void> {
  const transaction = database.transaction(['vault', 'records'], 'readwrite', { durability: 'strict' })
  await Promise.all([
    transaction.objectStore('vault').clear(),
    transaction.objectStore('records').clear(),
    transaction.done,
  ])
}
