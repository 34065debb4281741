import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

export async function up(database: Past): Promise<void> {
  await sql
    .raw('alter table fhe_epoch add column carried bigint check (carried between 0 and 4294967295)')
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('alter table fhe_epoch drop column carried').execute(database)
}
