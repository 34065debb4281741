import { fromUtf8, utf8, wipe } from '@lux/crypto'
import { beginDatabase, readRecords, WrittenElsewhere, writeRecords } from '../storage/database.ts'
import type { Database } from '../storage/open-database.ts'
import { nonceBytes, openRecord, type SealedRecord, sealRecord } from '../storage/sealed-record.ts'
import type { Vault } from '../storage/vault.ts'
import type { No } from './api.ts'

export type Random = (length: number) => Uint8Array

/** A record to write, not sealed yet. */
export type Written = { readonly store: string; readonly id: string; readonly plain: Uint8Array }

/** The place of a record. */
export type Place = Pick<Written, 'store' | 'id'>

/** The records of an open vault. The caller wipes what `read` gives. */
export type Records = {
  ids(store: string): string[]
  /** The record's bytes, null where there is none. Throws RecordChanged where it does not open: someone changed the phone's storage. */
  read(store: string, id: string): Uint8Array | null
  /**
   * Writes all of it or nothing, and resolves once it is on disk. Deletes what is `gone` in the same transaction. Wipes what it was given.
   */
  write(written: readonly Written[], gone?: readonly Place[]): Promise<void>
}

export class RecordChanged extends Error {}

/** A failure of the phone's storage as a refusal; null where the app itself is at fault. */
export function storageRefusal(error: unknown): No | null {
  const refused = (rule: string): No => ({ ok: false, rule, detail: '' })
  if (error instanceof WrittenElsewhere) return refused('PHONE-OTHER-TAB')
  if (error instanceof RecordChanged) return refused('PHONE-STORAGE-CHANGED')
  const full = error instanceof Error && error.name === 'QuotaExceededError'
  return full ? refused('PHONE-STORAGE-FULL') : null
}

/** The records of a new vault. Null where the device has a vault already, which stays as it is. */
export async function beginRecords(
  database: Database,
  { header, key }: Vault,
  written: readonly Written[],
  random: Random,
): Promise<Records | null> {
  const sealed = written.map((one) => sealedAt(key, one, 1, random))
  if (!(await beginDatabase(database, header, sealed))) return null
  return recordsOf(database, { header, key }, sealed, random)
}

/** Reads every record once, still sealed. Later writes change both disk and memory. */
export async function openRecords(database: Database, vault: Vault, random: Random): Promise<Records> {
  return recordsOf(database, vault, await readRecords(database), random)
}

function recordsOf(
  database: Database,
  { header, key }: Vault,
  kept: readonly SealedRecord[],
  random: Random,
): Records {
  const found = new Map(kept.map((record) => [nameOf(record), record] as const))
  return {
    ids(store) {
      return [...found.values()].filter((record) => record.store === store).map(({ id }) => id)
    },
    read(store, id) {
      const record = found.get(nameOf({ store, id }))
      if (record === undefined) return null
      const plain = openRecord(key, record)
      if (plain === null) throw new RecordChanged(nameOf({ store, id }))
      return plain
    },
    async write(written, gone = []) {
      const sealed = written.map((one) =>
        sealedAt(key, one, (found.get(nameOf(one))?.revision ?? 0) + 1, random),
      )
      const removed = gone.flatMap((place) => found.get(nameOf(place)) ?? [])
      await writeRecords(database, header.id, sealed, removed)
      for (const record of sealed) found.set(nameOf(record), record)
      for (const record of removed) found.delete(nameOf(record))
    },
  }
}

/** The same records, but one that does not open reads as null. `damaged` says whether that happened. */
export function tolerant(records: Records): Records & { damaged(): boolean } {
  let damaged = false
  return {
    ...records,
    read(store, id) {
      try {
        return records.read(store, id)
      } catch (error) {
        if (!(error instanceof RecordChanged)) throw error
        damaged = true
        return null
      }
    },
    damaged: () => damaged,
  }
}

function sealedAt(
  key: Uint8Array,
  { store, id, plain }: Written,
  revision: number,
  random: Random,
): SealedRecord {
  const sealed = sealRecord(key, { store, id, revision }, plain, random(nonceBytes))
  wipe(plain)
  return sealed
}

function nameOf({ store, id }: Pick<SealedRecord, 'store' | 'id'>): string {
  return `${store}/${id}`
}

export const encodeText = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
export const parseText = (bytes: Uint8Array): unknown => JSON.parse(fromUtf8(bytes))
