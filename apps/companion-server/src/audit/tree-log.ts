import { parseCanonical, sha256, toHex, utf8 } from '@lux/crypto'
import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import { EnvironmentError } from '../refusal.ts'
import { type Checkpoint, firstPrevious } from './checkpoint.ts'
import type { Coverage } from './coverage.ts'
import { isSigned, type NoteSigner, noteSigner, parseNote, signedNote } from './note.ts'
import type { Pins } from './pins.ts'
import {
  consistencyRanges,
  inclusionRanges,
  joined,
  leafHash,
  nodeHash,
  nodesOver,
  type Place,
  placeName,
} from './tree.ts'

/** "lux" and the lock's number. */
const logLock = 0x6c757806
const atOnce = 1000

export type TreeLog = {
  readonly origin: string
  /**
   * The note over all checkpoints, signed where there is a new one. Null before the first, while the token is sealed, and where another
   * server is at it. Throws AUDIT-CHECKPOINT, AUDIT-NOTE.
   */
  advance(): Promise<{ readonly size: number; readonly note: string } | null>
}

type Parts = {
  readonly database: Database
  readonly coverage: Pick<Coverage, 'newest'>
  readonly pins: Pick<Pins, 'checkpoint' | 'note' | 'pinNote'>
  readonly audience: string
  /** 32 bytes that only the token gives; null while it is sealed. */
  seed(): Promise<Uint8Array | null>
  now(): Date
}

export const originOf = (audience: string): string => `lux-custody/${audience}`

/** The checkpoints as leaves of one log that only grows (RFC 6962). */
export function openTreeLog({ database, coverage, pins, audience, seed, now }: Parts): TreeLog {
  const origin = originOf(audience)
  let signer: NoteSigner | null = null

  return {
    origin,
    async advance() {
      const secret = await seed()
      if (secret === null) return null
      signer ??= noteSigner(origin, secret)
      const by = signer
      const made = await database.transaction().execute(async (work) => {
        const lock = await sql<{ got: boolean }>`select pg_try_advisory_xact_lock(${logLock}) as got`.execute(
          work,
        )
        if (lock.rows[0]?.got !== true) return null
        const newest = await coverage.newest(work, await pins.checkpoint())
        if (newest !== null && 'code' in newest) throw new EnvironmentError(newest.code, newest.detail)
        const size = Number(newest?.seq ?? 0)
        const known = await knownNote(by, size)
        if (newest === null) return null
        if (known?.head.size === size) return { size, note: known.note }
        await grow(work, known?.head ?? null, { size, hash: newest.hash })
        const root = await rootOf(work, size)
        const note = signedNote({ origin, size, root }, by)
        await work
          .insertInto('audit_note')
          .values({ size, note, time: now() })
          .onConflict((conflict) => conflict.column('size').doUpdateSet({ note }))
          .execute()
        return { size, note }
      })
      if (made !== null) await pins.pinNote({ vkey: by.vkey, note: made.note })
      return made
    },
  }

  async function knownNote(by: NoteSigner, size: number) {
    const pinned = await pins.note()
    if (pinned === null) return null
    const note = parseNote(pinned.note)
    if (note === null || pinned.vkey !== by.vkey || !isSigned(note, by))
      throw new EnvironmentError('AUDIT-NOTE', 'the note that the state folder knows is of another key')
    if (note.head.size > size)
      throw new EnvironmentError('AUDIT-NOTE', `the log has ${size} checkpoints, and had ${note.head.size}`)
    return { head: note.head, note: pinned.note }
  }
}

/**
 * Adds the checkpoints after a head that is known. What stands in the database is believed where it gives that head's root, else the tree
 * is made anew; checkpoints, where they lead by their hashes to the newest one, whose signature was verified.
 */
async function grow(
  work: Database,
  before: { readonly size: number; readonly root: Uint8Array } | null,
  to: { readonly size: number; readonly hash: string },
): Promise<void> {
  const has = before !== null && (await rootOf(work, before.size).catch(() => null))?.equals(before.root)
  let at = has ? (before?.size ?? 0) : 0
  const edge = new Map<number, Uint8Array>()
  const standing = nodesOver([0, at])
  for (const [index, hash] of (await hashesOf(work, standing)).entries())
    edge.set(standing[index]?.level ?? 0, hash)
  let previous = at === 0 ? firstPrevious : await digestAt(work, at)
  while (at < to.size) {
    const rows = await checkpointsAfter(work, at, to.size)
    const nodes: { level: number; index: number; hash: Buffer }[] = []
    for (const { seq, payload } of rows) {
      const bytes = utf8(payload)
      // As the newest one's chain of hashes says, this server made it.
      const its = parseCanonical(bytes, { maxBytes: bytes.length }) as unknown as Checkpoint
      if (Number(seq) !== at + 1 || its.previous !== previous)
        throw new EnvironmentError('AUDIT-CHECKPOINT', `checkpoint ${seq} does not follow the one before`)
      nodes.push(...added(edge, at, leafHash(bytes)))
      previous = toHex(sha256(bytes))
      at++
    }
    if (rows.length === 0)
      throw new EnvironmentError('AUDIT-CHECKPOINT', `checkpoint ${at + 1} is not in this log`)
    await store(work, nodes)
  }
  if (previous !== to.hash)
    throw new EnvironmentError('AUDIT-CHECKPOINT', `checkpoint ${to.size} is another than was signed`)
  if (before !== null && !(await rootOf(work, before.size)).equals(before.root))
    throw new EnvironmentError(
      'AUDIT-NOTE',
      `the first ${before.size} checkpoints are others than were signed`,
    )
}

