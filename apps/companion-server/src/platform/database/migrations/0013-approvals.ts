import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up13 = [
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
]

export async function up(database: Past): Promise<void> {
  for (const statement of up13) await sql.raw(statement).execute(database)
  await sql
    .raw(`grant select, insert, update, delete on approval_request, approval to ${applicationRole}`)
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  // A role that waits for approvals is not the whole role in the version before.
  await sql.raw(`delete from role_grant where conditions ? 'approvals'`).execute(database)
  await sql.raw('drop table approval, approval_request').execute(database)
}
