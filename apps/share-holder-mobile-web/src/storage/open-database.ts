import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { SealedRecord } from './sealed-record.ts'
import type { VaultHeader } from './vault.ts'

export interface Schema extends DBSchema {
  /** The store of the one entry `header`, which the passphrase opens. */
  vault: { key: 'header'; value: VaultHeader }
  /** The store of the sealed records, by their store and id. */
  records: { key: [string, string]; value: SealedRecord }
}

export type Database = IDBPDatabase<Schema>

const name = 'lux-custody-phone'

/** Opens the phone's database. `blocked` is called when another tab holds an older version open. */
export function openDatabase(blocked: () => void): Promise<Database> {
  return openDB<Schema>(name, 1, {
    upgrade(database) {
      database.createObjectStore('vault')
      database.createObjectStore('records', { keyPath: ['store', 'id'] })
    },
    blocked,
    blocking(_current, _wanted, event) {
      // Gives way to a newer app in another tab. This one opens the database again at its next call.
      const { target } = event
      if (target instanceof IDBDatabase) target.close()
    },
  })
}

export async function readHeader(database: Database): Promise<VaultHeader | null> {
  return (await database.get('vault', 'header')) ?? null
}
