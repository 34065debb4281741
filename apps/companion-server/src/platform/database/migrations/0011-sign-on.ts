import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up11 = [
  // Who says, for its members, who they are and in which groups.
  `create table identity_provider (
    id text primary key,
    name text not null,
    organisation_id text references organisation,
    kind text not null check (kind in ('oidc', 'saml')),
    settings jsonb not null,
    secret_sealed bytea,
    scim_token_hash bytea unique check (octet_length(scim_token_hash) = 32),
    created_at timestamptz not null default now(),
    removed_at timestamptz)`,
  `create unique index identity_provider_name on identity_provider (name) where removed_at is null`,
  `create table group_role (
    id text primary key,
    provider_id text not null references identity_provider,
    group_name text not null check (length(group_name) between 1 and 256),
    role text not null,
    organisation_id text references organisation,
    project_id text references project,
    conditions jsonb,
    unique nulls not distinct (provider_id, group_name, role, organisation_id, project_id))`,
  `create table member (
    identity_id text primary key references identity,
    provider_id text not null references identity_provider,
    subject text not null check (length(subject) between 1 and 512),
    groups jsonb not null default '[]',
    username text,
    given_name text,
    family_name text,
    email text,
    external_id text,
    deactivated_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (provider_id, subject))`,
  `create unique index member_username on member (provider_id, lower(username)) where username is not null`,
  `create table member_group (
    id text primary key,
    provider_id text not null references identity_provider,
    name text not null check (length(name) between 1 and 256),
    external_id text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (provider_id, name))`,
  `create table member_of_group (
    group_id text not null references member_group on delete cascade,
    identity_id text not null references member on delete cascade,
    primary key (group_id, identity_id))`,
  // What one log-in is checked against, once; then whom it proved, until the browser that began it takes the token.
  `create table sign_on_attempt (
    state_hash bytea primary key check (octet_length(state_hash) = 32),
    provider_id text not null references identity_provider,
    browser_hash bytea not null unique check (octet_length(browser_hash) = 32),
    checks_sealed bytea,
    identity_id text references identity,
    expires_at timestamptz not null)`,
  `alter table person add column break_glass boolean not null default false`,
  `alter table deployment add column sign_on_required boolean not null default false`,
]

const down11 = [
  // Nobody is left who says who they are.
  `update token set revoked_at = now() where revoked_at is null and identity_id in (select identity_id from member)`,
  `update identity set revoked_at = now() where revoked_at is null and id in (select identity_id from member)`,
  `alter table deployment drop column sign_on_required`,
  `alter table person drop column break_glass`,
  `drop table sign_on_attempt, member_of_group, member_group, member, group_role, identity_provider`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of up11) await sql.raw(statement).execute(database)
  await sql
    .raw(
      `grant select, insert, update, delete on identity_provider, group_role, member, member_group, member_of_group,
        sign_on_attempt to ${applicationRole}`,
    )
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const statement of down11) await sql.raw(statement).execute(database)
}
