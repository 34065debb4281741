import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { ExpectedError, fromSystemError, makeFolder, withSystemErrors } from '@lux/node-files'
import Database from 'better-sqlite3'

export type Migration = (database: Database.Database) => void

/**
 * Opens a database that this process alone may hold: WAL, every commit fsynced, exclusive lock until close (the system
 * gives it back when the process dies). Errors: STORE-LOCKED, STORE-NEWER, STORE-DAMAGED, FOLDER-READ-ONLY, DISK-FULL.
 */
export function openDatabase(path: string, migrations: readonly Migration[]): Database.Database {
  let database: Database.Database | undefined
  try {
    makeFolder(dirname(path))
    // SQLite gives its log and index files the mode of the database.
    closeSync(openSync(path, 'a', 0o600))
    database = new Database(path, { timeout: 250 })
    database.pragma('locking_mode = EXCLUSIVE')
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.exec('BEGIN IMMEDIATE; COMMIT')
    if (database.pragma('quick_check', { simple: true }) !== 'ok') throw damaged(path)
    migrate(database, path, migrations)
    return database
  } catch (error) {
    database?.close()
    throw named(error, path)
  }
}

function migrate(database: Database.Database, path: string, migrations: readonly Migration[]): void {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version > migrations.length) throw newer(path, version, migrations.length)
  if (version === migrations.length) return
  if (version > 0) database.prepare('VACUUM INTO ?').run(`${path}.v${version}-backup`)
  database.transaction(() => {
    for (const step of migrations.slice(version)) step(database)
    database.pragma(`user_version = ${migrations.length}`)
  })()
}

/** A whole and consistent copy, as a new file. Errors: DISK-FULL, FOLDER-READ-ONLY. */
export function snapshotInto(database: Database.Database, path: string): void {
  withSystemErrors(() => database.prepare('VACUUM INTO ?').run(path), path)
}

/** Looks at the bytes of a database without a file. Errors: STORE-DAMAGED, STORE-NEWER. */
export function checkDatabaseBytes(bytes: Uint8Array, path: string, knows: number): void {
  let database: Database.Database | undefined
  try {
    database = new Database(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), { readonly: true })
    const version = Number(database.pragma('user_version', { simple: true }))
    if (version > knows) throw newer(path, version, knows)
    if (version < 1 || database.pragma('quick_check', { simple: true }) !== 'ok') throw damaged(path)
  } catch (error) {
    throw named(error, path)
  } finally {
    database?.close()
  }
}

function newer(path: string, version: number, knows: number): ExpectedError {
  return new ExpectedError(
    'STORE-NEWER',
    `${path} was written by a newer version (${version}, this one knows ${knows})`,
  )
}

function damaged(path: string): ExpectedError {
  return new ExpectedError('STORE-DAMAGED', `${path} fails its own check`)
}

function named(error: unknown, path: string): unknown {
  if (error instanceof ExpectedError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('SQLITE_BUSY') || code === 'SQLITE_LOCKED') {
    return new ExpectedError('STORE-LOCKED', `${path} is in use by another process`)
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) return damaged(path)
  return fromSystemError(error, path) ?? error
}
