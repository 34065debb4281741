import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up09 = [
  // What is asked by; the entry, which the chain covers, says the same.
  `alter table audit add column organisation_id text, add column key_id text, add column operation text,
    add column outcome text`,
  // Instead of an entry that is no longer kept: the chain goes on over it.
  `alter table audit add column leaf bytea check (octet_length(leaf) = 32), alter column entry drop not null,
    add check ((entry is null) = (leaf is not null))`,
  `create index audit_time on audit (time)`,
  `create index audit_project on audit (project_id, time)`,
  `create table audit_writer (
    writer text primary key,
    checkpointed_seq bigint not null default 0,
    closed boolean not null default false)`,
  `insert into audit_writer (writer) select distinct writer from audit`,
  `create table audit_checkpoint (
    seq bigint primary key check (seq > 0),
    payload text not null,
    signatures text not null,
    time timestamptz not null)`,
  `create table audit_checkpoint_range (
    checkpoint bigint not null references audit_checkpoint,
    writer text not null,
    from_seq bigint not null,
    to_seq bigint not null,
    primary key (writer, to_seq))`,
  `create index audit_checkpoint_ranges on audit_checkpoint_range (checkpoint)`,
]

const down09 = [
  `drop table audit_checkpoint_range, audit_checkpoint, audit_writer`,
  // The version before needs an entry in each row; those that are no longer kept cannot be had again.
  `delete from audit where entry is null`,
  `drop index audit_project`,
  `drop index audit_time`,
  `alter table audit drop column leaf, alter column entry set not null`,
  `alter table audit drop column organisation_id, drop column key_id, drop column operation, drop column outcome`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of up09) await sql.raw(statement).execute(database)
  await sql
    .raw(`grant select, insert on audit_checkpoint, audit_checkpoint_range to ${applicationRole}`)
    .execute(database)
  await sql.raw(`grant select, insert, update on audit_writer to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const statement of down09) await sql.raw(statement).execute(database)
}
