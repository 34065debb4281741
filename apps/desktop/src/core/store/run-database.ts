import { withSystemErrors } from '@lux/node-files'
import type Database from 'better-sqlite3'
import { type Migration, openDatabase, snapshotInto } from './database.ts'

const migrations: readonly Migration[] = [
  (database) => {
    database.exec(`
      CREATE TABLE header (one INTEGER PRIMARY KEY CHECK (one = 1), jcs BLOB NOT NULL) STRICT;
      CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        step TEXT NOT NULL,
        kind TEXT NOT NULL,
        line BLOB NOT NULL
      ) STRICT;
      CREATE TRIGGER event_is_append_only BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
      CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
    `)
  },
]

/** The newest form of a log that this build knows. */
export const runDatabaseVersion = migrations.length

/** One line of the log: the entry's own place again as columns, `line` its canonical JSON. */
export type LogLine = { seq: number; time: string; step: string; kind: string; line: Uint8Array }

/** The log of one run, DIR/ceremony.db: append only, every append fsynced before it returns. */
export class RunDatabase {
  readonly #database: Database.Database
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    this.#database = openDatabase(path, migrations)
  }

  /** The canonical header, or null in a new log. */
  header(): Uint8Array | null {
    const row = this.#database.prepare<[], { jcs: Uint8Array }>('SELECT jcs FROM header').get()
    return row === undefined ? null : new Uint8Array(row.jcs)
  }

  writeHeader(jcs: Uint8Array): void {
    withSystemErrors(() => this.#database.prepare('INSERT INTO header VALUES (1, ?)').run(jcs), this.#path)
  }

  /** All or none of the lines. */
  append(lines: readonly LogLine[]): void {
    const insert = this.#database.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?)')
    const all = this.#database.transaction(() => {
      for (const { seq, time, step, kind, line } of lines) insert.run(seq, time, step, kind, line)
    })
    withSystemErrors(() => all(), this.#path)
  }

  *lines(from = 0): Generator<LogLine> {
    const sql = 'SELECT * FROM event WHERE seq >= ? ORDER BY seq'
    // The table is STRICT, so the columns are of these types.
    for (const row of this.#database.prepare<[number], LogLine>(sql).iterate(from))
      yield { ...row, line: new Uint8Array(row.line) }
  }

  /** A copy of the whole log as it is now. */
  snapshot(path: string): void {
    snapshotInto(this.#database, path)
  }

  close(): void {
    this.#database.close()
  }
}
