import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up18 = [
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
]

export async function up(database: Past): Promise<void> {
  for (const statement of up18) await sql.raw(statement).execute(database)
  // Nobody changes or takes back what was signed off.
  await sql.raw(`grant select, insert on access_review to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('drop table access_review').execute(database)
}
