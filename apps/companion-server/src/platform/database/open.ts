import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { EnvironmentError } from '../../refusal.ts'
import { startEmbedded } from '../postgres/embedded.ts'
import { readKnown, requireEmbedded, requireKnown } from './known.ts'
import { migrateUp, requireCurrentSchema } from './migrate.ts'
import { applicationRole } from './migrations/0001-first.ts'
import type { Tables } from './tables.ts'

export type Database = Kysely<Tables>

export type OpenDatabase = {
  readonly database: Database
  /** For one more connection, of the same role. */
  readonly settings: pg.PoolConfig
  close(): Promise<void>
}

export type DatabaseChoice = {
  /** Folder of the embedded PostgreSQL. */
  readonly folder: string
  /** Another PostgreSQL instead: DATABASE_URL, a member of custody_app. */
  readonly url?: string | undefined
  /** Who may change the schema there: DATABASE_OWNER_URL, else the same. */
  readonly ownerUrl?: string | undefined
  /** The embedded one must be this process's own: set by the server, not by short commands. */
  readonly exclusive?: boolean
  /** The file that names the database of a server: no other one is opened, and no empty one made in its place. */
  readonly known?: string
}

/**
 * A pool as the application's role. The embedded database is brought to this build's schema first; another one is
 * migrated by `migrate up` alone. Throws DATABASE-… when it cannot be reached, is at another version, or lets us
 * change audit rows.
 */
export async function openDatabase(choice: DatabaseChoice): Promise<OpenDatabase> {
  const { url } = choice
  const known = await knownOf(choice)
  if (url) {
    const database = connect({ connectionString: url })
    try {
      await requireReachable(database)
      await requireOwnPath(database)
      await requireKnown(database, known)
      await requireCurrentSchema(database)
      await requireHumbleRole(database)
    } catch (error) {
      await database.destroy()
      throw error
    }
    return { database, settings: { connectionString: url }, close: () => database.destroy() }
  }
  requireEmbedded(known)
  const embedded = await startEmbedded(choice.folder, {
    exclusive: choice.exclusive ?? false,
    begun: known !== null,
  })
  try {
    const owner = connect(embedded.owner)
    try {
      await requireKnown(owner, known)
      await migrateUp(owner)
      await sql.raw(`grant ${applicationRole} to ${embedded.application.user}`).execute(owner)
    } finally {
      await owner.destroy()
    }
    const database = connect(embedded.application)
    await requireHumbleRole(database)
    return {
      database,
      settings: embedded.application,
      async close() {
        await database.destroy()
        await embedded.stop()
      },
    }
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

/** A pool by settings that another process of this server opened a database with. */
export function openGiven(settings: pg.PoolConfig): OpenDatabase {
  const database = connect(settings)
  return { database, settings, close: () => database.destroy() }
}

const knownOf = async ({ known }: DatabaseChoice) => (known === undefined ? null : await readKnown(known))

/** A connection that may change the schema, for `migrate up` and `migrate down`. Throws DATABASE-OTHER. */
export async function openOwnerDatabase(choice: DatabaseChoice): Promise<OpenDatabase> {
  const ownerUrl = choice.ownerUrl ?? choice.url
  const known = await knownOf(choice)
  if (!ownerUrl) requireEmbedded(known)
  const embedded = ownerUrl ? null : await startEmbedded(choice.folder, { begun: known !== null })
  const settings = embedded?.owner ?? { connectionString: ownerUrl }
  const database = connect(settings)
  const close = async () => {
    await database.destroy()
    await embedded?.stop()
  }
  try {
    await requireKnown(database, known)
  } catch (error) {
    await close()
    throw error
  }
  return { database, settings, close }
}

export function connect(settings: pg.PoolConfig): Database {
  // Only public, after pg_catalog: no operator of another schema stands in for PostgreSQL's own.
  const options = '-c search_path=public'
  const patience = { connectionTimeoutMillis: 4000, statement_timeout: 7000 }
  const pool = new pg.Pool({ max: 10, ...patience, options, ...settings })
  // An idle connection that the server closes is replaced at the next query; unheard, the event would end the process.
  pool.on('error', () => undefined)
  // Of one that is at work: its query fails by itself, and what comes after it is said to nobody else.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

async function requireReachable(database: Database): Promise<void> {
  try {
    await sql`select 1`.execute(database)
  } catch (error) {
    throw new EnvironmentError('DATABASE-UNREACHABLE', `DATABASE_URL: ${String(error)}`, { cause: error })
  }
}

/** The address may bring options of its own, and a pooler may drop ours. */
async function requireOwnPath(database: Database): Promise<void> {
  const { rows } = await sql<{ search_path: string }>`show search_path`.execute(database)
  const path = rows[0]?.search_path ?? ''
  if (path !== 'public')
    throw new EnvironmentError(
      'ENVIRONMENT-VARIABLE',
      `DATABASE_URL: the search path is ${path} and not public: take options out of the address, and a pooler that drops them out of the way`,
    )
}

async function requireHumbleRole(database: Database): Promise<void> {
  const { rows } = await sql<{ super: boolean; change: boolean }>`
    select rolsuper as super,
      has_table_privilege(current_user, 'audit', 'update') or has_table_privilege(current_user, 'audit', 'delete')
        or has_table_privilege(current_user, 'audit', 'truncate') as change
    from pg_roles where rolname = current_user`.execute(database)
  const [role] = rows
  if (!role || role.super || role.change) {
    throw new EnvironmentError(
      'DATABASE-ROLE',
      `the server's database role may not be a superuser or change audit rows: use a member of ${applicationRole}`,
    )
  }
}
