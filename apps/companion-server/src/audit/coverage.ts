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
import { sql } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { Database } from '../platform/database/open.ts'
import { type Checkpoint, type CheckpointRange, checkpointContext } from './checkpoint.ts'
import type { EntryMacs } from './entry-mac.ts'
import type { Head, PinnedCheckpoint, Pins } from './pins.ts'

/** What stands against the log. */
export type AuditFault = {
  /** Where it was seen: at the newest checkpoint, at what the state folder knows, or in a chain. */
  readonly of: 'checkpoint' | 'pin' | 'chain'
  readonly writer: string | null
  readonly code: 'AUDIT-FORGED' | 'AUDIT-GAP' | 'AUDIT-CHANGED' | 'AUDIT-CHECKPOINT' | 'AUDIT-STOPPED'
  readonly detail: string
}

/** Entries of a chain that no checkpoint covers, each with its right MAC. */
export type Uncovered = {
  readonly writer: string
  readonly rows: readonly { readonly seq: string; readonly hash: Buffer }[]
  readonly closes: boolean
}

/** Whether an entry without a right MAC is covered all the same: one from before entries had a MAC, or that somebody accepted. */
export type Lawful = (writer: string, seq: bigint, hasMac: boolean) => boolean

export type SignedBy = { readonly receiptKey: VerificationKeys; readonly audience: string }

type Parts = {
  readonly database: Database
  readonly signedBy: SignedBy
  readonly macs: Pick<EntryMacs, 'checker'>
  readonly pins: Pick<Pins, 'heads' | 'checkpoint' | 'lost'>
}

type Covered = { readonly to: bigint; readonly hash: Uint8Array }
type CheckpointRow = { readonly seq: string; readonly payload: string; readonly signatures: string }

export type Coverage = {
  /**
   * What is to be covered next, at most so many entries of each chain, and what stands against the rest. Null while the token is sealed,
   * which has the key.
   */
  uncovered(
    work: Database,
    most: number,
    lawful?: Lawful,
  ): Promise<{ readonly spans: readonly Uncovered[]; readonly faults: readonly AuditFault[] } | null>
  /** Of a checkpoint that was just made and signed. */
  made(payload: Checkpoint): void
  /** The newest checkpoint, or what stands against it: it goes on from one that is known. */
  newest(
    work: Database,
    known: PinnedCheckpoint | null,
  ): Promise<(CheckpointRow & { readonly hash: string }) | AuditFault | null>
  /** Of a chain whose last entry says that it is the last, and is covered. */
  ended(writer: string): void
  /** The entry up to which signed checkpoints cover a chain. */
  coveredOf(writer: string): bigint
  /** What is wrong with the log, as far as can be seen without walking all of it. At most so many entries of each chain are looked at. */
  faults(own: Head | null, most?: number): Promise<readonly AuditFault[]>
}

const none: Covered = { to: 0n, hash: new Uint8Array(32) }
/** All writers are looked for so often, whatever the table of them says; each is one look-up in an index. */
const sweepEvery = 60_000
/** At one sweep, so many writers that have nothing new: each takes a look at a signature. */
const verifiedAtOnce = 100
const inspected = 200
/** An entry that no checkpoint covers for so long says that none is made. */
const coveredWithin = 60_000

/**
 * Which entries checkpoints cover, by signed checkpoints and MACs alone. `audit_writer` and `audit_checkpoint_range` are hints about
 * where to look first: whoever writes the database writes them too.
 */
