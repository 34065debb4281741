import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import { auditLeaf, openAuditWriter, ownEntry } from './writer.ts'

/** Entries of a writer, first and last, whose content is no longer kept. */
export type Dropped = { readonly writer: string; readonly from: string; to: string }

const operation = 'audit.retain'
/** Most ranges that one entry names. */
const maxRanges = 200
const batch = 1000

/**
 * Drops what the oldest entries of each chain say, up to the first that is not from before a time or that no checkpoint covers yet, and
 * keeps what the chain needs of them. What is dropped is first said by an entry of its own, which stays. Gives how many.
 */
export async function dropEntries(
  parts: Parameters<typeof openAuditWriter>[0],
  before: Date,
): Promise<number> {
  const { database, now } = parts
  const ranges = await droppable(database, before)
  if (ranges.length === 0) return 0
  const writer = await openAuditWriter(parts)
  for (let at = 0; at < ranges.length; at += maxRanges) {
    const said = { before: before.toISOString(), ranges: ranges.slice(at, at + maxRanges) }
    await writer.append(ownEntry(operation, now(), JSON.stringify(said)))
  }
  await writer.close()
  let dropped = 0
  for (const range of ranges) dropped += await dropRange(database, range)
  return dropped
}

async function droppable(database: Database, before: Date): Promise<Dropped[]> {
  const found = await sql<Dropped>`
    select writer, "from", least(checkpointed_seq, coalesce(kept - 1, checkpointed_seq)) as "to"
    from audit_writer join (
      select writer, min(seq) filter (where entry is not null and operation is distinct from ${operation}) as "from",
        min(seq) filter (where time >= ${before}) as kept
      from audit group by writer) as chain using (writer)
    where "from" <= least(checkpointed_seq, coalesce(kept - 1, checkpointed_seq))
    order by writer`.execute(database)
  return found.rows
}

async function dropRange(database: Database, { writer, from, to }: Dropped): Promise<number> {
  for (let dropped = 0; ; ) {
    const rows = await database
      .selectFrom('audit')
      .select(['seq', 'salt', 'entry'])
      .where('writer', '=', writer)
      .where('seq', '>=', from)
      .where('seq', '<=', to)
      .where('entry', 'is not', null)
      .where(sql<boolean>`operation is distinct from ${operation}`)
      .orderBy('seq')
      .limit(batch)
      .execute()
    await database.transaction().execute(async (work) => {
      for (const { seq, salt, entry } of rows)
        await work
          .updateTable('audit')
          .set({
            leaf: Buffer.from(auditLeaf(salt, JSON.parse(entry ?? ''))),
            ...{ entry: null, operation: null, outcome: null, identity_id: null, key_id: null },
          })
          .where('writer', '=', writer)
          .where('seq', '=', seq)
          .execute()
    })
    dropped += rows.length
    if (rows.length < batch) return dropped
  }
}

/** What an entry says was dropped: nothing, unless it is one of a retention. */
export function announcedRanges(entry: { readonly operation: string; readonly outcome: string }): Dropped[] {
  if (entry.operation !== operation) return []
  try {
    const { ranges } = JSON.parse(entry.outcome)
    return Array.isArray(ranges) ? ranges : []
  } catch {
    // Not as `retain-audit` writes it: it announces nothing.
    return []
  }
}
