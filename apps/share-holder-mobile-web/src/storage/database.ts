import { equalBytes } from '@lux/crypto'
import type { IDBPTransaction } from 'idb'
import type { Database, Schema } from './open-database.ts'
import type { SealedRecord } from './sealed-record.ts'
import type { VaultHeader } from './vault.ts'

type Writing = IDBPTransaction<Schema, ('vault' | 'records')[], 'readwrite'>

/**
 * Runs `write` in one transaction: all of it is written or nothing. Resolves once it is on disk. `write` gives false where nothing is to be
 * written.
 */
async function together(
  database: Database,
  write: (transaction: Writing) => Promise<boolean>,
): Promise<boolean> {
  const transaction = database.transaction(['vault', 'records'], 'readwrite', { durability: 'strict' })
  const { done } = transaction
  // The error that ended the transaction is reported below, not this one.
  done.catch(() => undefined)
  try {
    const written = await write(transaction)
    await done
    return written
  } catch (error) {
    abort(transaction)
    await done.catch(() => undefined)
    throw error
  }
}

function abort(transaction: Writing): void {
  try {
    transaction.abort()
  } catch {
    // The transaction had ended already.
  }
}

/**
 * Writes a new vault with its first records, all or nothing, and resolves once it is on disk. False where a vault is there already, because
 * another tab was first: then nothing is written.
 */
export function beginDatabase(
  database: Database,
  header: VaultHeader,
  records: readonly SealedRecord[],
): Promise<boolean> {
  return together(database, async (transaction) => {
    const vault = transaction.objectStore('vault')
    const kept = transaction.objectStore('records')
    if ((await vault.get('header')) !== undefined) return false
    // Without a header no record opens any more.
    await kept.clear()
    await vault.put(header, 'header')
    for (const record of records) await kept.put(record)
    return true
  })
}

/** Changes the vault's header, and resolves once it is on disk. False where another vault is there by now: then nothing is written. */
export function changeHeader(
  database: Database,
  id: Uint8Array,
  change: (header: VaultHeader) => VaultHeader,
): Promise<boolean> {
  return together(database, async (transaction) => {
    const vault = transaction.objectStore('vault')
    const found = await vault.get('header')
    if (found === undefined || !equalBytes(found.id, id)) return false
    await vault.put(change(found), 'header')
    return true
  })
}

export function readRecords(database: Database): Promise<SealedRecord[]> {
  return database.getAll('records')
}

/** Another tab was first. It wrote one of the records, or wiped their vault. */
export class WrittenElsewhere extends Error {}

/**
 * Writes records of this vault and deletes those that are `gone`, all or nothing, and resolves once it is on disk. Each record is one
 * revision after the stored one. Throws WrittenElsewhere where another tab was first: then nothing is written.
 */
export async function writeRecords(
  database: Database,
  id: Uint8Array,
  records: readonly SealedRecord[],
  gone: readonly SealedRecord[] = [],
): Promise<void> {
  await together(database, async (transaction) => {
    const header = await transaction.objectStore('vault').get('header')
    if (header === undefined || !equalBytes(header.id, id)) throw new WrittenElsewhere('vault')
    const kept = transaction.objectStore('records')
    for (const record of records) {
      const found = await kept.get([record.store, record.id])
      if (record.revision !== (found?.revision ?? 0) + 1)
        throw new WrittenElsewhere(`${record.store}/${record.id}`)
      await kept.put(record)
    }
    for (const { store, id: at, revision } of gone) {
      const found = await kept.get([store, at])
      if (found?.revision !== revision) throw new WrittenElsewhere(`${store}/${at}`)
      await kept.delete([store, at])
    }
    return true
  })
}

/** Deletes all that this app stored on the phone, in one transaction. */
export async function wipeDatabase(database: Database): Promise<void> {
  await together(database, async (transaction) => {
    await transaction.objectStore('vault').clear()
    await transaction.objectStore('records').clear()
    return true
  })
}
