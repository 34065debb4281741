import { canonicalString, encodeCanonical, type HybridSignature, sha256, toHex } from '@lux/crypto'
import { sql } from 'kysely'
import type { Vouching } from '../platform/database/authority/authority.ts'
import type { Advanced } from '../platform/database/authority/writer.ts'
import type { Database } from '../platform/database/open.ts'
import { EnvironmentError } from '../refusal.ts'
import {
  type AuthorityState,
  type Checkpoint,
  type CheckpointRange,
  checkpointContext,
  firstPrevious,
} from './checkpoint.ts'
import type { Coverage, Lawful } from './coverage.ts'
import { entryNode, merkleRoot } from './merkle.ts'
import type { Pins } from './pins.ts'
import { type AuditWriter, ownEntry } from './writer.ts'

export type Checkpointing = {
  readonly database: Database
  readonly authority: Pick<Vouching, 'heads'>
  /** States of authority that checkpoints of this process named, by tenant: each is named once. */
  readonly named: Map<string, bigint>
  readonly audience: string
  readonly coverage: Coverage
  readonly pins: Pins
  readonly audit: Pick<AuditWriter, 'append'>
  /** Null while the token is sealed. */
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature | null>
  now(): Date
}

/** "lux" and the lock's number. */
const checkpointLock = 0x6c757803
/** Most entries of one writer in one checkpoint: what is more goes into the next. */
const maxEntries = 50_000
/** Most chains that one entry names. */
const maxAdopted = 200

/** Most tenants whose authority one checkpoint names. */
const maxStates = 1000

const stateOf = ({ tenant, counter, digest }: Advanced): AuthorityState => ({
  ...{ tenant, counter: String(counter), digest },
})

type Range = CheckpointRange & { readonly closes: boolean }

/**
 * Signs what is new in all chains and was written by a server of this deployment; null where nothing is, or another process is at it.
 * What stands against an entry stops its own chain alone. Throws it where it stands against the newest checkpoint. `accepted`: what is
 * covered without a right MAC.
 */
export async function makeCheckpoint(parts: Checkpointing, accepted?: Lawful): Promise<Checkpoint | null> {
  const { database, audience, coverage, named, pins, sign, now } = parts
  const known = await pins.checkpoint()
  const lawful = accepted ?? (known === null ? await adopt(parts) : undefined)
  const made = await database.transaction().execute(async (work) => {
    const lock = await sql<{
      got: boolean
    }>`select pg_try_advisory_xact_lock(${checkpointLock}) as got`.execute(work)
    if (lock.rows[0]?.got !== true) return null
    const before = await coverage.newest(work, known)
    if (before !== null && 'code' in before) throw new EnvironmentError(before.code, before.detail)
    const found = await coverage.uncovered(work, maxEntries, lawful)
    const ranges: Range[] = []
    const nodes: Uint8Array[] = []
    for (const { writer, rows, closes } of found?.spans ?? []) {
      const [first, last] = [rows[0], rows.at(-1)]
      if (first === undefined || last === undefined) continue
      for (const { seq, hash } of rows) nodes.push(entryNode(writer, BigInt(seq), hash))
      ranges.push({ writer, from: first.seq, to: last.seq, hash: toHex(last.hash), closes })
    }
    if (ranges.length === 0) return null
    const states = parts.authority
      .heads()
      .filter(({ tenant, counter }) => counter > (named.get(tenant) ?? 0n))
      .slice(0, maxStates)
    const payload: Checkpoint = {
      v: 1,
      kind: 'audit-checkpoint',
      audience,
      seq: String(BigInt(before?.seq ?? '0') + 1n),
      previous: before?.hash ?? firstPrevious,
      time: now().toISOString(),
      ranges: ranges.map(({ closes: _, ...range }) => range),
      root: toHex(merkleRoot(nodes)),
      ...(states.length === 0 ? {} : { authority: states.map(stateOf) }),
    }
    const signature = await sign(checkpointContext, encodeCanonical(payload))
    if (signature === null) return null
    const { seq, time } = payload
    await work
      .insertInto('audit_checkpoint')
      .values({ seq, payload: canonicalString(payload), signatures: canonicalString([signature]), time })
      .execute()
    for (const range of ranges) await note(work, seq, range)
    return { payload, ranges, states }
  })
  if (made === null) return null
  const { payload, ranges, states } = made
  for (const { tenant, counter } of states) named.set(tenant, counter)
  coverage.made(payload)
  for (const { writer, closes } of ranges) if (closes) coverage.ended(writer)
  await pins.pinCheckpoint({ seq: payload.seq, hash: toHex(sha256(encodeCanonical(payload))) })
  for (const { writer, seq } of await pins.heads())
    if (coverage.coveredOf(writer) >= BigInt(seq)) await pins.dropHead(writer)
  return payload
}

type Adopted = { readonly writer: string; readonly from: string; to: string }

/**
 * Before a state folder knows any checkpoint: entries that are in a database of before entries had a MAC, and that no checkpoint covers.
 * An entry says which they are. Undefined where the database has entries with a MAC under checkpoints already.
 */
async function adopt({ database, coverage, audit, now }: Checkpointing) {
  if (await hasMacs(database)) return undefined
  const adopted = new Map<string, Adopted>()
  await coverage.uncovered(database, maxEntries, (writer, at, hasMac) => {
    if (hasMac) return false
    const seq = String(at)
    const its = adopted.get(writer)
    if (its === undefined) adopted.set(writer, { writer, from: seq, to: seq })
    else its.to = seq
    return true
  })
  const ranges = [...adopted.values()]
  for (let at = 0; at < ranges.length; at += maxAdopted)
    await audit.append(
      ownEntry('audit.adopt', now(), JSON.stringify({ ranges: ranges.slice(at, at + maxAdopted) })),
    )
  const lawful: Lawful = (writer, seq, hasMac) => !hasMac && seq <= BigInt(adopted.get(writer)?.to ?? 0)
  return lawful
}

async function hasMacs(database: Database): Promise<boolean> {
  const row = await database
    .selectFrom('audit_checkpoint_range as range')
    .innerJoin('audit', (join) =>
      join.onRef('audit.writer', '=', 'range.writer').onRef('audit.seq', '=', 'range.to_seq'),
    )
    .select('audit.writer')
    .where('range.checkpoint', '=', ({ selectFrom }) =>
      selectFrom('audit_checkpoint').select(({ fn }) => fn.max('seq').as('seq')),
    )
    .where('audit.mac', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Where to look for it. What somebody else wrote there gives way. */
async function note(work: Database, checkpoint: string, { writer, from, to, closes }: Range): Promise<void> {
  const its = { checkpoint, from_seq: from }
  await work
    .insertInto('audit_checkpoint_range')
    .values({ ...its, writer, to_seq: to })
    .onConflict((conflict) => conflict.columns(['writer', 'to_seq']).doUpdateSet(its))
    .execute()
  await work
    .updateTable('audit_writer')
    .set({ checkpointed_seq: to, closed: closes })
    .where('writer', '=', writer)
    .execute()
}
