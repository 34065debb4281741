import { equalBytes } from '@lux/crypto'
import type { IDBPTransaction } from 'idb'
import type { Database, Schema } from './open-database.ts'
import type { SealedRecord } from './sealed-record.ts'
import type { VaultHeader } from './vault.ts'

type Writing = IDBPTransaction<Schema, ('vault' | 'records')[], 'readwrite'>

/**
 * Everything that `write` writes, or nothing of it: whatever goes wrong in the middle. Answers only once it is on disk. `write` gives
 * false where nothing is to be written.
 */
async function together(
  database: Database,
  write: (transaction: Writing) => Promise<boolean>,
): Promise<boolean> {
  const transaction = database.transaction(['vault', 'records'], 'readwrite', { durability: 'strict' })
  const { done } = transaction
  // Awaited below; where it was aborted here, what ended it is what is told.
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
    // It has ended by itself.
  }
}

/**
 * A new vault with its first records: together or not at all, and on disk when it answers. False, and nothing is written, where there is
 * a vault already: another tab was first.
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
    // Without a header nothing here opens any more.
    await kept.clear()
    await vault.put(header, 'header')
    for (const record of records) await kept.put(record)
    return true
  })
}

/**
 * Changes the header of the vault that is there, on disk when it answers. False, and nothing is written, where it is another vault by
 * now.
 */
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

/** Another tab was first: it wrote one of the records, or wiped the vault that they belong to. */
export class WrittenElsewhere extends Error {}

/**
 * Writes records of the vault of this id together or not at all, each one revision after the one that is there, and deletes those that
 * are `gone`, as they were read. Answers only once all of it is on disk. Throws WrittenElsewhere where another tab was first: then
 * nothing is done.
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

/** Everything that this app keeps on the phone, gone in one transaction. */
export async function wipeDatabase(database: Database): Promise<void> {
  await together(database, async (transaction) => {
    await transaction.objectStore('vault').clear()
    await transaction.objectStore('records').clear()
    return true
  })
}
