import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { SealedRecord } from './sealed-record.ts'
import type { VaultHeader } from './vault.ts'

export interface Schema extends DBSchema {
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
