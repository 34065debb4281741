import type { SealedDatabase } from '../../platform/database/authority/authority.ts'
import { type Hands, ownHands } from './rules.ts'

/** Whose secrets an identity could come in by now. What was made before this was kept has no maker. */
export async function handsOf(database: SealedDatabase, identity: string): Promise<Hands> {
  const [person, secrets, tokens, clients, rules] = await Promise.all([
    database.selectFrom('person').selectAll().where('identity_id', '=', identity).executeTakeFirst(),
    database
      .selectFrom('client_secret')
      .selectAll()
      .where('identity_id', '=', identity)
      .where('revoked_at', 'is', null)
      .execute(),
    database
      .selectFrom('token')
      .selectAll()
      .where('identity_id', '=', identity)
      .where('name', 'is not', null)
      .where('revoked_at', 'is', null)
      .execute(),
    database
      .selectFrom('kmip_client')
      .selectAll()
      .where('identity_id', '=', identity)
      .where('revoked_at', 'is', null)
      .execute(),
    database
      .selectFrom('workload_rule')
      .selectAll()
      .where('identity_id', '=', identity)
      .where('revoked_at', 'is', null)
      .execute(),
  ])
  const own = { identity_id: identity }
  if (person) await database.authority.vouch('person', [person], own)
  await database.authority.vouch('client_secret', secrets, own)
  await database.authority.vouch('token', tokens, own)
  await database.authority.vouch('kmip_client', clients, own)
  await database.authority.vouch('workload_rule', rules, own)
  const made = [person, ...secrets, ...tokens, ...clients, ...rules].flatMap((row) => row?.made_by ?? [])
  return { made: [...new Set(made)].filter((one) => one !== identity), invited: person?.invited_by ?? [] }
}

/** What a secret that `maker` makes for somebody has as its makers: him, and whoever could be him. Null: its holder made it alone. */
export async function makersOf(work: SealedDatabase, maker: string, holder: string): Promise<string | null> {
  const { made } = await handsOf(work, maker)
  const all = [maker, ...made].filter((one) => one !== holder)
  return all.length === 0 ? null : JSON.stringify(all)
}

// What the server wrote and sealed; null before it did.
export const handsIn = (stored: unknown): Hands => (stored ? (stored as Hands) : ownHands)
