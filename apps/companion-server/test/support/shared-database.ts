import { startEmbedded } from '../../src/platform/postgres/embedded.ts'
import { copyDatabase } from './made-once.ts'

/** A PostgreSQL of its own that several servers use by its address. */
export async function startSharedDatabase(folder: string) {
  await copyDatabase(folder)
  const postgres = await startEmbedded(folder)
  const { user, database, host } = postgres.application
  return {
    ...postgres,
    url: `postgres://${String(user)}@/${String(database)}?host=${encodeURIComponent(String(host))}`,
  }
}
