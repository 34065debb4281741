import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

/** Migrations see the database as it was then, so they cannot use today's table types. */
type Past = Kysely<Record<string, never>>

const hex32 = (column: string) => `${column} text not null check (${column} ~ '^[0-9a-f]{64}$')`

const statements = [
  `alter table fhe_key add column organisation_id text references organisation`,
  `alter table fhe_share_commitment add column card text`,
  `create table fhe_epoch (
    fhe_key_id text not null references fhe_key,
    epoch integer not null check (epoch >= 0),
    ${hex32('epoch_id')} unique,
    t integer not null check (t > 0),
    n integer not null check (n >= t),
    ${hex32('public')},
    ${hex32('commitments')},
    ${hex32('policy_digest')},
    ${hex32('bundle_digest')},
    created_at timestamptz not null default now(),
    primary key (fhe_key_id, epoch))`,
  // A key from before this migration is still in the epoch in which it was dealt.
  `insert into fhe_epoch
    select key.id, key.epoch, key.evidence->>'epochId', key.t, key.n, key.evidence->>'public', key.commitments,
      import.policy_digest, key.bundle_digest, key.created_at
    from fhe_key key join bundle_import import on import.digest = key.bundle_digest and import.state = 'imported'`,
  `create table fhe_ciphertext (
    fhe_key_id text not null references fhe_key,
    ${hex32('digest')},
    ${hex32('sha256')},
    type text not null,
    width integer not null check (width in (64, 128)),
    blocks integer not null check (blocks between 1 and 1024),
    size integer not null check (size between 1 and 16777216),
    identity_id text not null references identity,
    created_at timestamptz not null default now(),
    primary key (fhe_key_id, digest),
    unique (fhe_key_id, sha256))`,
  `create table fhe_taken_request (
    fhe_key_id text not null references fhe_key,
    request_id text not null check (request_id ~ '^[0-9a-f]{32}$'),
    primary key (fhe_key_id, request_id))`,
  `create table fhe_spent (
    fhe_key_id text not null references fhe_key,
    ${hex32('epoch_id')},
    ${hex32('digest')},
    width integer not null check (width in (64, 128)),
    blocks integer not null check (blocks > 0),
    primary key (fhe_key_id, epoch_id, digest))`,
  `create table decrypt_request (
    fhe_key_id text not null references fhe_key,
    request_id text not null,
    ${hex32('digest')} unique,
    epoch integer not null,
    state text not null check (state in ('open', 'ready', 'released', 'closed', 'refused', 'expired')),
    package text not null,
    identity_id text not null references identity,
    width integer not null check (width in (64, 128)),
    reserved integer not null check (reserved >= 0),
    expires_at timestamptz not null,
    verified integer check (verified >= 0),
    claim text,
    cheaters jsonb,
    trouble text,
    result bytea,
    released_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (fhe_key_id, request_id),
    foreign key (fhe_key_id, request_id) references fhe_taken_request,
    foreign key (fhe_key_id, epoch) references fhe_epoch,
    check (state not in ('ready', 'released', 'closed') or claim is not null),
    check ((result is not null) = (state = 'released')))`,
  `create table partial_decryption (
    fhe_key_id text not null,
    request_id text not null,
    holder_index integer not null check (holder_index between 1 and 15),
    decision text not null check (decision in ('approved', 'refused')),
    answer text not null,
    sealed bytea check ((sealed is not null) = (decision = 'approved')),
    created_at timestamptz not null default now(),
    primary key (fhe_key_id, request_id, holder_index),
    foreign key (fhe_key_id, request_id) references decrypt_request)`,
]

const tables = [
  'fhe_epoch',
  'fhe_ciphertext',
  'fhe_taken_request',
  'fhe_spent',
  'decrypt_request',
  'partial_decryption',
]

export async function up(database: Past): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(database)
  await sql
    .raw(`grant select, insert, update, delete on ${tables.join(', ')} to ${applicationRole}`)
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const table of tables.toReversed()) await sql.raw(`drop table ${table}`).execute(database)
  await sql.raw('alter table fhe_share_commitment drop column card').execute(database)
  await sql.raw('alter table fhe_key drop column organisation_id').execute(database)
}
