import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up15 = [
  // Public keys of people's authenticators (WebAuthn): second factors beside the codes of an app.
  `create table authenticator (
    id text primary key,
    credential_id text not null unique check (length(credential_id) between 1 and 1400),
    identity_id text not null references person,
    name text not null,
    public_key bytea not null,
    counter bigint not null check (counter >= 0),
    transports jsonb not null default '[]',
    created_at timestamptz not null,
    used_at timestamptz)`,
  `create index authenticator_of on authenticator (identity_id)`,
  // A challenge is kept only once it has been answered rightly: strangers who ask for many leave nothing behind.
  `create table answered_challenge (
    hash bytea primary key check (octet_length(hash) = 32),
    expires_at timestamptz not null)`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of up15) await sql.raw(statement).execute(database)
  await sql
    .raw(`grant select, insert, update, delete on authenticator, answered_challenge to ${applicationRole}`)
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('drop table answered_challenge, authenticator').execute(database)
}
