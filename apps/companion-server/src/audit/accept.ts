import { EnvironmentError } from '../refusal.ts'
import { type Checkpointing, makeCheckpoint } from './checkpoints.ts'
import type { AuditFault } from './coverage.ts'
import { parseNote } from './note.ts'
import { rootOfFirst } from './tree-log.ts'
import { ownEntry } from './writer.ts'

const mostEntries = 50_000
/** Most faults that the entry of an acceptance names. */
const maxNamed = 100

/** What stands against the log, but for what only a walk finds. */
export const auditFaults = ({ coverage }: Checkpointing): Promise<readonly AuditFault[]> =>
  coverage.faults(null, mostEntries)

/**
 * Takes the log as it is, as somebody in charge says: after a backup was restored, or once it was found out who wrote to the database.
 * An entry names what stood against it. Entries without a right MAC are covered from now on. Of a chain whose entries are gone nothing
 * more is covered, and a walk names them where anything of it is left. Throws AUDIT-CHECKPOINT where the newest checkpoint is not this server's at all.
 */
export async function acceptAudit(parts: Checkpointing): Promise<readonly AuditFault[]> {
  const { database, coverage, pins, audit, now } = parts
  const faults = await auditFaults(parts)
  if (faults.length === 0) return []
  const newest = await coverage.newest(database, null)
  const before = await pins.checkpoint()
  const named = faults.slice(0, maxNamed).map(({ code, detail }) => `${code} ${detail}`)
  if (newest !== null && 'code' in newest) throw new EnvironmentError(newest.code, newest.detail)
  const said = { faults: named, of: faults.length, before, after: newest?.seq ?? null }
  await audit.append(ownEntry('audit.accept', now(), JSON.stringify(said)))
  const writersOf = (fits: (fault: AuditFault) => boolean) =>
    faults.flatMap((fault) => (fits(fault) && fault.writer !== null ? [fault.writer] : []))
  const isLoss = ({ code }: AuditFault) => code === 'AUDIT-GAP' || code === 'AUDIT-CHANGED'
  const noted = parseNote((await pins.note())?.note ?? '')?.head
  await pins.accept(
    newest && { seq: newest.seq, hash: newest.hash },
    writersOf(({ of }) => of === 'pin'),
    writersOf((fault) => fault.of === 'chain' && isLoss(fault)),
    noted !== undefined && (await rootOfFirst(database, noted.size))?.equals(noted.root) === true,
  )
  const forged = new Set(writersOf(({ code }) => code === 'AUDIT-FORGED'))
  await makeCheckpoint(parts, (writer) => forged.has(writer))
  return faults
}
