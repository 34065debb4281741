import type { Transaction } from 'kysely'
import type { Call, Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import { accept, type Outcome } from '../refusal.ts'
import { openAppointing } from './appointing.ts'

type Parts = { readonly database: Database; readonly record: Record; now(): Date }

/** Every token of an identity, API keys too, and every log-in under way. How many tokens it ended. */
export async function endTokens(work: Transaction<Tables>, identity: string, at: Date): Promise<number> {
  await work.deleteFrom('sign_on_attempt').where('identity_id', '=', identity).execute()
  const ended = await work
    .updateTable('token')
    .set({ revoked_at: at })
    .where('identity_id', '=', identity)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return Number(ended.numUpdatedRows)
}

/** Known to every process within a second: for oneself, and for whoever governs the identity. */
export function logOutEverywhere(
  { database, record, now }: Parts,
  call: Call,
  identity: string,
): Promise<Outcome<{ readonly ended: number }>> {
  return record(call, 'identity.log-out-everywhere', async () => {
    if (identity !== call.caller.identity) {
      const found = await openAppointing(database).governed(call, identity)
      if (!found.ok) return found
    }
    const ended = await database.transaction().execute((work) => endTokens(work, identity, now()))
    return accept({ ended })
  })
}
