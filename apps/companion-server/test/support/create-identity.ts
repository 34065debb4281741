import { type Credentials, insertIdentity, type NewIdentity } from '../../src/access/tokens.ts'
import type { Database } from '../../src/platform/database/open.ts'

/** An identity that nobody had to be asked for. */
export async function createIdentity(database: Database, wanted: NewIdentity): Promise<Credentials> {
  const made = await database.transaction().execute((work) => insertIdentity(work, wanted))
  if (!made.ok) throw new Error(`${made.rule}: ${made.detail}`)
  return made.value
}
