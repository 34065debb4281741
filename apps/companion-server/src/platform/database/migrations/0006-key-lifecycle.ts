import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up06 = [
  `alter table key_version drop constraint key_version_state_check, add check
    (state in ('pre-active', 'enabled', 'decrypt-only', 'disabled', 'compromised', 'destroyed'))`,
  `alter table key_version drop constraint key_version_origin_check, add check
    (origin in ('ceremony', 'online', 'imported'))`,
  // A threshold key that waits for its ceremony has no version.
  `alter table key drop constraint key_current_version_check, add check (current_version >= 0)`,
  `alter table key add column is_exportable boolean not null default false,
    add column rotate_every_days integer check (rotate_every_days between 1 and 3650), add column rotate_at timestamptz,
    add column threshold jsonb, add column fhe_key_id text references fhe_key,
    add check ((rotate_at is null) = (rotate_every_days is null)),
    add check ((current_version = 0) = (threshold is not null))`,
  `create index key_rotation on key (rotate_at) where rotate_at is not null`,
  // One row for each pair that a key may be wrapped to, once; its private half is wrapped as a data key is.
  `create table import_key (
    id text primary key,
    project_id text not null references project,
    identity_id text not null,
    wrapped bytea not null,
    wrapping_kek_version integer not null,
    mac bytea not null check (octet_length(mac) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null)`,
  `create table tombstone (
    level text not null check (level in ('data', 'project', 'organisation')),
    id text not null,
    digest text not null check (digest ~ '^[0-9a-f]{64}$'),
    receipt text not null,
    shredded_at timestamptz not null,
    primary key (level, id))`,
]

const down06 = [
  `drop table tombstone, import_key`,
  `drop index key_rotation`,
  `delete from key where current_version = 0`,
  `alter table key drop column is_exportable, drop column rotate_every_days, drop column rotate_at,
    drop column threshold, drop column fhe_key_id`,
  `alter table key drop constraint key_current_version_check, add check (current_version > 0)`,
  // The version before knows neither state nor origin: what it would use wrongly is off, what it cannot open stays.
  `update key_version set state = 'disabled' where state in ('pre-active', 'compromised')`,
  `alter table key_version drop constraint key_version_origin_check, add check
    (origin in ('ceremony', 'online')) not valid`,
  `alter table key_version drop constraint key_version_state_check, add check
    (state in ('enabled', 'decrypt-only', 'disabled', 'destroyed'))`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of up06) await sql.raw(statement).execute(database)
  await sql.raw(`grant select, insert, delete on import_key to ${applicationRole}`).execute(database)
  await sql.raw(`grant select, insert on tombstone to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const statement of down06) await sql.raw(statement).execute(database)
}
