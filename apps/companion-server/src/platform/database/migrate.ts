import { type Kysely, sql } from 'kysely'
import { type MigrationResultSet, Migrator, NO_MIGRATIONS } from 'kysely/migration'
import { EnvironmentError } from '../../refusal.ts'
import { migrations, type Step } from './migrations.ts'
import type { Tables } from './tables.ts'

/** Of this build, in order. */
const own = Object.keys(migrations).toSorted()
const newest = own.at(-1) ?? ''

/** Brings the schema to the newest version; the names of what was applied. Throws DATABASE-MIGRATION, DATABASE-VERSION. */
export async function migrateUp(database: Kysely<Tables>): Promise<string[]> {
  // A newer build's schema that this one may serve on is as it should be: an older pod starts again while newer ones take over.
  if (await isServedNewer(database)) return []
  const names = applied(await migrator(database).migrateToLatest())
  await noteServedFrom(database)
  return names
}

/** Takes the newest migration back, or all of them. Throws DATABASE-MIGRATION, DATABASE-VERSION. */
export async function migrateDown(database: Kysely<Tables>, { all = false } = {}): Promise<string[]> {
  if (await isServedNewer(database)) throw newer(newest, 'the newer one takes its own migrations back')
  const work = migrator(database)
  const names = applied(all ? await work.migrateTo(NO_MIGRATIONS) : await work.migrateDown())
  await noteServedFrom(database)
  return names
}

/** Throws DATABASE-VERSION unless this build may serve on what has been applied. */
export async function requireCurrentSchema(database: Kysely<Tables>): Promise<void> {
  const names = await namesOf(database).catch((error: unknown) => {
    throw new EnvironmentError(
      'DATABASE-VERSION',
      'the schema of the database cannot be read by this account',
      {
        cause: error,
      },
    )
  })
  if (names.length === 0)
    throw new EnvironmentError('DATABASE-VERSION', 'the database has no schema: custody-server migrate up')
  if (own.some((name) => !names.includes(name)))
    throw new EnvironmentError(
      'DATABASE-VERSION',
      `the database is at ${names.at(-1)}, this build needs ${newest}: custody-server migrate up`,
    )
  await isServedNewer(database)
}

/** Of what has been applied, in order; none where there is no schema. */
async function namesOf(database: Kysely<Tables>): Promise<string[]> {
  const { rows: found } = await sql<{ there: boolean }>`
    select to_regclass('kysely_migration') is not null as there`.execute(database)
  if (!found[0]?.there) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
    database,
  )
  return rows.map(({ name }) => name)
}

/**
 * Whether a newer build has been here whose schema this one may serve on. Throws DATABASE-VERSION where it may not, DATABASE-MIGRATION
 * where the database cannot be read.
 */
async function isServedNewer(database: Kysely<Tables>): Promise<boolean> {
  let names: string[]
  let from: string
  try {
    names = await namesOf(database)
    if (names.every((name) => own.includes(name))) return false
    const { rows } = await sql<{ said: string | null }>`
      select obj_description('kysely_migration'::regclass, 'pg_class') as said`.execute(database)
    // Of another state of the schema where that build was cut short before it had said so.
    const [, said = '', until] = /^served from (\S+) until (\S+)$/.exec(rows[0]?.said ?? '') ?? []
    from = until === names.at(-1) ? said : ''
  } catch (error) {
    throw new EnvironmentError('DATABASE-MIGRATION', `the database cannot be read: ${String(error)}`, {
      cause: error,
    })
  }
  if (own.includes(from) && own.every((name) => names.includes(name))) return true
  throw newer(names.at(-1) ?? '', 'and it does not say that this build may serve on it')
}

const newer = (at: string, detail: string) =>
  new EnvironmentError(
    'DATABASE-VERSION',
    `the database is at ${at}, which is newer than this build (${newest}), ${detail}`,
  )

/** The oldest of `names` whose build may serve on the schema that all of them make. */
export function oldestServing(names: readonly string[], steps: Readonly<Record<string, Step>>): string {
  return names[names.findLastIndex((name) => steps[name]?.servedByOlder !== true)] ?? ''
}

/** Beside the list of what was applied, so that a backup has it too. */
async function noteServedFrom(database: Kysely<Tables>): Promise<void> {
  const names = await namesOf(database)
  const said = `served from ${oldestServing(names, migrations)} until ${names.at(-1) ?? ''}`
  await sql`comment on table kysely_migration is ${sql.lit(said)}`.execute(database)
}

function migrator(database: Kysely<Tables>): Migrator {
  return new Migrator({ db: database, provider: { getMigrations: async () => ({ ...migrations }) } })
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
