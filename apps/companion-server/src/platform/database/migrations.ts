import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import * as first from './migrations/0001-first.ts'
import { applicationRole } from './migrations/0001-first.ts'
import * as threshold from './migrations/0002-threshold.ts'

/** `servedByOlder`: it only adds what the build before it needs nothing of, so that such a build serves on, and starts again, after it. */
export type Step = Migration & { readonly servedByOlder?: boolean }

/** Statements in order. They see the database as it was then, so they cannot use today's table types. */
function statements({
  up,
  down,
  servedByOlder = false,
}: {
  readonly up: readonly string[]
  readonly down: readonly string[]
  readonly servedByOlder?: boolean
}): Step {
  const all = (list: readonly string[]) => async (database: Kysely<Record<string, never>>) => {
    for (const statement of list) await sql.raw(statement).execute(database)
  }
  return { up: all(up), down: all(down), servedByOlder }
}

/** The channel by which processes of one database tell each other what they may have kept and is not so any more. */
export const changesChannel = 'custody_changes'

const ciphertextSize = (check: string, which = '') =>
  `alter table fhe_ciphertext drop constraint fhe_ciphertext_size_check,
    add constraint fhe_ciphertext_size_check check (${check})${which}`

/** Writes down what a request names, as it is opened. */
const requestOpened = (
  more: readonly string[],
) => `create or replace function custody_request_opened() returns trigger language plpgsql as $$
    begin
      insert into fhe_request_ciphertext (fhe_key_id, request_id, digest)
        select new.fhe_key_id, new.request_id, one->>'digest'
        from jsonb_array_elements(new.package::jsonb->'request'->'payload'->'ciphertexts') one;
      ${more.map((statement) => `${statement};`).join('\n')}
      return null;
    end $$`

/** What a row's state could be before bundles revoked keys. */
const statesBefore17 = [
  ['root_config', `'staged', 'current', 'retained', 'destroyed'`],
  ['organisation_kek', `'enabled', 'decrypt-only', 'disabled', 'destroyed'`],
  ['project_kek', `'enabled', 'decrypt-only', 'disabled', 'destroyed'`],
  ['key_version', `'pre-active', 'enabled', 'decrypt-only', 'disabled', 'compromised', 'destroyed'`],
] as const

const stateIn = (table: string, listed: string) =>
  `alter table ${table} drop constraint ${table}_state_check, add constraint ${table}_state_check
    check (state in (${listed}))`

/** Whose set had which rows when authority was sealed first; of an identity, the one organisation that it had roles in. */
const tenantBy = (table: string, column: string, above: string) =>
  [table, `(select authority_tenant from ${above} where ${above}.id = ${table}.${column})`] as const
const authorityBefore = [
  ['deployment', null],
  ['organisation', 'id'],
  ['project', 'organisation_id'],
  ['root_config', null],
  ['organisation_kek', 'organisation_id'],
  tenantBy('project_kek', 'project_id', 'project'),
  ['identity_provider', `coalesce(organisation_id, '')`],
  [
    'identity',
    `coalesce((select case when count(distinct coalesce(organisation_id, '')) = 1 then max(organisation_id) end
      from role_grant where identity_id = identity.id), '')`,
  ],
  ...['client_secret', 'person', 'authenticator', 'token'].map((table) =>
    tenantBy(table, 'identity_id', 'identity'),
  ),
  ['role_grant', `coalesce(organisation_id, '')`],
  ...['group_role', 'member', 'member_group'].map((table) =>
    tenantBy(table, 'provider_id', 'identity_provider'),
  ),
  tenantBy('member_of_group', 'group_id', 'member_group'),
  tenantBy('kmip_client', 'project_id', 'project'),
  ['external_key', 'organisation_id'],
  ['key', 'organisation_id'],
  tenantBy('key_version', 'key_id', 'key'),
  ['approval_request', 'organisation_id'],
  tenantBy('approval', 'request_id', 'approval_request'),
] as const

/** What goes with a row above it is taken by the writer of authority, which knows of it. */
const cascadesBefore = [
  ['member_of_group', 'group_id', 'member_group'],
  ['member_of_group', 'identity_id', 'member'],
  ['approval', 'request_id', 'approval_request'],
] as const
const withCascade = (how: string) =>
  cascadesBefore.map(
    ([table, column, above]) => `alter table ${table} drop constraint ${table}_${column}_fkey,
      add constraint ${table}_${column}_fkey foreign key (${column}) references ${above}${how}`,
  )

