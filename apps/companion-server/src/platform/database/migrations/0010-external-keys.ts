import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

export async function up(database: Past): Promise<void> {
  await sql
    .raw(
      `create table external_key (
        id text primary key,
        organisation_id text not null references organisation,
        project_id text not null references project,
        name text not null,
        provider text not null,
        settings jsonb not null,
        credentials bytea not null,
        key_use text not null,
        public_key bytea,
        created_by text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        unique (project_id, name))`,
    )
    .execute(database)
  await sql
    .raw(`grant select, insert, update, delete on external_key to ${applicationRole}`)
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw(`drop table external_key`).execute(database)
}
