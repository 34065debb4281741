import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up04 = [
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
]

const down04 = [
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
]

export async function up(database: Past): Promise<void> {
  for (const statement of up04) await sql.raw(statement).execute(database)
  await sql.raw(`grant select, insert, update, delete on role_grant to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const statement of down04) await sql.raw(statement).execute(database)
}
