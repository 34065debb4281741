import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

export const servedByOlder = true

// A role that somebody had once: a report of that time names it. By a trigger, so that no way of taking a role can leave it out.
const up22 = [
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
]

export async function up(database: Past): Promise<void> {
  for (const statement of up22) await sql.raw(statement).execute(database)
  // Nobody changes or takes back what was.
  await sql.raw(`grant select, insert on role_grant_ended to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('drop function custody_grant_ended() cascade').execute(database)
  await sql.raw('drop table role_grant_ended').execute(database)
}
