import type { HybridSignature } from '@lux/crypto'
import type { Database } from '../platform/database/open.ts'
import { entryNode } from './merkle.ts'

/** Entries `from` to `to` of a writer's chain, and the hash at `to`. */
export type CheckpointRange = {
  readonly writer: string
  readonly from: string
  readonly to: string
  readonly hash: string
}

/** `tenant` is an organisation, or '' for the deployment's own. A later state has a higher counter. */
export type AuthorityState = { readonly tenant: string; readonly counter: string; readonly digest: string }

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
  /** The newest authority of tenants, as whoever signs knows it: where it is new to him since his last one. Absent where none is. */
  readonly authority?: readonly AuthorityState[]
}

export type SignedCheckpoint = {
  readonly payload: Checkpoint
  readonly signatures: readonly HybridSignature[]
}

/** What a checkpoint's signature is made over: this, a zero byte, and the canonical JSON of the payload. */
export const checkpointContext = 'lux-server/v1/audit-checkpoint'

export const firstPrevious = '0'.repeat(64)

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
