import { sql } from 'kysely'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { connect } from '../../src/platform/database/open.ts'
import { startEmbedded } from '../../src/platform/postgres/embedded.ts'

/** A PostgreSQL of its own that several servers use by its address. */
export async function startSharedDatabase(folder: string) {
  const postgres = await startEmbedded(folder)
  const owner = connect(postgres.owner)
  await migrateUp(owner)
  const { user, database, host } = postgres.application
  await sql.raw(`grant custody_app to ${String(user)}`).execute(owner)
  await owner.destroy()
  return {
    ...postgres,
    url: `postgres://${String(user)}@/${String(database)}?host=${encodeURIComponent(String(host))}`,
  }
}
