import { canonicalString, encodeCanonical, type HybridSignature, sha256, toHex, utf8 } from '@lux/crypto'
import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import { entryNode, merkleRoot } from './merkle.ts'

/** Entries `from` to `to` of a writer's chain, and the hash at `to`. */
export type CheckpointRange = {
  readonly writer: string
  readonly from: string
  readonly to: string
  readonly hash: string
}

export type Checkpoint = {
  readonly v: 1
  readonly kind: 'audit-checkpoint'
  readonly audience: string
  readonly seq: string
  /** SHA-256 of the payload before; 64 zeros of the first. */
  readonly previous: string
  readonly time: string
  /** What is new since the checkpoint before, by writer. */
  readonly ranges: readonly CheckpointRange[]
  /** Of the tree of every entry of the ranges, in their order. */
  readonly root: string
}

export type SignedCheckpoint = {
  readonly payload: Checkpoint
  readonly signatures: readonly HybridSignature[]
}

/** What a checkpoint's signature is made over: this, a zero byte, and the canonical JSON of the payload. */
export const checkpointContext = 'lux-server/v1/audit-checkpoint'

type Parts = {
  readonly database: Database
  readonly audience: string
  /** Null while the token is sealed. */
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature | null>
  now(): Date
}

/** "lux" and the lock's number. */
const checkpointLock = 0x6c757803
/** Most entries of one writer in one checkpoint: what is more goes into the next. */
const maxEntries = 50_000

export const firstPrevious = '0'.repeat(64)

/** Signs what is new in all chains; null where nothing is, or another process is at it. */
export async function makeCheckpoint({ database, audience, sign, now }: Parts): Promise<Checkpoint | null> {
  return database.transaction().execute(async (work) => {
    const lock = await sql<{
      got: boolean
    }>`select pg_try_advisory_xact_lock(${checkpointLock}) as got`.execute(work)
    if (lock.rows[0]?.got !== true) return null
    const writers = await work
      .selectFrom('audit_writer')
      .selectAll()
      .where('closed', '=', false)
      .orderBy('writer')
      .execute()
    const ranges: (CheckpointRange & { closes: boolean })[] = []
    const nodes: Uint8Array[] = []
    for (const { writer, checkpointed_seq } of writers) {
      const rows = await work
        .selectFrom('audit')
        .select(['seq', 'hash', 'operation'])
        .where('writer', '=', writer)
        .where('seq', '>', checkpointed_seq)
        .orderBy('seq')
        .limit(maxEntries)
        .execute()
      const [first, last] = [rows[0], rows.at(-1)]
      if (first === undefined || last === undefined) continue
      for (const { seq, hash } of rows) nodes.push(entryNode(writer, BigInt(seq), hash))
      ranges.push({
        ...{ writer, from: first.seq, to: last.seq, hash: toHex(last.hash) },
        closes: last.operation === 'audit.close',
      })
    }
    if (ranges.length === 0) return null
    const before = await work
      .selectFrom('audit_checkpoint')
      .select(['seq', 'payload'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    const payload: Checkpoint = {
      v: 1,
      kind: 'audit-checkpoint',
      audience,
      seq: String(BigInt(before?.seq ?? '0') + 1n),
      previous: before === undefined ? firstPrevious : toHex(sha256(utf8(before.payload))),
      time: now().toISOString(),
      ranges: ranges.map(({ closes: _, ...range }) => range),
      root: toHex(merkleRoot(nodes)),
    }
    const signature = await sign(checkpointContext, encodeCanonical(payload))
    if (signature === null) return null
    const { seq, time } = payload
    await work
      .insertInto('audit_checkpoint')
      .values({ seq, payload: canonicalString(payload), signatures: canonicalString([signature]), time })
      .execute()
    for (const { writer, from, to, closes } of ranges) {
      await work
        .insertInto('audit_checkpoint_range')
        .values({ checkpoint: seq, writer, from_seq: from, to_seq: to })
        .execute()
      await work
        .updateTable('audit_writer')
        .set({ checkpointed_seq: to, closed: closes })
        .where('writer', '=', writer)
        .execute()
    }
    return payload
  })
}

/** The nodes of a checkpoint's tree, from the rows that it covers. */
export async function nodesOf(
  database: Database,
  ranges: readonly CheckpointRange[],
): Promise<{ readonly writer: string; readonly seq: string; readonly node: Uint8Array }[]> {
  const nodes: { writer: string; seq: string; node: Uint8Array }[] = []
  for (const { writer, from, to } of ranges) {
    const rows = await database
      .selectFrom('audit')
      .select(['seq', 'hash'])
      .where('writer', '=', writer)
      .where('seq', '>=', from)
      .where('seq', '<=', to)
      .orderBy('seq')
      .execute()
    for (const { seq, hash } of rows) nodes.push({ writer, seq, node: entryNode(writer, BigInt(seq), hash) })
  }
  return nodes
}
