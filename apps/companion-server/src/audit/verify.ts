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
import type { Selectable } from 'kysely'
import { nameOfTenant } from '../platform/database/authority/writer.ts'
import type { Database } from '../platform/database/open.ts'
import type { AuditTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  type AuthorityState,
  type Checkpoint,
  checkpointContext,
  firstPrevious,
  nodesOf,
} from './checkpoint.ts'
import type { EntryMacs } from './entry-mac.ts'
import { merkleRoot } from './merkle.ts'
import { cosignedAt, isSigned, linesOf, noteVerifier, parseNote } from './note.ts'
import type { Pins } from './pins.ts'
import { announcedRanges, type Dropped } from './retention.ts'
import { leafHash } from './tree.ts'
import { added, edgeRoot } from './tree-log.ts'
import { type Witness, witnessStates } from './witnesses.ts'
import { auditHash, auditLeaf } from './writer.ts'

export type AuditVerdict = {
  readonly entries: number
  /** Of them, those that say by which credential and second factor: entries from before it was kept do not. */
  readonly named: number
  /** Of them, those whose content is no longer kept, as entries of `retain-audit` say. */
  readonly dropped: number
  readonly writers: number
  readonly checkpoints: number
  /** Entries that no checkpoint covers yet. */
  readonly pending: number
  /** Of them, those whose MAC was not looked at: the token, which has the key, is sealed. */
  readonly unproved: number
  /** How many of the configured witnesses cosigned this log within the last hour. */
  readonly witnesses: number
  /** Of the newest checkpoint: what to compare with a copy that was shipped out. */
  readonly head: { readonly seq: string; readonly hash: string } | null
}

const page = 5000

/**
 * Walks every chain and every checkpoint. Refuses AUDIT-GAP a missing entry or writer, and an entry that was emptied by no retention,
 * AUDIT-CHANGED an entry or a column that is another than the chain says, AUDIT-CHECKPOINT a checkpoint that is not signed, does not
 * follow or covers other entries, AUTHORITY-OTHER where authority is another or older than a checkpoint says, AUDIT-FORGED an entry that no checkpoint covers and no server of this deployment wrote.
 */