/** Whole nodes that a leaf completes. `edge`: by level, the last one that waits for its right half. */
export function added(edge: Map<number, Uint8Array>, leaf: number, hash: Buffer) {
  const nodes = [{ level: 0, index: leaf, hash }]
  let [level, index, made] = [0, leaf, hash]
  while (index % 2 === 1) {
    made = nodeHash(edge.get(level) ?? new Uint8Array(), made)
    edge.delete(level)
    level++
    index = (index - 1) / 2
    nodes.push({ level, index, hash: made })
  }
  edge.set(level, made)
  return nodes
}

/** Of the leaves so far, by what waits at the edge. */
export const edgeRoot = (edge: ReadonlyMap<number, Uint8Array>): Buffer =>
  joined([...edge].toSorted(([one], [other]) => other - one).map(([, hash]) => hash))

/** Over the first checkpoints themselves, whatever stands of the tree; null where they are not all there. */
export async function rootOfFirst(database: Database, size: number): Promise<Buffer | null> {
  const edge = new Map<number, Uint8Array>()
  let at = 0
  while (at < size) {
    const rows = await checkpointsAfter(database, at, size)
    if (rows.length === 0) return null
    for (const { seq, payload } of rows) {
      if (Number(seq) !== at + 1) return null
      added(edge, at, leafHash(utf8(payload)))
      at++
    }
  }
  return edgeRoot(edge)
}

const checkpointsAfter = (database: Database, at: number, last: number) =>
  database
    .selectFrom('audit_checkpoint')
    .select(['seq', 'payload'])
    .where('seq', '>', String(at))
    .where('seq', '<=', String(last))
    .orderBy('seq')
    .limit(atOnce)
    .execute()

async function store(
  work: Database,
  nodes: readonly { level: number; index: number; hash: Buffer }[],
): Promise<void> {
  await work
    .insertInto('audit_tree')
    .values(nodes.map(({ level, index, hash }) => ({ level, index: String(index), hash })))
    .onConflict((conflict) => conflict.columns(['level', 'index']).doUpdateSet({ hash: sql`excluded.hash` }))
    .execute()
}

async function digestAt(work: Database, seq: number): Promise<string> {
  const { payload } = await work
    .selectFrom('audit_checkpoint')
    .select('payload')
    .where('seq', '=', String(seq))
    .executeTakeFirstOrThrow()
  return toHex(sha256(utf8(payload)))
}

/** Throws AUDIT-NOTE where one is not there. */
async function hashesOf(work: Database, places: readonly Place[]): Promise<Buffer[]> {
  if (places.length === 0) return []
  const wanted = JSON.stringify(places)
  const { rows } = await sql<{ level: number; index: string; hash: Buffer }>`
    select level, index, hash from audit_tree join json_to_recordset(${wanted}::json)
      as wanted (level smallint, index bigint) using (level, index)`.execute(work)
  const found = new Map(
    rows.map(({ level, index, hash }) => [placeName({ level, index: Number(index) }), hash]),
  )
  return places.map((place) => {
    const hash = found.get(placeName(place))
    if (hash === undefined) throw new EnvironmentError('AUDIT-NOTE', 'the tree of checkpoints is not whole')
    return hash
  })
}

export async function rootOf(work: Database, size: number): Promise<Buffer> {
  return joined(await hashesOf(work, nodesOver([0, size])))
}

type Ranges = readonly (readonly [number, number])[]

async function proofOf(work: Database, ranges: Ranges): Promise<Buffer[]> {
  const hashes = await hashesOf(work, ranges.flatMap(nodesOver))
  let at = 0
  return ranges.map((range) => {
    const { length } = nodesOver(range)
    at += length
    return joined(hashes.slice(at - length, at))
  })
}

/** That the log of `size` checkpoints goes on from the first ones. Throws AUDIT-NOTE. */
export const consistencyOf = (work: Database, first: number, size: number): Promise<Buffer[]> =>
  proofOf(work, first === 0 ? [] : consistencyRanges(first, [0, size]))

/** That a checkpoint, by its number, is in the log. Throws AUDIT-NOTE. */
export const inclusionOf = (work: Database, seq: number, size: number): Promise<Buffer[]> =>
  proofOf(work, inclusionRanges(seq - 1, [0, size]))
