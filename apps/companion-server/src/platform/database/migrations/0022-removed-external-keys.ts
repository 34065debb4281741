import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

export const servedByOlder = true

/** Keys of other KMSs that were removed: what they encrypted names them, and opens once they are configured again. */
export async function up(database: Past): Promise<void> {
  await sql
    .raw(
      `create table removed_external_key (
        id text primary key,
        project_id text not null references project,
        name text not null,
        removed_at timestamptz not null)`,
    )
    .execute(database)
  await sql
    .raw(`grant select, insert, update, delete on removed_external_key to ${applicationRole}`)
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw(`drop table removed_external_key`).execute(database)
}
