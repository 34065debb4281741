import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { ExpectedError, fromSystemError, makeFolder } from '@lux/node-files'
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
  if (version > migrations.length) {
    throw new ExpectedError(
      'STORE-NEWER',
      `${path} was written by a newer version (${version}, this one knows ${migrations.length})`,
    )
  }
  if (version === migrations.length) return
  if (version > 0) database.prepare('VACUUM INTO ?').run(`${path}.v${version}-backup`)
  database.transaction(() => {
    for (const step of migrations.slice(version)) step(database)
    database.pragma(`user_version = ${migrations.length}`)
  })()
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