export async function verifyAudit(
  database: Database,
  {
    receiptKey,
    audience,
    upTo = null,
    macs = null,
    pins = null,
    witnesses = [],
    wanted = 0,
  }: {
    readonly receiptKey: VerificationKeys
    readonly audience: string
    /** Of entries that no checkpoint covers yet. Null: they are not looked at. */
    readonly macs?: Pick<EntryMacs, 'checker'> | null
    /** What the state folder knows has to be in this log too. */
    readonly pins?: Pick<Pins, 'heads' | 'checkpoint' | 'note'> | null
    readonly witnesses?: readonly Witness[]
    /** So many of them have to have cosigned it. */
    readonly wanted?: number
    /** The last checkpoint that is looked at, and the last entries: those that it covers. Null: everything. */
    readonly upTo?: string | null
  },
  /** A checkpoint that was shipped out: it has to be in this log. */
  known: Checkpoint | null = null,
): Promise<Outcome<AuditVerdict>> {
  // Before the walk: what comes meanwhile is newer.
  const [pinned, pinnedHeads] = [(await pins?.checkpoint()) ?? null, (await pins?.heads()) ?? []]
  const notes = await notesOf(database, (await pins?.note()) ?? null, witnesses)
  if (!notes.ok) return notes
  const roots = new Map<number, Uint8Array>()
  const edge = new Map<number, Uint8Array>()
  const ends = upTo === null ? null : await endsOf(database, upTo)
  const chains = await verifyChains(database, ends)
  if (!chains.ok) return chains
  const { heads, entries, dropped, named } = chains.value
  const states = new Map<string, AuthorityState>()
  const covered = new Map<string, bigint>()
  let previous = firstPrevious
  let checkpoints = 0
  let head: AuditVerdict['head'] = null
  const sought = new Map(pinned === null ? [] : [[pinned.seq, pinned.hash]])
  const shipped = known === null ? null : { seq: known.seq, hash: toHex(sha256(encodeCanonical(known))) }
  let found = shipped === null
  for (let after = '0'; ; ) {
    let next = database.selectFrom('audit_checkpoint').selectAll().where('seq', '>', after)
    if (upTo !== null) next = next.where('seq', '<=', upTo)
    const rows = await next.orderBy('seq').limit(page).execute()
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
      for (const state of payload.authority ?? []) {
        const before = states.get(state.tenant)
        if (before?.counter === state.counter && before.digest !== state.digest)
          return refuse(
            'AUTHORITY-OTHER',
            `${at} has another state ${state.counter} of ${nameOfTenant(state.tenant)}`,
          )
        if (BigInt(state.counter) > BigInt(before?.counter ?? 0)) states.set(state.tenant, state)
      }
      const nodes = await nodesOf(database, payload.ranges)
      if (nodes.length === 0 || toHex(merkleRoot(nodes.map(({ node }) => node))) !== payload.root)
        return refuse('AUDIT-CHECKPOINT', `${at} has another root than the entries that it covers`)
      previous = toHex(sha256(utf8(row.payload)))
      added(edge, checkpoints, leafHash(utf8(row.payload)))
      checkpoints++
      if (notes.value.some(({ size }) => size === checkpoints)) roots.set(checkpoints, edgeRoot(edge))
      head = { seq: row.seq, hash: previous }
      if (shipped?.seq === row.seq) found = shipped.hash === previous
      if (sought.get(row.seq) === previous) sought.delete(row.seq)
      after = row.seq
    }
    if (rows.length < page) break
  }
  if (!found)
    return refuse(
      'AUDIT-CHECKPOINT',
      `checkpoint ${known?.seq} is not in this log: it was rolled back or forked`,
    )
  for (const seq of sought.keys())
    return refuse('AUDIT-CHECKPOINT', `checkpoint ${seq}, which this server knows, is not in this log`)
  for (const { writer, seq } of pinnedHeads)
    if ((heads.get(writer) ?? 0n) < BigInt(seq))
      return refuse('AUDIT-GAP', `entry ${seq} of writer ${writer} is gone`)
  const vouching = notes.value.filter(({ size, root }) =>
    equalBytes(roots.get(size) ?? new Uint8Array(), root),
  )
  const other = upTo === null ? notes.value.find((one) => !vouching.includes(one)) : undefined
  if (other !== undefined)
    return refuse('AUDIT-NOTE', `the note of ${other.size} checkpoints was signed over others than are here`)
  const names = vouching.flatMap(({ witness }) => (witness === null ? [] : [witness]))
  if (names.length < wanted)
    return refuse(
      'AUDIT-WITNESSES',
      `${names.length} of ${wanted} have cosigned it: ${names.join(', ') || 'none'}`,
    )
  // Where the walk ended was read from a table that nobody signed.
  for (const [writer, to] of ends === null ? [] : covered)
    if (heads.get(writer) !== to) return refuse('AUDIT-GAP', `entry ${to} of writer ${writer} is gone`)
  const older = upTo === null ? await olderAuthority(database, states) : null
  if (older !== null) return refuse('AUTHORITY-OTHER', older)
  const rest = await verifyPending(database, { heads, covered }, macs)
  return rest.ok
    ? accept({
        ...{ entries, named, dropped, writers: heads.size, checkpoints, ...rest.value, head },
        witnesses: names.length,
      })
    : rest
}

/** Why the database is older than its checkpoints say; null where it is not. */
async function olderAuthority(
  database: Database,
  states: ReadonlyMap<string, AuthorityState>,
): Promise<string | null> {
  const rows = await database.selectFrom('authority_set').select(['tenant', 'counter']).execute()
  const there = new Map(rows.map(({ tenant, counter }) => [tenant, BigInt(counter)]))
  for (const { tenant, counter } of states.values()) {
    const now = there.get(tenant) ?? 0n
    if (now < BigInt(counter))
      return `the authority of ${nameOfTenant(tenant)} is at state ${now}, and a checkpoint has its state ${counter}`
  }
  return null
}

