import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up08 = [
  // An identity may have several secrets, so that a new one can be given out before the old one ends.
  `create table client_secret (
    id text primary key,
    identity_id text not null references identity,
    hash bytea not null check (octet_length(hash) = 32),
    created_at timestamptz not null default now(),
    revoked_at timestamptz)`,
  `insert into client_secret (id, identity_id, hash, created_at)
    select gen_random_uuid()::text, id, client_secret_hash, created_at from identity`,
  `alter table identity drop column client_secret_hash, alter column client_id drop not null`,
  // An API key is a token with a name and an end of its own.
  `alter table token add column id text not null default gen_random_uuid()::text unique, add column name text,
    add column client_secret_id text references client_secret`,
  `create index token_identity on token (identity_id)`,
  `create table person (
    identity_id text primary key references identity,
    username text not null unique check (username = lower(username)),
    password_hash text,
    totp_sealed bytea,
    totp_step bigint not null default 0,
    enrolment_hash bytea check (octet_length(enrolment_hash) = 32),
    enrolment_expires_at timestamptz,
    created_at timestamptz not null default now(),
    check ((enrolment_hash is null) = (enrolment_expires_at is null)),
    check (enrolment_hash is not null or (password_hash is not null and totp_sealed is not null)))`,
  `alter table role_grant add column conditions jsonb`,
]

const down08 = [
  // The version before knows no conditions: who had them has not the whole role instead.
  `delete from role_grant where conditions is not null`,
  `alter table role_grant drop column conditions`,
  `drop table person`,
  `delete from token where name is not null`,
  `alter table token drop column id, drop column name, drop column client_secret_id`,
  `drop index if exists token_identity`,
  `alter table identity add column client_secret_hash bytea check (octet_length(client_secret_hash) = 32)`,
  `update identity set client_secret_hash = s.hash from (select distinct on (identity_id) identity_id, hash from client_secret
    where revoked_at is null order by identity_id, created_at desc) as s where s.identity_id = identity.id`,
  `drop table client_secret`,
  // Who logs in by password alone, or has no secret left, cannot there.
  `delete from token where identity_id in (select id from identity where client_secret_hash is null or client_id is null)`,
  `delete from kmip_client where identity_id in
    (select id from identity where client_secret_hash is null or client_id is null)`,
  `delete from role_grant where identity_id in
    (select id from identity where client_secret_hash is null or client_id is null)`,
  `delete from identity where client_secret_hash is null or client_id is null`,
  `alter table identity alter column client_secret_hash set not null, alter column client_id set not null`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of up08) await sql.raw(statement).execute(database)
  await sql
    .raw(`grant select, insert, update, delete on client_secret, person to ${applicationRole}`)
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const statement of down08) await sql.raw(statement).execute(database)
}
