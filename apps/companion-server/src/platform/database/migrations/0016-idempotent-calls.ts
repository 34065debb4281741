import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

export async function up(database: Past): Promise<void> {
  await sql
    .raw(
      `create table idempotent_call (
        identity_id text not null references identity on delete cascade,
        key text not null,
        call bytea not null,
        status integer,
        reply bytea,
        expires_at timestamptz not null,
        primary key (identity_id, key))`,
    )
    .execute(database)
  await sql.raw('create index idempotent_call_expires on idempotent_call (expires_at)').execute(database)
  await sql
    .raw(`grant select, insert, update, delete on idempotent_call to ${applicationRole}`)
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('drop table idempotent_call').execute(database)
}