type CheckedNote = { readonly size: number; readonly root: Uint8Array; readonly witness: string | null }

/** Of the note that the state folder knows, and of those that witnesses cosigned within the last hour. Refuses AUDIT-NOTE. */
async function notesOf(
  database: Database,
  pinned: Awaited<ReturnType<Pins['note']>>,
  witnesses: readonly Witness[],
): Promise<Outcome<readonly CheckedNote[]>> {
  if (pinned === null) return accept([])
  const by = noteVerifier(pinned.vkey)
  const read = (text: string) => {
    const note = parseNote(text)
    return note !== null && by !== null && isSigned(note, by) ? note : null
  }
  const own = read(pinned.note)
  if (own === null) return refuse('AUDIT-NOTE', 'the note that the state folder knows is not signed')
  const notes: CheckedNote[] = [{ size: own.head.size, root: own.head.root, witness: null }]
  for (const { name, size, line } of await witnessStates(database, witnesses)) {
    const row = await database
      .selectFrom('audit_note')
      .select('note')
      .where('size', '=', String(size))
      .executeTakeFirst()
    const note = row === undefined ? null : read(row.note)
    const key = witnesses.find((one) => one.key.name === name)?.key
    if (note === null || key === undefined) continue
    const time = cosignedAt(note.text, linesOf(line ?? '') ?? [], key)
    if (time !== null && Math.abs(Date.now() / 1000 - time) < 3600)
      notes.push({ size: note.head.size, root: note.head.root, witness: name })
  }
  return accept(notes)
}

/** Entries that no checkpoint covers: a server of this deployment wrote each, as its MAC says. Refuses AUDIT-FORGED. */
async function verifyPending(
  database: Database,
  chains: Readonly<Record<'heads' | 'covered', ReadonlyMap<string, bigint>>>,
  macs: Pick<EntryMacs, 'checker'> | null,
): Promise<Outcome<Pick<AuditVerdict, 'pending' | 'unproved'>>> {
  const waiting = [...chains.heads].filter(([writer, head]) => head > (chains.covered.get(writer) ?? 0n))
  const check = waiting.length === 0 ? null : ((await macs?.checker()) ?? null)
  let [pending, unproved] = [0, 0]
  for (const [writer, head] of waiting)
    for (let at = chains.covered.get(writer) ?? 0n; at < head; ) {
      const rows = await database
        .selectFrom('audit')
        .select(['seq', 'hash', 'mac'])
        .where('writer', '=', writer)
        .where('seq', '>', String(at))
        .where('seq', '<=', String(head))
        .orderBy('seq')
        .limit(page)
        .execute()
      for (const { seq, hash, mac } of rows) {
        at = BigInt(seq)
        pending++
        if (check === null) unproved++
        if (macs !== null && (mac === null || check?.(mac, writer, at, hash) === false))
          return refuse(
            'AUDIT-FORGED',
            `entry ${seq} of writer ${writer} was written by no server of this deployment`,
          )
      }
      if (rows.length === 0) break
    }
  return accept({ pending, unproved })
}

/** The last entry of each writer that a checkpoint, or one before it, covers. */
async function endsOf(database: Database, checkpoint: string): Promise<ReadonlyMap<string, bigint>> {
  const rows = await database
    .selectFrom('audit_checkpoint_range')
    .select('writer')
    .select(({ fn }) => fn.max('to_seq').as('last'))
    .where('checkpoint', '<=', checkpoint)
    .groupBy('writer')
    .orderBy('writer')
    .execute()
  return new Map(rows.map(({ writer, last }) => [writer, BigInt(last)]))
}

