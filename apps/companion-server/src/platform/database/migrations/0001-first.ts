import { type Kysely, sql } from 'kysely'

/** Migrations see the database as it was then, so they cannot use today's table types. */
type Past = Kysely<Record<string, never>>

const statements = [
  `create table deployment (
    id text primary key check (id ~ '^[0-9a-f]{32}$'),
    domain text not null check (domain in ('production', 'rehearsal')),
    card jsonb not null,
    audience text not null unique check (audience ~ '^[0-9a-f]{64}$'),
    created_at timestamptz not null default now())`,
  `create table node (
    id text primary key check (id ~ '^[0-9a-f]{32}$'),
    deployment_id text not null references deployment,
    token_serial text not null,
    created_at timestamptz not null default now())`,
  `create table policy (
    digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
    version integer not null check (version > 0),
    domain text not null check (domain in ('production', 'rehearsal')),
    document text not null,
    pinned_at timestamptz not null default now())`,
  `create table bundle_import (
    id bigint generated always as identity primary key,
    digest text check (digest ~ '^[0-9a-f]{64}$'),
    file_digest text not null check (file_digest ~ '^[0-9a-f]{64}$'),
    audience text,
    ceremony_id text,
    sequence bigint,
    previous text,
    policy_digest text references policy,
    state text not null check (state in ('staged', 'imported', 'refused')),
    rule text check ((rule is not null) = (state = 'refused')),
    receipt text check ((receipt is null) = (state = 'staged')),
    provenance jsonb,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    check (state = 'refused' or (digest is not null and audience is not null and sequence is not null)))`,
  `create unique index bundle_import_once on bundle_import (digest) where state in ('staged', 'imported')`,
  `create unique index bundle_import_sequence on bundle_import (audience, sequence) where state = 'imported'`,
  `create table root_config (
    root_id text not null check (root_id ~ '^[0-9a-f]{32}$'),
    node_id text not null references node,
    cka_id text not null check (cka_id ~ '^[0-9a-f]{32}$'),
    version integer not null check (version > 0),
    state text not null check (state in ('staged', 'current', 'retained')),
    mechanism text not null,
    possession text not null check (possession ~ '^[0-9a-f]{64}$'),
    attributes jsonb not null,
    bundle_digest text not null,
    created_at timestamptz not null default now(),
    primary key (root_id, node_id))`,
  `create unique index root_config_current on root_config (node_id) where state = 'current'`,
  `create table organisation (
    id text primary key,
    name text not null,
    ceremony_only boolean not null default false,
    created_at timestamptz not null default now())`,
  `create table project (
    id text primary key,
    organisation_id text not null references organisation,
    name text not null,
    created_at timestamptz not null default now())`,
  wrappedTable(
    'organisation_kek',
    'organisation_id text not null references organisation',
    'kek_id text not null',
  ),
  wrappedTable('project_kek', 'project_id text not null references project', 'kek_id text not null'),
  `create table key (
    id text primary key,
    envelope_id bytea not null unique check (octet_length(envelope_id) = 16),
    organisation_id text not null references organisation,
    project_id text not null references project,
    name text not null,
    description text,
    key_usage text not null,
    algorithm text not null,
    current_version integer not null check (current_version > 0),
    min_decrypt_version integer not null default 1,
    is_disabled boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (project_id, name))`,
  wrappedTable('key_version', 'key_id text not null references key'),
  `create table identity (
    id text primary key,
    name text not null,
    role text not null check (role in ('user', 'reader', 'operator')),
    organisation_id text references organisation,
    project_id text references project,
    client_id text not null unique,
    client_secret_hash bytea not null check (octet_length(client_secret_hash) = 32),
    token_ttl_seconds integer not null check (token_ttl_seconds > 0),
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    check ((project_id is null) = (role = 'operator')))`,
  `create table token (
    hash bytea primary key check (octet_length(hash) = 32),
    identity_id text not null references identity,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz)`,
  `create index token_expiry on token (expires_at)`,
  `create table login_failure (
    account text not null,
    source text not null,
    failures integer not null,
    window_started_at timestamptz not null,
    primary key (account, source))`,
  `create table audit (
    writer text not null,
    seq bigint not null,
    prev bytea not null check (octet_length(prev) = 32),
    salt bytea not null check (octet_length(salt) = 16),
    entry text not null,
    hash bytea not null check (octet_length(hash) = 32),
    req_id text not null,
    identity_id text,
    project_id text,
    time timestamptz not null,
    primary key (writer, seq))`,
  `create index audit_request on audit (req_id)`,
  `create table fhe_key (
    id text primary key,
    type text not null,
    mode text not null,
    t integer not null check (t > 0),
    n integer not null check (n >= t),
    epoch bigint not null,
    commitments text not null,
    evidence jsonb not null,
    bundle_digest text not null,
    created_at timestamptz not null default now())`,
  `create table fhe_share_commitment (
    fhe_key_id text not null references fhe_key,
    epoch integer not null,
    holder_index integer not null check (holder_index > 0),
    envelope text not null,
    holder text not null,
    primary key (fhe_key_id, epoch, holder_index))`,
]

const changeable = [
  'deployment',
  'node',
  'policy',
  'bundle_import',
  'root_config',
  'organisation',
  'project',
  'organisation_kek',
  'project_kek',
  'key',
  'key_version',
  'identity',
  'token',
  'login_failure',
  'fhe_key',
  'fhe_share_commitment',
]

/** The group role of the server's own connections: members may add audit rows and never change or remove one. */
export const applicationRole = 'custody_app'

export async function up(database: Past): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(database)
  await sql
    .raw(
      `do $$ begin
         if not exists (select from pg_roles where rolname = '${applicationRole}') then
           create role ${applicationRole} nologin nosuperuser nocreatedb nocreaterole;
         end if;
       end $$`,
    )
    .execute(database)
  await sql
    .raw(`grant select, insert, update, delete on ${changeable.map(quoted).join(', ')} to ${applicationRole}`)
    .execute(database)
  await sql.raw(`grant select, insert on audit to ${applicationRole}`).execute(database)
  await sql.raw(`grant select on kysely_migration to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw(`revoke all on kysely_migration from ${applicationRole}`).execute(database)
  for (const table of ['audit', ...changeable.toReversed()]) {
    await sql.raw(`drop table ${quoted(table)}`).execute(database)
  }
}

function wrappedTable(name: string, owner: string, extra?: string): string {
  const ownerColumn = owner.split(' ')[0]
  return `create table ${name} (
    ${extra === undefined ? '' : `${extra},`}
    ${owner},
    version integer not null check (version > 0),
    algorithm text not null,
    wrapped bytea not null,
    wrapping_kek_id text not null,
    wrapping_kek_version integer not null,
    origin text not null check (origin in ('ceremony', 'online')),
    bundle_digest text,
    state text not null check (state in ('enabled', 'decrypt-only', 'disabled', 'destroyed')),
    mac bytea not null check (octet_length(mac) = 32),
    created_at timestamptz not null default now(),
    primary key (${ownerColumn}, version),
    check ((bundle_digest is not null) = (origin = 'ceremony')))`
}

function quoted(name: string): string {
  return `"${name}"`
}
