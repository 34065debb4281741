import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

const states: Readonly<Record<string, string>> = {
  root_config: `'staged', 'current', 'retained', 'destroyed'`,
  organisation_kek: `'enabled', 'decrypt-only', 'disabled', 'destroyed'`,
  project_kek: `'enabled', 'decrypt-only', 'disabled', 'destroyed'`,
  key_version: `'pre-active', 'enabled', 'decrypt-only', 'disabled', 'compromised', 'destroyed'`,
}

const allow = (table: string, listed: string) =>
  `alter table ${table} drop constraint ${table}_state_check, add constraint ${table}_state_check
    check (state in (${listed}))`

/** A bundle may revoke keys, at every level. */
export async function up(database: Past): Promise<void> {
  for (const [table, listed] of Object.entries(states))
    await sql.raw(allow(table, `${listed}, 'revoked'`)).execute(database)
}

export async function down(database: Past): Promise<void> {
  for (const [table, listed] of Object.entries(states)) {
    const without = table === 'root_config' ? 'retained' : 'disabled'
    await sql.raw(`update ${table} set state = '${without}' where state = 'revoked'`).execute(database)
    await sql.raw(allow(table, listed)).execute(database)
  }
}
