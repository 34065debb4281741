import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

export const servedByOlder = true

export async function up(database: Past): Promise<void> {
  await sql.raw('alter table identity_provider add column scim_token_made_at timestamptz').execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('alter table identity_provider drop column scim_token_made_at').execute(database)
}
