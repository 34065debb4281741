import { type Credentials, insertIdentity, type NewIdentity } from '../../src/access/tokens.ts'
import type { SealedDatabase } from '../../src/platform/database/authority/authority.ts'

/** An identity that nobody had to be asked for. */
export async function createIdentity(database: SealedDatabase, wanted: NewIdentity): Promise<Credentials> {
  const made = await database.change((work) => insertIdentity(work, wanted, null))
  if (!made.ok) throw new Error(`${made.rule}: ${made.detail}`)
  return made.value
}
