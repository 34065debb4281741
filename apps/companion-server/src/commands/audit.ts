import { parseCanonical } from '@lux/crypto'
import { sql } from 'kysely'
import type { SignedCheckpoint } from '../audit/checkpoints.ts'
import { type AuditVerdict, verifyAudit } from '../audit/verify.ts'
import { auditLeaf } from '../audit/writer.ts'
import { openOwnerDatabase } from '../platform/database/open.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readCard } from '../platform/state-folder/server-card.ts'
import { accept, type Outcome } from '../refusal.ts'
import { databaseChoice } from '../server.ts'

/** Walks the whole log by the server's card alone: no token is asked. `known`: a checkpoint that was shipped out. */
export async function verifyAuditLog(
  state: StateFolder,
  known: Uint8Array | null,
): Promise<Outcome<AuditVerdict>> {
  const { card, audience } = await readCard(state)
  const opened = await openOwnerDatabase(databaseChoice(state))
  try {
    // Its digest is compared with what the log has.
    const given =
      known === null
        ? null
        : (parseCanonical(known, { maxBytes: known.length }) as unknown as SignedCheckpoint).payload
    return await verifyAudit(opened.database, { receiptKey: card.receiptKey, audience }, given)
  } finally {
    await opened.close()
  }
}

const batch = 1000

/**
 * Drops what entries from before a time say and keeps what the chain needs of them. Takes the database's owner: the server itself can
 * change no entry. Gives how many.
 */
export async function retainAudit(state: StateFolder, before: Date): Promise<Outcome<{ dropped: number }>> {
  const { database, close } = await openOwnerDatabase(databaseChoice(state))
  try {
    for (let dropped = 0; ; ) {
      const rows = await database
        .selectFrom('audit')
        .innerJoin('audit_writer', 'audit_writer.writer', 'audit.writer')
        .select(['audit.writer', 'audit.seq', 'audit.salt', 'audit.entry'])
        .where('audit.time', '<', before)
        .where('audit.entry', 'is not', null)
        // What no checkpoint covers yet stays whole.
        .whereRef('audit.seq', '<=', sql.ref('audit_writer.checkpointed_seq'))
        .limit(batch)
        .execute()
      await database.transaction().execute(async (work) => {
        for (const { writer, seq, salt, entry } of rows)
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
      if (rows.length < batch) return accept({ dropped })
    }
  } finally {
    await close()
  }
}
