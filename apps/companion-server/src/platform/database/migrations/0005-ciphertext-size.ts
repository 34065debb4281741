import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

/** How large a ciphertext may be is said once, where it is taken in. */
export async function up(database: Past): Promise<void> {
  await replaced('size >= 1').execute(database)
}

/** What is larger than the table took before stays: only new rows are checked. */
export async function down(database: Past): Promise<void> {
  await replaced('size between 1 and 16777216', ' not valid').execute(database)
}

const replaced = (check: string, which = '') =>
  sql.raw(`alter table fhe_ciphertext drop constraint fhe_ciphertext_size_check,
    add constraint fhe_ciphertext_size_check check (${check})${which}`)
