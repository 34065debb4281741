import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

export const servedByOlder = true

/** What is done with a key of another KMS waits for people too: such a key is in another table. */
export async function up(database: Past): Promise<void> {
  await sql.raw('alter table approval_request drop constraint approval_request_key_id_fkey').execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('delete from approval_request where key_id not in (select id from key)').execute(database)
  await sql.raw('alter table approval_request add foreign key (key_id) references key').execute(database)
}
