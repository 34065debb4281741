import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up12 = [
  // A root that was rotated away is destroyed in its token; its row stays, so that its name is not used again.
  `alter table root_config drop constraint root_config_state_check, add check
    (state in ('staged', 'current', 'retained', 'destroyed'))`,
  // The receipt of level S1 stands beside that of S0, which it names.
  `alter table tombstone add column raised text`,
]

const down12 = [
  `alter table tombstone drop column raised`,
  `delete from root_config where state = 'destroyed'`,
  `alter table root_config drop constraint root_config_state_check, add check
    (state in ('staged', 'current', 'retained'))`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of up12) await sql.raw(statement).execute(database)
  await sql.raw(`grant update (raised) on tombstone to ${applicationRole}`).execute(database)
  await sql.raw(`grant update on import_key to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw(`revoke update on import_key from ${applicationRole}`).execute(database)
  await sql.raw(`revoke update (raised) on tombstone from ${applicationRole}`).execute(database)
  for (const statement of down12) await sql.raw(statement).execute(database)
}