async function verifyChains(
  database: Database,
  ends: ReadonlyMap<string, bigint> | null,
): Promise<Outcome<Pick<AuditVerdict, 'entries' | 'named' | 'dropped'> & { heads: Map<string, bigint> }>> {
  const heads = new Map<string, bigint>()
  let [entries, named] = [0, 0]
  const emptied: Dropped[] = []
  const announced: Dropped[] = []
  const writers =
    ends === null
      ? (await database.selectFrom('audit').select('writer').distinct().orderBy('writer').execute()).map(
          ({ writer }) => writer,
        )
      : [...ends.keys()]
  for (const writer of writers) {
    const end = ends?.get(writer)
    let previous: Uint8Array = new Uint8Array(32)
    let last = 0n
    for (;;) {
      let next = database
        .selectFrom('audit')
        .selectAll()
        .where('writer', '=', writer)
        .where('seq', '>', String(last))
      if (end !== undefined) next = next.where('seq', '<=', String(end))
      const rows = await next.orderBy('seq').limit(page).execute()
      for (const row of rows) {
        if (BigInt(row.seq) !== last + 1n)
          return refuse('AUDIT-GAP', `entry ${last + 1n} of writer ${writer} is gone`)
        const leaf = leafOf(row)
        const hash = leaf === null ? null : auditHash(previous, leaf)
        const same = hash !== null && equalBytes(row.hash, hash) && equalBytes(row.prev, previous)
        if (!same || !columnsAgree(row))
          return refuse('AUDIT-CHANGED', `entry ${row.seq} of writer ${writer} is another than was written`)
        previous = row.hash
        last += 1n
        entries++
        if (row.entry !== null) {
          const entry = JSON.parse(row.entry)
          if (typeof entry.credential === 'string' && typeof entry.factor === 'string') named++
          announced.push(...announcedRanges(entry))
        } else {
          const run = emptied.at(-1)
          if (run?.writer === writer && BigInt(run.to) === last - 1n) run.to = row.seq
          else emptied.push({ writer, from: row.seq, to: row.seq })
        }
      }
      if (rows.length < page) break
    }
    heads.set(writer, last)
  }
  const unsaid = emptied.find((run) => leftOf(run, announced) !== null)
  if (unsaid !== undefined && ends === null)
    return refuse(
      'AUDIT-GAP',
      `entry ${leftOf(unsaid, announced)} of writer ${unsaid.writer} was emptied, and by no retention`,
    )
  if (unsaid !== undefined) {
    // A later retention may say it: that is looked for in the whole log.
    const whole = await verifyChains(database, null)
    if (!whole.ok) return whole
  }
  const dropped = emptied.reduce((sum, run) => sum + BigInt(run.to) - BigInt(run.from) + 1n, 0n)
  return accept({ heads, entries, named, dropped: Number(dropped) })
}

/** The first entry of a run that no retention says it dropped, or null. */
function leftOf({ writer, from, to }: Dropped, announced: readonly Dropped[]): bigint | null {
  let next = BigInt(from)
  const own = announced
    .filter((range) => range.writer === writer)
    .toSorted((one, other) => Number(BigInt(one.from) - BigInt(other.from)))
  for (const range of own)
    if (BigInt(range.from) <= next && BigInt(range.to) >= next) next = BigInt(range.to) + 1n
  return next > BigInt(to) ? null : next
}

/** Null of what no writer could have hashed. */
function leafOf({ entry, leaf, salt }: Selectable<AuditTable>): Uint8Array | null {
  if (entry === null) return leaf
  try {
    return auditLeaf(salt, JSON.parse(entry))
  } catch {
    return null
  }
}

/** What is asked by says what the entry says. Nothing of it is left beside an entry that is no longer kept. */
function columnsAgree(row: Selectable<AuditTable>): boolean {
  const { operation, outcome, identity_id, key_id } = row
  if (row.entry === null) return [operation, outcome, identity_id, key_id].every((column) => column === null)
  const entry = JSON.parse(row.entry)
  // Version 0.1 kept fewer columns apart; its entries name no door.
  const early = entry.door === undefined
  const columns = [
    [entry.operation, operation],
    [entry.outcome, outcome],
    [entry.organisation, row.organisation_id],
    [entry.key, key_id],
  ]
  return (
    columns.every(([said, column]) => column === (early ? null : said)) &&
    entry.identity === identity_id &&
    entry.project === row.project_id &&
    entry.reqId === row.req_id &&
    Date.parse(entry.time) === row.time.getTime()
  )
}
