import { existsSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { checkWritable, makeFolder, withSystemErrors } from '@lux/node-files'
import type Database from 'better-sqlite3'
import { type Migration, openDatabase, snapshotInto } from './database.ts'

const migrations: readonly Migration[] = [
  (database) => {
    database.exec(`
      CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE holder (card TEXT PRIMARY KEY, jcs BLOB NOT NULL, enrolled TEXT NOT NULL) STRICT;
      CREATE TABLE probe (serial TEXT PRIMARY KEY, at TEXT NOT NULL, report TEXT NOT NULL) STRICT;
      CREATE TABLE run (id TEXT PRIMARY KEY, folder TEXT NOT NULL UNIQUE, created TEXT NOT NULL) STRICT;
    `)
  },
  (database) => {
    database.exec(
      'CREATE TABLE setup (id TEXT PRIMARY KEY, state TEXT NOT NULL, changed TEXT NOT NULL) STRICT',
    )
  },
  (database) => {
    database.exec(`
      CREATE TABLE share_way (
        ceremony TEXT NOT NULL, epoch INTEGER NOT NULL, holder TEXT NOT NULL, what TEXT NOT NULL, by TEXT NOT NULL,
        at TEXT NOT NULL, PRIMARY KEY (ceremony, epoch, holder, what)
      ) STRICT;
    `)
  },
  (database) => {
    database.exec(`
      CREATE TABLE script_draft (id TEXT PRIMARY KEY, state TEXT NOT NULL, changed TEXT NOT NULL) STRICT;
      CREATE TABLE script (hash TEXT PRIMARY KEY, text TEXT NOT NULL, frozen TEXT NOT NULL) STRICT;
    `)
  },
]

/** The newest form of a store that this build knows. */
export const storeVersion = migrations.length
export const storeDatabase = 'store.db'

// The tables are STRICT, so their columns are of these types.
export type HolderRow = { card: string; jcs: Uint8Array; enrolled: string }
export type RunRow = { id: string; folder: string; created: string }
/** That a holder's share of an epoch was sent or received, by which way, and when it was noted here. */
export type ShareWayRow = {
  ceremony: string
  epoch: number
  holder: string
  what: 'sent' | 'received'
  by: 'codes' | 'files' | 'word'
  at: string
}
/** `state`: JSON, by the schema of the ceremony's set-up. */
export type SetupRow = { id: string; state: string; changed: string }
/** `state`: JSON, a script that is being made, with what can be undone. */
export type DraftRow = { id: string; state: string; changed: string }
export type ScriptRow = { hash: string; text: string; frozen: string }

/** What outlives ceremonies: settings, people, the way of their shares, probes of tokens, ceremonies that are being set up, and where each run lies. One process at a time. */
export class Store {
  readonly path: string
  readonly #database: Database.Database

  constructor(path: string) {
    this.path = resolve(path)
    checkWritable(this.path)
    makeFolder(this.path)
    this.#database = openDatabase(join(this.path, storeDatabase), migrations)
  }

  get ceremonies(): string {
    return join(this.path, 'ceremonies')
  }

  setting(name: string): string | null {
    const sql = 'SELECT value FROM setting WHERE name = ?'
    return this.#database.prepare<[string], { value: string }>(sql).get(name)?.value ?? null
  }

  setSetting(name: string, value: string): void {
    this.#write('INSERT OR REPLACE INTO setting VALUES (?, ?)', name, value)
  }

  holders(): HolderRow[] {
    return this.#database.prepare<[], HolderRow>('SELECT * FROM holder ORDER BY enrolled, card').all()
  }

  /** False when that card is already enrolled. */
  addHolder(row: HolderRow): boolean {
    return this.#write('INSERT OR IGNORE INTO holder VALUES (?, ?, ?)', row.card, row.jcs, row.enrolled) === 1
  }

  shareWays(): ShareWayRow[] {
    return this.#database.prepare<[], ShareWayRow>('SELECT * FROM share_way').all()
  }

  /** The last time counts: a share may be sent again. */
  noteShareWay({ ceremony, epoch, holder, what, by, at }: ShareWayRow): void {
    const sql = 'INSERT OR REPLACE INTO share_way VALUES (?, ?, ?, ?, ?, ?)'
    this.#write(sql, ceremony, epoch, holder, what, by, at)
  }

  probe(serial: string): { at: string; report: string } | null {
    const sql = 'SELECT at, report FROM probe WHERE serial = ?'
    return this.#database.prepare<[string], { at: string; report: string }>(sql).get(serial) ?? null
  }

  setProbe(serial: string, at: string, report: string): void {
    this.#write('INSERT OR REPLACE INTO probe VALUES (?, ?, ?)', serial, at, report)
  }

  /** Newest first; also folders that were put there by hand or lost their row, and those that have lost their log. */
  runs(): RunRow[] {
    const rows = this.#database.prepare<[], RunRow>('SELECT * FROM run ORDER BY created DESC').all()
    const known = new Set(rows.map(({ folder }) => folder))
    const found = existsSync(this.ceremonies) ? readdirSync(this.ceremonies) : []
    const others = found
      .map((id) => ({ id, folder: join(this.ceremonies, id), created: '' }))
      .filter(({ folder }) => !known.has(folder) && existsSync(join(folder, 'ceremony.db')))
    return [...rows.filter(({ folder }) => existsSync(folder)), ...others]
  }

  addRun(row: RunRow): void {
    this.#write('INSERT OR REPLACE INTO run VALUES (?, ?, ?)', row.id, row.folder, row.created)
  }

  /** The one that was changed last comes first. */
  setups(): SetupRow[] {
    return this.#database.prepare<[], SetupRow>('SELECT * FROM setup ORDER BY changed DESC, id').all()
  }

  setSetup({ id, state, changed }: SetupRow): void {
    this.#write('INSERT OR REPLACE INTO setup VALUES (?, ?, ?)', id, state, changed)
  }

  removeSetup(id: string): void {
    this.#write('DELETE FROM setup WHERE id = ?', id)
  }

  /** The one that was changed last comes first. */
  drafts(): DraftRow[] {
    return this.#database.prepare<[], DraftRow>('SELECT * FROM script_draft ORDER BY changed DESC, id').all()
  }

  setDraft({ id, state, changed }: DraftRow): void {
    this.#write('INSERT OR REPLACE INTO script_draft VALUES (?, ?, ?)', id, state, changed)
  }

  removeDraft(id: string): void {
    this.#write('DELETE FROM script_draft WHERE id = ?', id)
  }

  /** Scripts of people's own, the newest first. */
  scripts(): ScriptRow[] {
    return this.#database.prepare<[], ScriptRow>('SELECT * FROM script ORDER BY frozen DESC, hash').all()
  }

  /** One that is there stays as it is. */
  addScript({ hash, text, frozen }: ScriptRow): void {
    this.#write('INSERT OR IGNORE INTO script VALUES (?, ?, ?)', hash, text, frozen)
  }

  #write(sql: string, ...values: (string | number | Uint8Array)[]): number {
    return withSystemErrors(() => this.#database.prepare(sql).run(...values).changes, this.path)
  }

  /** A copy of the store's own database as it is now. */
  snapshot(path: string): void {
    snapshotInto(this.#database, path)
  }

  /** After a restore to another place: a run whose folder lies in this store is found there, wherever it lay before. */
  adoptFolders(): void {
    const rows = this.#database.prepare<[], RunRow>('SELECT * FROM run').all()
    for (const { id, folder } of rows) {
      const here = join(this.ceremonies, basename(folder))
      if (here !== folder && existsSync(here)) this.#write('UPDATE run SET folder = ? WHERE id = ?', here, id)
    }
  }

  close(): void {
    this.#database.close()
  }
}