export function openCoverage({ database, signedBy, macs, pins }: Parts): Coverage {
  const signed = openSigned(signedBy)
  const { coveredOf, confirm } = signed
  /** Those that have entered something which is no end of a chain. */
  const open = new Set<string>()
  let swept = Number.NEGATIVE_INFINITY

  /** Writers that may have something new, and what is wrong with what is said to cover them. */
  async function candidates(work: Database): Promise<{ writers: string[]; faults: AuditFault[] }> {
    const flagged = await work
      .selectFrom('audit_writer')
      .select('writer')
      .where('closed', '=', false)
      .execute()
    for (const { writer } of flagged) open.add(writer)
    const settled: string[] = []
    if (performance.now() - swept >= sweepEvery) {
      for (const { writer, last, said } of await lastOfEach(work)) {
        const { to } = coveredOf(writer)
        if (BigInt(last) > to && BigInt(last) > BigInt(said ?? 0)) open.add(writer)
        else if (BigInt(last) > to && settled.length < verifiedAtOnce) settled.push(writer)
      }
      swept = performance.now()
    }
    const faults = await confirm(work, [...new Set([...open, ...settled])])
    // What is said to be covered and is not has something new.
    for (const writer of settled) if (coveredOf(writer) === none) open.add(writer)
    return { writers: [...open].toSorted(), faults }
  }

  /** Those with entries that no checkpoint covers, in one query: most chains ended in another process, or wait. */
  async function goingOn(work: Database, writers: readonly string[]): Promise<ReadonlySet<string>> {
    const ends = JSON.stringify(writers.map((writer) => ({ writer, seq: String(coveredOf(writer).to) })))
    const { rows } = await sql<{ writer: string }>`
      select writer from json_to_recordset(${ends}::json) as its (writer text, seq bigint)
      where exists (select from audit where audit.writer = its.writer and audit.seq > its.seq)`.execute(work)
    return new Set(rows.map(({ writer }) => writer))
  }

  async function uncovered(work: Database, most: number, lawful: Lawful = () => false) {
    const check = await macs.checker()
    if (check === null) return null
    const { writers, faults } = await candidates(work)
    const lost = await pins.lost()
    const spans: Uncovered[] = []
    const goesOn = await goingOn(work, writers)
    for (const writer of writers) {
      if (lost.has(writer) || !goesOn.has(writer)) continue
      // As of before the query: a checkpoint may be made while it is answered.
      const from = coveredOf(writer)
      const found = await work
        .selectFrom('audit')
        .select(['seq', 'prev', 'hash', 'mac', 'operation'])
        .where('writer', '=', writer)
        .where('seq', '>', String(from.to))
        .orderBy('seq')
        .limit(most)
        .execute()
      const { rows, fault } = goodOf(
        writer,
        from,
        found,
        (seq, hash, mac) =>
          (mac !== null && check(mac, writer, seq, hash)) || lawful(writer, seq, mac !== null),
      )
      if (fault !== null) faults.push(fault)
      if (rows.length > 0)
        spans.push({ writer, rows, closes: found[rows.length - 1]?.operation === 'audit.close' })
    }
    return { spans, faults }
  }

  /** That no checkpoint is made any more, where this process waits for one. */
  async function stopped(own: Head): Promise<AuditFault[]> {
    const { to } = coveredOf(own.writer)
    if (BigInt(own.seq) <= to) return []
    const oldest = await database
      .selectFrom('audit')
      .select('time')
      .where('writer', '=', own.writer)
      .where('seq', '>', String(to))
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst()
    const waits = oldest === undefined ? 0 : Date.now() - oldest.time.getTime()
    if (waits <= coveredWithin) return []
    const detail = `no checkpoint covers what writer ${own.writer} wrote`
    return [{ code: 'AUDIT-STOPPED', of: 'checkpoint', writer: own.writer, detail }]
  }

  return {
    uncovered,
    newest: signed.newest,
    made: signed.made,
    coveredOf: (writer) => coveredOf(writer).to,
    ended: (writer) => void open.delete(writer),
    async faults(own, most = inspected) {
      const last = await signed.newest(database, await pins.checkpoint())
      const found = await uncovered(database, most)
      const lost = await pins.lost()
      const kept = (heads: readonly Head[]) => heads.filter(({ writer }) => !lost.has(writer))
      const ends = [...open].flatMap((writer) => {
        const { to, hash } = coveredOf(writer)
        return to === 0n ? [] : [{ writer, seq: String(to), hash: toHex(hash) }]
      })
      return [
        ...(last !== null && 'code' in last ? [last] : []),
        ...(await missing(database, kept([...(await pins.heads()), ...(own === null ? [] : [own])]), 'pin')),
        ...(await missing(database, kept(ends), 'chain')),
        ...(found?.faults ?? []),
        ...(found === null || own === null ? [] : await stopped(own)),
      ]
    },
  }
}

