import type { Kysely } from 'kysely'
import { type Migration, type MigrationResultSet, Migrator, NO_MIGRATIONS } from 'kysely/migration'
import { EnvironmentError } from '../../refusal.ts'
import * as first from './migrations/0001-first.ts'
import * as threshold from './migrations/0002-threshold.ts'
import * as carried from './migrations/0003-carried-budget.ts'
import * as onlineKeys from './migrations/0004-online-keys.ts'
import * as ciphertextSize from './migrations/0005-ciphertext-size.ts'
import * as keyLifecycle from './migrations/0006-key-lifecycle.ts'
import * as kmip from './migrations/0007-kmip.ts'
import * as people from './migrations/0008-people.ts'
import * as auditCheckpoints from './migrations/0009-audit-checkpoints.ts'
import * as externalKeys from './migrations/0010-external-keys.ts'
import * as signOn from './migrations/0011-sign-on.ts'
import * as kekRotation from './migrations/0012-kek-rotation.ts'
import * as approvals from './migrations/0013-approvals.ts'
import * as changes from './migrations/0014-changes.ts'
import * as authenticators from './migrations/0015-authenticators.ts'
import * as idempotentCalls from './migrations/0016-idempotent-calls.ts'
import * as revokedKeys from './migrations/0017-revoked-keys.ts'
import * as accessReviews from './migrations/0018-access-reviews.ts'
import * as alerts from './migrations/0019-alerts.ts'
import * as provedAt from './migrations/0020-proved-at.ts'
import type { Tables } from './tables.ts'

/** In order; a released one is never changed. */
const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-threshold': threshold,
  '0003-carried-budget': carried,
  '0004-online-keys': onlineKeys,
  '0005-ciphertext-size': ciphertextSize,
  '0006-key-lifecycle': keyLifecycle,
  '0007-kmip': kmip,
  '0008-people': people,
  '0009-audit-checkpoints': auditCheckpoints,
  '0010-external-keys': externalKeys,
  '0011-sign-on': signOn,
  '0012-kek-rotation': kekRotation,
  '0013-approvals': approvals,
  '0014-changes': changes,
  '0015-authenticators': authenticators,
  '0016-idempotent-calls': idempotentCalls,
  '0017-revoked-keys': revokedKeys,
  '0018-access-reviews': accessReviews,
  '0019-alerts': alerts,
  '0020-proved-at': provedAt,
}

const newest = Object.keys(migrations).toSorted().at(-1)

/** Brings the schema to the newest version; the names of what was applied. */
export async function migrateUp(database: Kysely<Tables>): Promise<string[]> {
  return applied(await migrator(database).migrateToLatest())
}

/** Takes the newest migration back, or all of them. */
export async function migrateDown(database: Kysely<Tables>, { all = false } = {}): Promise<string[]> {
  const work = migrator(database)
  return applied(all ? await work.migrateTo(NO_MIGRATIONS) : await work.migrateDown())
}

/** Throws DATABASE-VERSION unless exactly the migrations of this build have been applied. */
export async function requireCurrentSchema(database: Kysely<Tables>): Promise<void> {
  const { sql } = await import('kysely')
  let names: string[]
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
      database,
    )
    names = rows.map(({ name }) => name)
  } catch (error) {
    throw new EnvironmentError('DATABASE-VERSION', 'the database has no schema: custody-server migrate up', {
      cause: error,
    })
  }
  if (names.at(-1) !== newest || names.length !== Object.keys(migrations).length) {
    throw new EnvironmentError(
      'DATABASE-VERSION',
      `the database is at ${names.at(-1) ?? 'nothing'}, this build needs ${newest}`,
    )
  }
}

function migrator(database: Kysely<Tables>): Migrator {
  return new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
}

function applied({ error, results }: MigrationResultSet): string[] {
  if (error !== undefined) {
    throw new EnvironmentError('DATABASE-MIGRATION', `the migration failed: ${String(error)}`, {
      cause: error,
    })
  }
  return (results ?? [])
    .filter(({ status }) => status === 'Success')
    .map(({ migrationName }) => migrationName)
}
