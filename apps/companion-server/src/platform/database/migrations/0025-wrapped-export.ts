import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

export const servedByOlder = true

/** Keys leave wrapped under keys that somebody has, and none in the clear. An older server lets none leave so. */
export async function up(database: Past): Promise<void> {
  await sql
    .raw('alter table project add column wrapped_export boolean not null default false')
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('alter table project drop column wrapped_export').execute(database)
}
