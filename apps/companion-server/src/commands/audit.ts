import { parseCanonical } from '@lux/crypto'
import type { SignedCheckpoint } from '../audit/checkpoints.ts'
import { dropEntries } from '../audit/retention.ts'
import { type AuditVerdict, verifyAudit } from '../audit/verify.ts'
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

/** Takes the database's owner: the server itself can change no entry. Gives how many entries it emptied. */
export async function retainAudit(state: StateFolder, before: Date): Promise<Outcome<{ dropped: number }>> {
  const { database, close } = await openOwnerDatabase(databaseChoice(state))
  try {
    return accept({ dropped: await dropEntries(database, before, () => new Date()) })
  } finally {
    await close()
  }
}