/** How a request to a threshold key ends. */
const ended = `('closed', 'refused', 'expired')`

/** In order; a released one is never changed. */
export const migrations: Readonly<Record<string, Step>> = {
  '0001-first': first,
  '0002-threshold': threshold,
  '0003-carried-budget': statements({
    up: [`alter table fhe_epoch add column carried bigint check (carried between 0 and 4294967295)`],
    down: [`alter table fhe_epoch drop column carried`],
  }),
  '0004-online-keys': statements({
    up: [
      // A root that this server's own token made, beside one that a ceremony brought.
      `alter table root_config add column origin text not null default 'ceremony' check (origin in ('ceremony', 'online'))`,
      `alter table root_config alter column bundle_digest drop not null`,
      `alter table root_config add check ((bundle_digest is not null) = (origin = 'ceremony'))`,
      `drop index root_config_current`,
      `create unique index root_config_current on root_config (node_id, origin) where state = 'current'`,
      // A key that is to be destroyed gives its name free at once.
      `alter table key add column destroy_at timestamptz, add column created_by text`,
      `alter table key drop constraint key_project_id_name_key`,
      `create unique index key_name on key (project_id, name) where destroy_at is null`,
      `create table role_grant (
        identity_id text not null references identity,
        role text not null check (role in
          ('server-admin', 'organisation-admin', 'crypto-officer', 'operator', 'service', 'user', 'auditor')),
        organisation_id text references organisation,
        project_id text references project,
        created_at timestamptz not null default now(),
        check (project_id is null or organisation_id is not null),
        unique nulls not distinct (identity_id, role, organisation_id, project_id))`,
      `insert into role_grant (identity_id, role, organisation_id, project_id)
        select id, case role when 'reader' then 'auditor' else role end, organisation_id, project_id from identity`,
      `alter table identity drop column role, drop column organisation_id, drop column project_id`,
      // The first server admin is made once, by a code that the server prints.
      `alter table deployment add column setup_code_hash bytea check (octet_length(setup_code_hash) = 32),
        add column setup_expires_at timestamptz, add column set_up_at timestamptz`,
      `grant select, insert, update, delete on role_grant to ${applicationRole}`,
    ],
    down: [
      `alter table deployment drop column setup_code_hash, drop column setup_expires_at, drop column set_up_at`,
      `alter table identity add column role text check (role in ('user', 'reader', 'operator')),
        add column organisation_id text references organisation, add column project_id text references project`,
      `update identity set role = old.role, organisation_id = old.organisation_id, project_id = old.project_id
        from (select distinct on (identity_id) identity_id, organisation_id, project_id,
            case role when 'operator' then 'operator' when 'auditor' then 'reader' else 'user' end as role
          from role_grant where (role = 'operator' and organisation_id is null)
            or (role in ('user', 'service', 'auditor') and project_id is not null)
          order by identity_id, created_at) as old
        where old.identity_id = identity.id`,
      // Version 0.1 has no place for who has none of its three roles.
      `delete from token where identity_id in (select id from identity where role is null)`,
      `drop table role_grant`,
      `delete from identity where role is null`,
      `alter table identity alter column role set not null`,
      `alter table identity add check ((project_id is null) = (role = 'operator'))`,
      `drop index key_name`,
      `update key set name = name || ' ' || id where destroy_at is not null`,
      `alter table key drop column destroy_at, drop column created_by`,
      `alter table key add constraint key_project_id_name_key unique (project_id, name)`,
      `drop index root_config_current`,
      `update root_config set state = 'retained' where origin = 'online'`,
      `alter table root_config drop column origin`,
      `update root_config set bundle_digest = '' where bundle_digest is null`,
      `alter table root_config alter column bundle_digest set not null`,
      `create unique index root_config_current on root_config (node_id) where state = 'current'`,
    ],
  }),
  /** How large a ciphertext may be is said once, where it is taken in. Taken back, only new rows are checked: larger ones stay. */
  '0005-ciphertext-size': statements({
    up: [ciphertextSize('size >= 1')],
    down: [ciphertextSize('size between 1 and 16777216', ' not valid')],
  }),
  '0006-key-lifecycle': statements({
    up: [
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
      `grant select, insert, delete on import_key to ${applicationRole}`,
      `grant select, insert on tombstone to ${applicationRole}`,
    ],
    down: [
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
    ],
  }),
  /** What KMIP says of keys, and who speaks it. */
  '0007-kmip': statements({
    up: [
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
      `grant select, insert, update, delete on kmip_client to ${applicationRole}`,
    ],
    down: [
      `drop table kmip_client`,
      `alter table project drop column plain_export`,
      `drop index key_label`,
      `alter table key drop column label, drop column is_sensitive, drop column usage_mask, drop column raw_uses,
        drop column attributes, drop column lifecycle`,
    ],
  }),
  '0008-people': statements({
    up: [
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
      `grant select, insert, update, delete on client_secret, person to ${applicationRole}`,
    ],
    down: [
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
    ],
  }),
  '0009-audit-checkpoints': statements({
    up: [
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
      `grant select, insert on audit_checkpoint, audit_checkpoint_range to ${applicationRole}`,
      `grant select, insert, update on audit_writer to ${applicationRole}`,
    ],
    down: [
      `drop table audit_checkpoint_range, audit_checkpoint, audit_writer`,
      // The version before needs an entry in each row; those that are no longer kept cannot be had again.
      `delete from audit where entry is null`,
      `drop index audit_project`,
      `drop index audit_time`,
      `alter table audit drop column leaf, alter column entry set not null`,
      `alter table audit drop column organisation_id, drop column key_id, drop column operation, drop column outcome`,
    ],
  }),
  '0010-external-keys': statements({
    up: [
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
      `grant select, insert, update, delete on external_key to ${applicationRole}`,
    ],
    down: [`drop table external_key`],
  }),
  '0011-sign-on': statements({
    up: [
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
      `grant select, insert, update, delete on identity_provider, group_role, member, member_group, member_of_group,
            sign_on_attempt to ${applicationRole}`,
    ],
    down: [
      // Nobody is left who says who they are.
      `update token set revoked_at = now() where revoked_at is null and identity_id in (select identity_id from member)`,
      `update identity set revoked_at = now() where revoked_at is null and id in (select identity_id from member)`,
      `alter table deployment drop column sign_on_required`,
      `alter table person drop column break_glass`,
      `drop table sign_on_attempt, member_of_group, member_group, member, group_role, identity_provider`,
    ],
  }),
  '0012-kek-rotation': statements({
    up: [
      // A root that was rotated away is destroyed in its token; its row stays, so that its name is not used again.
      `alter table root_config drop constraint root_config_state_check, add check
        (state in ('staged', 'current', 'retained', 'destroyed'))`,
      // The receipt of level S1 stands beside that of S0, which it names.
      `alter table tombstone add column raised text`,
      `grant update (raised) on tombstone to ${applicationRole}`,
      `grant update on import_key to ${applicationRole}`,
    ],
    down: [
      `revoke update on import_key from ${applicationRole}`,
      `revoke update (raised) on tombstone from ${applicationRole}`,
      `alter table tombstone drop column raised`,
      `delete from root_config where state = 'destroyed'`,
      `alter table root_config drop constraint root_config_state_check, add check
        (state in ('staged', 'current', 'retained'))`,
    ],
  }),
  '0013-approvals': statements({
    up: [
      `create table approval_request (
        id text primary key,
        identity_id text not null references identity,
        operation text not null,
        organisation_id text not null references organisation,
        project_id text not null references project,
        key_id text not null references key,
        asked text not null,
        needed integer not null check (needed > 0),
        approvers jsonb not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz)`,
      // One of each is open at a time.
      `create unique index approval_request_open on approval_request (identity_id, operation, key_id, asked)
        where used_at is null`,
      `create table approval (
        request_id text not null references approval_request on delete cascade,
        identity_id text not null references identity,
        approves boolean not null,
        decided_at timestamptz not null,
        primary key (request_id, identity_id))`,
      `grant select, insert, update, delete on approval_request, approval to ${applicationRole}`,
    ],
    down: [
      // A role that waits for approvals is not the whole role in the version before.
      `delete from role_grant where conditions ? 'approvals'`,
      `drop table approval, approval_request`,
    ],
  }),
  '0014-changes': statements({
    up: [
      // A hint that names no secret: who may do what (`access`), or the key, KEK or version that is to be forgotten (`keys`).
      `create function custody_changed() returns trigger language plpgsql as $$
    begin
      perform pg_notify('${changesChannel}', tg_argv[0]);
      return null;
    end $$`,
      ...['token', 'identity', 'kmip_client'].map(
        (table) => `create trigger custody_changed after update of revoked_at or delete on ${table}
          for each statement execute function custody_changed('access')`,
      ),
      `create trigger custody_changed after insert or update or delete on role_grant
        for each statement execute function custody_changed('access')`,
      ...['key_version', 'project_kek', 'organisation_kek'].map(
        (table) => `create trigger custody_changed after update of state or delete on ${table}
          for each statement execute function custody_changed('keys')`,
      ),
    ],
    down: [`drop function custody_changed() cascade`],
  }),
  '0015-authenticators': statements({
    up: [
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
      `grant select, insert, update, delete on authenticator, answered_challenge to ${applicationRole}`,
    ],
    down: [`drop table answered_challenge, authenticator`],
  }),
  '0016-idempotent-calls': statements({
    up: [
      `create table idempotent_call (
            identity_id text not null references identity on delete cascade,
            key text not null,
            call bytea not null,
            status integer,
            reply bytea,
            expires_at timestamptz not null,
            primary key (identity_id, key))`,
      `create index idempotent_call_expires on idempotent_call (expires_at)`,
      `grant select, insert, update, delete on idempotent_call to ${applicationRole}`,
    ],
    down: [`drop table idempotent_call`],
  }),
  /** A bundle may revoke keys, at every level. */
  '0017-revoked-keys': statements({
    up: statesBefore17.map(([table, listed]) => stateIn(table, `${listed}, 'revoked'`)),
    down: statesBefore17.flatMap(([table, listed]) => [
      `update ${table} set state = '${table === 'root_config' ? 'retained' : 'disabled'}' where state = 'revoked'`,
      stateIn(table, listed),
    ]),
  }),
  '0018-access-reviews': statements({
    up: [
      // What an admin signed off: who had which roles then, in an organisation or, where it is null, in the whole deployment.
      `create table access_review (
        id text primary key,
        organisation_id text references organisation,
        reviewer_id text not null references identity,
        reviewed_at timestamptz not null,
        access_digest text not null check (length(access_digest) = 64),
        access jsonb not null,
        payload text not null,
        signatures text not null)`,
      `create index access_review_time on access_review (reviewed_at)`,
      // Nobody changes or takes back what was signed off.
      `grant select, insert on access_review to ${applicationRole}`,
    ],
    down: [`drop table access_review`],
  }),
  '0019-alerts': statements({
    up: [
      `create table alert_rule (
        id text primary key,
        organisation_id text not null references organisation,
        rule jsonb not null,
        created_at timestamptz not null,
        removed_at timestamptz)`,
      `create table alert (
        id text primary key,
        rule_id text not null references alert_rule,
        organisation_id text not null references organisation,
        identity_id text not null,
        at timestamptz not null,
        seen integer not null)`,
      `create index alert_last on alert (rule_id, identity_id, at)`,
      // Up to which checkpoint of the audit log the rules have been applied.
      `create table alert_watch (only_one boolean primary key default true check (only_one), checkpoint bigint not null)`,
      `create table webhook (
        id text primary key,
        organisation_id text not null references organisation,
        name text not null,
        url text not null,
        secret_sealed bytea not null,
        created_at timestamptz not null,
        removed_at timestamptz)`,
      // A durable queue: what waits has a time of its next try.
      `create table webhook_delivery (
        id text primary key,
        webhook_id text not null references webhook,
        event text not null,
        body text not null,
        tries integer not null default 0,
        next_at timestamptz,
        status integer,
        failure text,
        delivered_at timestamptz,
        created_at timestamptz not null)`,
      `create index webhook_delivery_due on webhook_delivery (next_at) where next_at is not null`,
      `grant select, insert, update, delete on alert_rule, alert, alert_watch, webhook, webhook_delivery to ${applicationRole}`,
    ],
    down: [`drop table webhook_delivery, webhook, alert_watch, alert, alert_rule`],
  }),
  /** When a session's person was proved, which is not always when it began: an identity provider may know who sits there since the morning. */
  '0020-proved-at': statements({
    servedByOlder: true,
    up: ['token', 'sign_on_attempt'].map((table) => `alter table ${table} add column proved_at timestamptz`),
    down: ['token', 'sign_on_attempt'].map((table) => `alter table ${table} drop column proved_at`),
  }),
  '0021-scim-token-time': statements({
    servedByOlder: true,
    up: [`alter table identity_provider add column scim_token_made_at timestamptz`],
    down: [`alter table identity_provider drop column scim_token_made_at`],
  }),
  /** Keys of other KMSs that were removed: what they encrypted names them, and opens once they are configured again. */
  '0022-removed-external-keys': statements({
    servedByOlder: true,
    up: [
      `create table removed_external_key (
            id text primary key,
            project_id text not null references project,
            name text not null,
            removed_at timestamptz not null)`,
      `grant select, insert, update, delete on removed_external_key to ${applicationRole}`,
    ],
    down: [`drop table removed_external_key`],
  }),
  /** What is done with a key of another KMS waits for people too: such a key is in another table. */
  '0023-approvals-of-external-keys': statements({
    servedByOlder: true,
    up: [`alter table approval_request drop constraint approval_request_key_id_fkey`],
    down: [
      `delete from approval_request where key_id not in (select id from key)`,
      `alter table approval_request add foreign key (key_id) references key`,
    ],
  }),
  '0024-ended-grants': statements({
    servedByOlder: true,
    up: [
      // A role that somebody had once: a report of that time names it. By a trigger, so that no way of taking a role can leave it out.
      `create table role_grant_ended (
        identity_id text not null references identity,
        role text not null,
        organisation_id text references organisation,
        project_id text references project,
        conditions jsonb,
        created_at timestamptz not null,
        ended_at timestamptz not null default now())`,
      `create index role_grant_ended_time on role_grant_ended (ended_at)`,
      `create function custody_grant_ended() returns trigger language plpgsql as $$
    begin
      insert into role_grant_ended (identity_id, role, organisation_id, project_id, conditions, created_at)
        values (old.identity_id, old.role, old.organisation_id, old.project_id, old.conditions, old.created_at);
      return null;
    end $$`,
      `create trigger custody_grant_ended after delete on role_grant
        for each row execute function custody_grant_ended()`,
      // Nobody changes or takes back what was.
      `grant select, insert on role_grant_ended to ${applicationRole}`,
    ],
    down: [`drop function custody_grant_ended() cascade`, `drop table role_grant_ended`],
  }),
  /** Keys leave wrapped under keys that somebody has, and none in the clear. An older server lets none leave so. */
  '0025-wrapped-export': statements({
    servedByOlder: true,
    up: [`alter table project add column wrapped_export boolean not null default false`],
    down: [`alter table project drop column wrapped_export`],
  }),
  '0026-removed-ciphertexts': statements({
    servedByOlder: true,
    up: [
      // A ciphertext that no request needs any more loses its file and keeps its digest. By triggers, so that no request is left out, one of
      // an older build that still serves neither.
      `alter table fhe_ciphertext add column removed_at timestamptz`,
      `alter table decrypt_request add column ended_at timestamptz`,
      `update decrypt_request set ended_at = now() where state in ${ended}`,
      `create function custody_request_ended() returns trigger language plpgsql as $$
    begin
      if new.state in ${ended} and new.ended_at is null then
        new.ended_at := now();
      end if;
      return new;
    end $$`,
      `create trigger custody_request_ended before insert or update on decrypt_request
        for each row execute function custody_request_ended()`,
      `create table fhe_request_ciphertext (
        fhe_key_id text not null,
        request_id text not null,
        digest text not null,
        primary key (fhe_key_id, request_id, digest),
        foreign key (fhe_key_id, request_id) references decrypt_request,
        foreign key (fhe_key_id, digest) references fhe_ciphertext)`,
      `create index fhe_request_ciphertext_digest on fhe_request_ciphertext (fhe_key_id, digest)`,
      `insert into fhe_request_ciphertext (fhe_key_id, request_id, digest)
        select fhe_key_id, request_id, one->>'digest'
        from decrypt_request, jsonb_array_elements(package::jsonb->'request'->'payload'->'ciphertexts') one`,
      `create function custody_request_opened() returns trigger language plpgsql as $$
    begin
      insert into fhe_request_ciphertext (fhe_key_id, request_id, digest)
        select new.fhe_key_id, new.request_id, one->>'digest'
        from jsonb_array_elements(new.package::jsonb->'request'->'payload'->'ciphertexts') one;
      return null;
    end $$`,
      `create trigger custody_request_opened after insert on decrypt_request
        for each row execute function custody_request_opened()`,
      `grant select, insert on fhe_request_ciphertext to ${applicationRole}`,
    ],
    down: [
      `drop function custody_request_opened() cascade`,
      `drop table fhe_request_ciphertext`,
      `drop function custody_request_ended() cascade`,
      `alter table decrypt_request drop column ended_at`,
      `alter table fhe_ciphertext drop column removed_at`,
    ],
  }),
  /** Who is to be the first admin and has not enrolled: a set-up takes the place of nobody else. */
  '0027-set-up-person': statements({
    servedByOlder: true,
    up: [`alter table deployment add column set_up_person text`],
    down: [`alter table deployment drop column set_up_person`],
  }),
  /** Each entry of the audit log has a MAC from now on. An older server writes none, so that its entries would be taken for forged. */
  '0029-audit-macs': statements({
    up: [
      `alter table audit add column mac bytea`,
      // Where to look for a checkpoint: no row that somebody else put there stops one.
      `grant update on audit_checkpoint_range to ${applicationRole}`,
    ],
    down: [
      `revoke update on audit_checkpoint_range from ${applicationRole}`,
      `alter table audit drop column mac`,
    ],
  }),
  /** Checkpoints are leaves of one log, whose notes witnesses cosign. */
  '0030-audit-log': statements({
    servedByOlder: true,
    up: [
      `create table audit_tree (
        level smallint not null,
        index bigint not null,
        hash bytea not null check (octet_length(hash) = 32),
        primary key (level, index))`,
      `create table audit_note (size bigint primary key check (size > 0), note text not null, time timestamptz not null)`,
      // What each witness cosigned last, and how its last answer was.
      `create table audit_witness (
        name text primary key,
        size bigint not null default 0,
        line text,
        cosigned_at timestamptz,
        answer text not null,
        asked_at timestamptz not null)`,
      `grant select, insert, update on audit_tree, audit_note, audit_witness to ${applicationRole}`,
    ],
    down: [`drop table audit_witness, audit_note, audit_tree`],
  }),
  /** Rows that grant, restrict or name are vouched for by the root: docs/adr/0049. Those from before it wait for accept-state. */
  '0031-sealed-authority': statements({
    up: [
      `create table authority_set (tenant text primary key, counter bigint not null check (counter > 0), sealed bytea not null)`,
      `grant select, insert, update on authority_set to ${applicationRole}`,
      ...authorityBefore.flatMap(([table, tenant]) => [
        `alter table ${table} add column authority_tenant text not null default '',
          add column authority_mac bytea check (octet_length(authority_mac) = 32)`,
        ...(tenant === null ? [] : [`update ${table} set authority_tenant = ${tenant}`]),
      ]),
      ...withCascade(''),
    ],
    down: [
      ...withCascade(' on delete cascade'),
      ...authorityBefore.map(
        ([table]) => `alter table ${table} drop column authority_tenant, drop column authority_mac`,
      ),
      `drop table authority_set`,
    ],
  }),
  '0033-factor-of-session': statements({
    up: [`alter table token add column proved_by text`],
    down: [`alter table token drop column proved_by`],
  }),
  /** Who made what somebody comes in by, and changes of roles that wait for approvers: docs/adr/0051. */
  '0034-separated-duties': statements({
    up: [
      ...['client_secret', 'person', 'token', 'kmip_client'].map(
        (table) => `alter table ${table} add column made_by jsonb`,
      ),
      `alter table person add column invited_by jsonb`,
      `alter table approval add column hands jsonb`,
      `alter table approval_request add column hands jsonb,
        alter column organisation_id drop not null, alter column project_id drop not null, alter column key_id drop not null`,
      `drop index approval_request_open`,
      `create unique index approval_request_open
        on approval_request (identity_id, operation, coalesce(key_id, ''), asked) where used_at is null`,
    ],
    down: [
      `delete from approval where request_id in (select id from approval_request where key_id is null)`,
      `delete from approval_request where key_id is null`,
      `drop index approval_request_open`,
      `create unique index approval_request_open on approval_request (identity_id, operation, key_id, asked)
        where used_at is null`,
      `alter table approval_request drop column hands, alter column organisation_id set not null,
        alter column project_id set not null, alter column key_id set not null`,
      `alter table approval drop column hands`,
      `alter table person drop column invited_by`,
      ...['client_secret', 'person', 'token', 'kmip_client'].map(
        (table) => `alter table ${table} drop column made_by`,
      ),
    ],
  }),
  /** An older server keeps to its own limit. */
  '0035-ciphertext-quota': statements({
    servedByOlder: true,
    up: [
      `create table ciphertext_quota (
        organisation_id text unique references organisation,
        fhe_key_id text unique references fhe_key,
        bytes bigint not null check (bytes >= 0),
        check (num_nonnulls(organisation_id, fhe_key_id) = 1))`,
      `grant select, insert, update on ciphertext_quota to ${applicationRole}`,
    ],
    down: [`drop table ciphertext_quota`],
  }),
  /** What came and went with each change, so that a server learns of what another one did without reading everything. */
  '0036-live-authority': statements({
    servedByOlder: true,
    up: [
      `create table authority_change (
        tenant text not null,
        counter bigint not null,
        added bytea not null,
        removed bytea not null,
        primary key (tenant, counter))`,
      `grant select, insert, update, delete on authority_change to ${applicationRole}`,
    ],
    down: [`drop table authority_change`],
  }),
  /** What officers of the ceremony sign where too few approvers are left. */
  '0037-approval-override': statements({
    up: [`alter table approval_request add column override jsonb`],
    down: [`alter table approval_request drop column override`],
  }),
  /** Services log in without a secret. An older server does not know who came in by a rule. */
  '0038-workload-rules': statements({
    up: [
      `create table workload_rule (
        id text primary key,
        identity_id text not null references identity,
        name text not null,
        kind text not null check (kind in ('jwt', 'kubernetes', 'certificate')),
        settings jsonb not null,
        token_ttl_seconds integer not null check (token_ttl_seconds > 0),
        made_by jsonb,
        created_at timestamptz not null default now(),
        revoked_at timestamptz,
        authority_tenant text not null default '',
        authority_mac bytea check (octet_length(authority_mac) = 32))`,
      `create index workload_rule_identity on workload_rule (identity_id)`,
      `create table workload_jti (
        rule_id text not null references workload_rule,
        jti_hash bytea not null check (octet_length(jti_hash) = 32),
        expires_at timestamptz not null,
        primary key (rule_id, jti_hash))`,
      `create index workload_jti_expiry on workload_jti (expires_at)`,
      `alter table token add column workload_rule_id text references workload_rule`,
      `grant select, insert, update, delete on workload_rule, workload_jti to ${applicationRole}`,
    ],
    down: [
      `delete from token where workload_rule_id is not null`,
      `alter table token drop column workload_rule_id`,
      `drop table workload_jti, workload_rule`,
    ],
  }),
  /** Lists of a million entries: what each is searched by. */
  '0039-audit-lists': statements({
    servedByOlder: true,
    up: [
      `create index audit_identity on audit (identity_id, time)`,
      `create index audit_key on audit (key_id, time) where key_id is not null`,
      `create index audit_organisation on audit (organisation_id, time)`,
      `create index audit_operation on audit (operation, time)`,
      `create index audit_refusal on audit (time) where outcome <> 'ok'`,
    ],
    down: [`drop index audit_identity, audit_key, audit_organisation, audit_operation, audit_refusal`],
  }),
  /** Requests of version 2 name batches: their ciphertexts stand beside the signed request. An older server refuses such a request. */
  '0040-batches': statements({
    servedByOlder: true,
    up: [
      requestOpened([
        `insert into fhe_request_ciphertext (fhe_key_id, request_id, digest)
          select new.fhe_key_id, new.request_id, one
          from jsonb_array_elements(new.package::jsonb->'batches') batch, jsonb_array_elements_text(batch) one`,
      ]),
    ],
    down: [requestOpened([])],
  }),
}
