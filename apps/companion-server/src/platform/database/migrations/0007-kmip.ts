import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up07 = [
  `alter table key
    add column label text check (length(label) between 1 and 255),
    add column is_sensitive boolean not null default true,
    add column usage_mask integer,
    add column raw_uses bigint not null default 0,
    add column attributes jsonb not null default '[]',
    add column lifecycle jsonb not null default '{}'`,
  `create unique index key_label on key (project_id, label) where destroy_at is null`,
  `alter table project add column plain_export boolean not null default false`,
  `create table kmip_client (
    spki bytea primary key check (octet_length(spki) = 32),
    name text not null,
    identity_id text not null references identity,
    project_id text not null references project,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz)`,
]

const down07 = [
  `drop table kmip_client`,
  `alter table project drop column plain_export`,
  `drop index key_label`,
  `alter table key drop column label, drop column is_sensitive, drop column usage_mask, drop column raw_uses,
    drop column attributes, drop column lifecycle`,
]

/** What KMIP says of keys, and who speaks it. */
export async function up(database: Past): Promise<void> {
  for (const statement of up07) await sql.raw(statement).execute(database)
  await sql.raw(`grant select, insert, update, delete on kmip_client to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const statement of down07) await sql.raw(statement).execute(database)
}
