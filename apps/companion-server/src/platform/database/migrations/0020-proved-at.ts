import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

export const servedByOlder = true

/** When a session's person was proved, which is not always when it began: an identity provider may know who sits there since the morning. */
export async function up(database: Past): Promise<void> {
  for (const table of ['token', 'sign_on_attempt'])
    await sql.raw(`alter table ${table} add column proved_at timestamptz`).execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const table of ['token', 'sign_on_attempt'])
    await sql.raw(`alter table ${table} drop column proved_at`).execute(database)
}