/** The entries that follow as they were written, up to the first that does not. */
function goodOf(
  writer: string,
  from: Covered,
  found: readonly {
    readonly seq: string
    readonly prev: Buffer
    readonly hash: Buffer
    readonly mac: Buffer | null
  }[],
  isOurs: (seq: bigint, hash: Buffer, mac: Buffer | null) => boolean,
) {
  let { to: at, hash: previous } = from
  const rows: { seq: string; hash: Buffer }[] = []
  const faultAt = (code: AuditFault['code'], what: string): AuditFault => ({
    ...({ of: 'chain', writer, code } as const),
    detail: `entry ${at} of writer ${writer} ${what}`,
  })
  let fault: AuditFault | null = null
  for (const { seq, prev, hash, mac } of found) {
    at += 1n
    if (BigInt(seq) !== at) fault = faultAt('AUDIT-GAP', 'is gone')
    else if (!isOurs(at, hash, mac))
      fault = faultAt('AUDIT-FORGED', 'was written by no server of this deployment')
    else if (!equalBytes(prev, previous)) fault = faultAt('AUDIT-CHANGED', 'is another than was written')
    if (fault !== null) break
    rows.push({ seq, hash })
    previous = hash
  }
  return { rows, fault }
}

/** What signed checkpoints cover, as far as it was asked. */
function openSigned(signedBy: SignedBy) {
  const covered = new Map<string, Covered>()
  const payloads = new LRUCache<string, Checkpoint>({ max: 200 })
  const coveredOf = (writer: string): Covered => covered.get(writer) ?? none

  async function signedCheckpoint(work: Database, seq: string): Promise<Checkpoint | null> {
    const known = payloads.get(seq)
    if (known !== undefined) return known
    const row = await work
      .selectFrom('audit_checkpoint')
      .select(['seq', 'payload', 'signatures'])
      .where('seq', '=', seq)
      .executeTakeFirst()
    const payload = row === undefined ? null : signedPayload(row, signedBy)
    if (payload !== null) payloads.set(seq, payload)
    return payload
  }

  /** Brings `covered` on to what signed checkpoints say of these. */
  async function confirm(work: Database, writers: readonly string[]): Promise<AuditFault[]> {
    if (writers.length === 0) return []
    const { rows } = await sql<RangeRow>`
      select distinct on (writer) writer, checkpoint, to_seq from audit_checkpoint_range
      where writer = any(${writers}::text[]) order by writer, to_seq desc`.execute(work)
    const faults: AuditFault[] = []
    for (const row of rows) {
      if (BigInt(row.to_seq) <= coveredOf(row.writer).to || (await confirmed(work, row))) continue
      const { writer, checkpoint, to_seq } = row
      faults.push({
        ...({ code: 'AUDIT-CHECKPOINT', of: 'chain', writer } as const),
        detail: `no signed checkpoint ${checkpoint} covers entry ${to_seq} of writer ${writer}`,
      })
      const others = await work
        .selectFrom('audit_checkpoint_range')
        .select(['writer', 'checkpoint', 'to_seq'])
        .where('writer', '=', writer)
        .where('to_seq', '<', to_seq)
        .orderBy('to_seq', 'desc')
        .limit(inspected)
        .execute()
      for (const other of others)
        if (BigInt(other.to_seq) <= coveredOf(writer).to || (await confirmed(work, other))) break
    }
    return faults
  }

  async function confirmed(work: Database, { writer, checkpoint, to_seq }: RangeRow): Promise<boolean> {
    const payload = await signedCheckpoint(work, checkpoint)
    const range = payload?.ranges.find((one) => one.writer === writer && one.to === to_seq)
    if (range !== undefined) cover(range)
    return range !== undefined
  }

  function cover({ writer, to, hash }: CheckpointRange): void {
    if (BigInt(to) > coveredOf(writer).to) covered.set(writer, { to: BigInt(to), hash: fromHex(hash) })
  }

  async function newest(work: Database, known: PinnedCheckpoint | null) {
    const row = await work
      .selectFrom('audit_checkpoint')
      .select(['seq', 'payload', 'signatures'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (known !== null) {
      const there = await work
        .selectFrom('audit_checkpoint')
        .select('payload')
        .where('seq', '=', known.seq)
        .executeTakeFirst()
      if (there === undefined || digestOf(there.payload) !== known.hash)
        return rolledBack(`checkpoint ${known.seq}, which this server knows, is not in this log`)
    }
    if (row === undefined) return null
    const payload = payloads.get(row.seq) ?? signedPayload(row, signedBy)
    if (payload === null || payload.seq !== row.seq)
      return rolledBack(`checkpoint ${row.seq} is not signed by the receipt key`)
    payloads.set(row.seq, payload)
    return { ...row, hash: digestOf(row.payload) }
  }

  return {
    coveredOf,
    confirm,
    newest,
    made(payload: Checkpoint): void {
      payloads.set(payload.seq, payload)
      for (const range of payload.ranges) cover(range)
    },
  }
}

/** Entries that have to be there, each with its hash. */
async function missing(
  database: Database,
  heads: readonly Head[],
  of: AuditFault['of'],
): Promise<AuditFault[]> {
  if (heads.length === 0) return []
  const { rows } = await sql<{ writer: string; seq: string; hash: Buffer }>`
    select writer, seq, hash from audit join json_to_recordset(${JSON.stringify(heads)}::json)
      as head (writer text, seq bigint) using (writer, seq)`.execute(database)
  const there = new Map(rows.map(({ writer, seq, hash }) => [`${writer} ${seq}`, toHex(hash)]))
  return heads.flatMap(({ writer, seq, hash }): AuditFault[] => {
    const found = there.get(`${writer} ${seq}`)
    const where = `entry ${seq} of writer ${writer}`
    if (found === hash) return []
    return [
      found === undefined
        ? { code: 'AUDIT-GAP', of, writer, detail: `${where} is gone` }
        : { code: 'AUDIT-CHANGED', of, writer, detail: `${where} is another than was written` },
    ]
  })
}

type RangeRow = { readonly writer: string; readonly checkpoint: string; readonly to_seq: string }

const rolledBack = (detail: string): AuditFault => ({
  ...({ code: 'AUDIT-CHECKPOINT', of: 'checkpoint', writer: null } as const),
  detail,
})
const digestOf = (payload: string) => toHex(sha256(utf8(payload)))

/** Null where this server did not sign it. */
function signedPayload(
  { payload: text, signatures }: Omit<CheckpointRow, 'seq'>,
  { receiptKey, audience }: SignedBy,
): Checkpoint | null {
  try {
    // A server wrote it where the signature, looked at next, says so.
    const payload = parseCanonical(utf8(text), { maxBytes: text.length * 4 }) as unknown as Checkpoint
    const [signature] = JSON.parse(signatures)
    const signed = verifySignature(receiptKey, checkpointContext, encodeCanonical(payload), signature)
    return signed.ok && payload.audience === audience ? payload : null
  } catch {
    // No server writes what cannot be read.
    return null
  }
}

/** Each writer of the log, its last entry, and up to which it is said to be covered: two or three steps in an index for each. */
async function lastOfEach(work: Database) {
  const { rows } = await sql<{ writer: string; last: string; said: string | null }>`
    with recursive one as (
      (select writer from audit order by writer limit 1)
      union all
      select (select audit.writer from audit where audit.writer > one.writer order by audit.writer limit 1)
      from one where one.writer is not null)
    select writer, (select max(seq) from audit where audit.writer = one.writer) as last,
      (select max(to_seq) from audit_checkpoint_range as range where range.writer = one.writer) as said
    from one where writer is not null`.execute(work)
  return rows
}
