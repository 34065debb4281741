import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

/** The channel by which processes of one database tell each other what they may have kept and is not so any more. */
export const changesChannel = 'custody_changes'

// A hint that names no secret: who may do what (`access`), or the key, KEK or version that is to be forgotten (`keys`).
const up14 = [
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
]

export async function up(database: Past): Promise<void> {
  for (const statement of up14) await sql.raw(statement).execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('drop function custody_changed() cascade').execute(database)
}
