import {
  encodeCanonical,
  equalBytes,
  fromHex,
  parseCanonical,
  sha256,
  toHex,
  utf8,
  type VerificationKeys,
  verifySignature,
} from '@lux/crypto'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type Checkpoint, checkpointContext, firstPrevious, nodesOf } from './checkpoints.ts'
import { merkleRoot } from './merkle.ts'
import { auditHash, auditLeaf } from './writer.ts'

export type AuditVerdict = {
  readonly entries: number
  readonly writers: number
  readonly checkpoints: number
  /** Entries that no checkpoint covers yet. */
  readonly pending: number
  /** Of the newest checkpoint: what to compare with a copy that was shipped out. */
  readonly head: { readonly seq: string; readonly hash: string } | null
}

const page = 5000

/**
 * Walks every chain and every checkpoint. Refuses AUDIT-GAP a missing entry or writer, AUDIT-CHANGED an entry that is another than
 * the chain says, AUDIT-CHECKPOINT a checkpoint that is not signed, does not follow or covers other entries.
 */
export async function verifyAudit(
  database: Database,
  { receiptKey, audience }: { readonly receiptKey: VerificationKeys; readonly audience: string },
  /** A checkpoint that was shipped out: it has to be in this log. */
  known: Checkpoint | null = null,
): Promise<Outcome<AuditVerdict>> {
  const chains = await verifyChains(database)
  if (!chains.ok) return chains
  const { heads, entries } = chains.value
  const covered = new Map<string, bigint>()
  let previous = firstPrevious
  let checkpoints = 0
  let head: AuditVerdict['head'] = null
  let found = known === null
  for (let after = '0'; ; ) {
    const rows = await database
      .selectFrom('audit_checkpoint')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(page)
      .execute()
    for (const row of rows) {
      const at = `checkpoint ${row.seq}`
      // This server wrote it; the signature, looked at next, says so.
      const payload = parseCanonical(utf8(row.payload), {
        maxBytes: row.payload.length * 4,
      }) as unknown as Checkpoint
      const [signature] = JSON.parse(row.signatures)
      const signed = verifySignature(receiptKey, checkpointContext, encodeCanonical(payload), signature)
      if (!signed.ok) return refuse('AUDIT-CHECKPOINT', `${at} is not signed by the receipt key`)
      if (payload.audience !== audience) return refuse('AUDIT-CHECKPOINT', `${at} is another server’s`)
      if (payload.seq !== String(checkpoints + 1) || row.seq !== payload.seq || payload.previous !== previous)
        return refuse('AUDIT-CHECKPOINT', `${at} does not follow the one before`)
      for (const { writer, from, to, hash } of payload.ranges) {
        if (BigInt(from) !== (covered.get(writer) ?? 0n) + 1n)
          return refuse('AUDIT-CHECKPOINT', `${at} leaves entries of writer ${writer} out`)
        const its = await database
          .selectFrom('audit')
          .select('hash')
          .where('writer', '=', writer)
          .where('seq', '=', to)
          .executeTakeFirst()
        if (its === undefined) return refuse('AUDIT-GAP', `entry ${to} of writer ${writer} is gone`)
        if (!equalBytes(its.hash, fromHex(hash)))
          return refuse('AUDIT-CHANGED', `entry ${to} of writer ${writer} is another than ${at} signed`)
        covered.set(writer, BigInt(to))
      }
      const nodes = await nodesOf(database, payload.ranges)
      if (nodes.length === 0 || toHex(merkleRoot(nodes.map(({ node }) => node))) !== payload.root)
        return refuse('AUDIT-CHECKPOINT', `${at} has another root than the entries that it covers`)
      previous = toHex(sha256(utf8(row.payload)))
      checkpoints++
      head = { seq: row.seq, hash: previous }
      if (known?.seq === row.seq) found = toHex(sha256(encodeCanonical(known))) === previous
      after = row.seq
    }
    if (rows.length < page) break
  }
  if (!found)
    return refuse(
      'AUDIT-CHECKPOINT',
      `checkpoint ${known?.seq} is not in this log: it was rolled back or forked`,
    )
  let pending = 0n
  for (const [writer, seq] of heads) pending += seq - (covered.get(writer) ?? 0n)
  return accept({ entries, writers: heads.size, checkpoints, pending: Number(pending), head })
}

async function verifyChains(
  database: Database,
): Promise<Outcome<{ heads: Map<string, bigint>; entries: number }>> {
  const heads = new Map<string, bigint>()
  let entries = 0
  const writers = await database.selectFrom('audit').select('writer').distinct().orderBy('writer').execute()
  for (const { writer } of writers) {
    let previous: Uint8Array = new Uint8Array(32)
    let last = 0n
    for (;;) {
      const rows = await database
        .selectFrom('audit')
        .selectAll()
        .where('writer', '=', writer)
        .where('seq', '>', String(last))
        .orderBy('seq')
        .limit(page)
        .execute()
      for (const row of rows) {
        if (BigInt(row.seq) !== last + 1n)
          return refuse('AUDIT-GAP', `entry ${last + 1n} of writer ${writer} is gone`)
        const leaf = row.entry === null ? row.leaf : auditLeaf(row.salt, JSON.parse(row.entry))
        const hash = leaf === null ? null : auditHash(previous, leaf)
        const same = hash !== null && equalBytes(row.hash, hash) && equalBytes(row.prev, previous)
        if (!same || !columnsAgree(row))
          return refuse('AUDIT-CHANGED', `entry ${row.seq} of writer ${writer} is another than was written`)
        previous = row.hash
        last += 1n
        entries++
      }
      if (rows.length < page) break
    }
    heads.set(writer, last)
  }
  return accept({ heads, entries })
}

/** What is asked by says what the entry says; rows from before it was kept have none. */
function columnsAgree(row: {
  entry: string | null
  operation: string | null
  outcome: string | null
  identity_id: string | null
  project_id: string | null
  key_id: string | null
}): boolean {
  if (row.entry === null || row.operation === null) return true
  const { operation, outcome, identity, project, key } = JSON.parse(row.entry)
  return (
    operation === row.operation &&
    outcome === row.outcome &&
    identity === row.identity_id &&
    project === row.project_id &&
    key === row.key_id
  )
}
